/** How Vertex AI is asked for the embeddings of a model. */
export interface VertexEmbeddingModel {
  readonly names: RegExp
  readonly verb: 'predict' | 'embedContent'
  /** Most inputs of one request. */
  readonly inputs: number
}

/**
 * The first that fits. Sources: Vertex AI's text embeddings API (`:predict`; 250 texts, one for gemini-embedding-001), and Google's Gen AI
 * SDK, which calls every other Gemini model by `:embedContent`, one content at a time.
 */
const MODELS: readonly VertexEmbeddingModel[] = [
  { names: /(?:^|\/)gemini-embedding-001$/, verb: 'predict', inputs: 1 },
  { names: /(?:^|\/)gemini/, verb: 'embedContent', inputs: 1 },
  { names: /(?:^|\/)text-?(?:multilingual-)?embedding/, verb: 'predict', inputs: 250 },
]

export const vertexEmbeddingModel = (model: string): VertexEmbeddingModel | undefined =>
  MODELS.find(({ names }) => names.test(model))
