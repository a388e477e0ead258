/**
 * Why a model stopped, in one vocabulary. `pause` is a turn the provider wants continued, `context` a full context window,
 * `error` a failure told as a finish reason.
 */
export type UnifiedFinish =
  | 'stop'
  | 'length'
  | 'tool-calls'
  | 'content-filter'
  | 'refusal'
  | 'pause'
  | 'context'
  | 'error'
  | 'unknown'

export interface FinishReason {
  readonly unified: UnifiedFinish
  /** The provider's own word. */
  readonly raw?: string | undefined
  /** The stop sequence that matched. */
  readonly stopSequence?: string | undefined
  /** Further detail in the provider's shape (safety ratings, stop details). */
  readonly details?: unknown
}
