/** How Vertex AI is asked for the embeddings of a model. */
export interface VertexEmbeddingModel {
  readonly names: RegExp
  readonly verb: 'predict' | 'embedContent'
  /** Most inputs of one request, and most UTF-8 bytes of them together. */
  readonly inputs: number
  readonly bytes?: number
}

/** Of 20,000 tokens a request, where no token is taken to be shorter than two bytes. */
const BYTES = 40_000

/**
 * The first that fits. Sources: Vertex AI's text embeddings API (`:predict`; 250 texts of 20,000 tokens together, one for gemini-embedding-001), and Google's Gen AI
 * SDK, which calls every other Gemini model by `:embedContent`, one content at a time.
 */
const MODELS: readonly VertexEmbeddingModel[] = [
  { names: /(?:^|\/)gemini-embedding-001$/, verb: 'predict', inputs: 1 },
  { names: /(?:^|\/)gemini/, verb: 'embedContent', inputs: 1 },
  { names: /(?:^|\/)text-?(?:multilingual-)?embedding/, verb: 'predict', inputs: 250, bytes: BYTES },
]

export const vertexEmbeddingModel = (model: string): VertexEmbeddingModel | undefined =>
  MODELS.find(({ names }) => names.test(model))
