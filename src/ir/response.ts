import type { ContentPart } from './content.ts'
import type { Extra } from './extra.ts'
import type { FinishReason } from './finish.ts'
import type { Usage } from './usage.ts'

export interface ResponseChoice {
  readonly index: number
  content: ContentPart[]
  finish: FinishReason
}

/** A whole answer in canonical form. */
export interface LlmResponse {
  id?: string | undefined
  model?: string | undefined
  /** Unix seconds. */
  createdAt?: number | undefined
  choices: ResponseChoice[]
  usage?: Usage | undefined
  extra?: Extra | undefined
}
