import type { Usage } from './usage.ts'

/** A text, or a list of token numbers in the model's own vocabulary; undefined for anything else, such as an image. */
export type EmbeddingInput = string | readonly number[] | undefined

/** What vectors are for: models that search make other ones for a question than for what is searched. */
export type EmbeddingPurpose =
  | 'query'
  | 'document'
  | 'similarity'
  | 'classification'
  | 'clustering'
  | 'question_answering'
  | 'fact_verification'
  | 'code_query'

/** A call for embeddings in canonical form. */
export interface EmbeddingRequest {
  readonly model: string
  readonly inputs: readonly EmbeddingInput[]
  /** The client asks with a list and gets one. */
  readonly isBatch: boolean
  /** Size of the vectors; undefined leaves it to the model. */
  readonly dimensions?: number | undefined
  /** Where the client says it, and the JSON pointer of the place. */
  readonly purpose?: { readonly kind: EmbeddingPurpose; readonly path: string } | undefined
  /** How the client wants numbers: as JSON, or as base64 of 32-bit floats, least significant byte first. */
  readonly encoding: 'float' | 'base64'
  /** Settings differ from input to input, which only the client's own format can say. */
  readonly isMixed: boolean
}

export interface EmbeddingResponse {
  /** In the order of the inputs; a text is base64 as above. */
  readonly vectors: readonly (readonly number[] | string)[]
  readonly usage: Usage | undefined
  /** Name of the model as the upstream told it. */
  readonly model: string | undefined
}
