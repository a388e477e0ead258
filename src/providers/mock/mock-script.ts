import type { LlmRequest } from '../../ir/request.ts'
import type { StreamEvent } from '../../ir/stream-event.ts'
import type { WireFormat } from '../../ir/wire-format.ts'

/** One piece of a scripted answer; the events of a piece leave in one chunk. */
export type MockStep =
  | { readonly kind: 'events'; readonly events: readonly StreamEvent[] }
  | { readonly kind: 'pause'; readonly ms: number }
  /** The answer breaks off here. */
  | { readonly kind: 'cut' }

/** What a scripted model does with a call. */
export type MockOutcome =
  | { readonly kind: 'answer'; readonly steps: readonly MockStep[] }
  | { readonly kind: 'failure'; readonly status: number }

/** A scripted model. May keep state between calls. */
export type MockScript = (request: LlmRequest, format: WireFormat) => MockOutcome
