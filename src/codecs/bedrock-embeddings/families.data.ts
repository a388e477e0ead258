import type { EmbeddingPurpose } from '../../ir/embedding.ts'

/** How one family of embedding models on Bedrock is asked. */
export interface EmbeddingFamily {
  /** Found in ids of models, of inference profiles and in ARNs. */
  readonly names: RegExp
  readonly dialect: 'titan' | 'cohere'
  /** Size of its vectors: the name of the field that asks for one, or the only one there is. */
  readonly dimensions: string | number
  /** Most inputs of one request. */
  readonly inputs: number
}

/** Sources: Bedrock's model parameters of Titan Text Embeddings, Cohere Embed v3 and Cohere Embed v4. */
const FAMILIES: readonly EmbeddingFamily[] = [
  { names: /amazon\.titan-embed-text-v2/, dialect: 'titan', dimensions: 'dimensions', inputs: 1 },
  { names: /amazon\.titan-embed-(?:text-v1|g1-text)/, dialect: 'titan', dimensions: 1536, inputs: 1 },
  { names: /cohere\.embed-v4/, dialect: 'cohere', dimensions: 'output_dimension', inputs: 96 },
  { names: /cohere\.embed-(?:english|multilingual)-v3/, dialect: 'cohere', dimensions: 1024, inputs: 96 },
]

export const embeddingFamilyOf = (model: string): EmbeddingFamily | undefined => FAMILIES.find(({ names }) => names.test(model))

/** Cohere's words for what embeddings are for. It wants one with every call: without, inputs are documents. */
export const INPUT_TYPES: Readonly<Partial<Record<EmbeddingPurpose, string>>> = {
  query: 'search_query',
  document: 'search_document',
  classification: 'classification',
  clustering: 'clustering',
}
