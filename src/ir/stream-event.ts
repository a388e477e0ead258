import type { Citation, ContentPart } from './content.ts'
import type { ContextOverflow } from './context-overflow.ts'
import type { FinishReason } from './finish.ts'
import type { Usage } from './usage.ts'
import type { WireFormat } from './wire-format.ts'

/**
 * One event of an answer in canonical form. `block` numbers the parts of the answer in the order they start, unique within a
 * stream; `choice` is the index of the alternative (`n` > 1), 0 for nearly everyone.
 * Every `*-start` is followed by any number of deltas and one `*-end` of the same block. Blocks may interleave.
 */
export type StreamEvent =
  | {
      readonly type: 'response-start'
      readonly id?: string | undefined
      readonly model?: string | undefined
      readonly createdAt?: number | undefined
      readonly usage?: Usage | undefined
    }
  | {
      readonly type: 'text-start'
      readonly block: number
      readonly choice: number
      readonly id?: string | undefined
      readonly phase?: string | undefined
    }
  | { readonly type: 'text-delta'; readonly block: number; readonly text: string; readonly logprobs?: unknown }
  | { readonly type: 'citation'; readonly block: number; readonly citation: Citation }
  | { readonly type: 'text-end'; readonly block: number }
  | { readonly type: 'refusal-start'; readonly block: number; readonly choice: number }
  | { readonly type: 'refusal-delta'; readonly block: number; readonly text: string }
  | { readonly type: 'refusal-end'; readonly block: number }
  | { readonly type: 'reasoning-start'; readonly block: number; readonly choice: number; readonly id?: string | undefined }
  /** `form` tells raw reasoning from a summary; `part` is the index of the summary part. */
  | {
      readonly type: 'reasoning-delta'
      readonly block: number
      readonly text: string
      readonly form: 'text' | 'summary'
      readonly part?: number | undefined
    }
  /** Opaque state of the block. Parts of a signature that arrive in pieces are joined by the decoder. */
  | {
      readonly type: 'reasoning-state'
      readonly block: number
      readonly origin: WireFormat
      readonly signature?: string | undefined
      readonly redacted?: string | undefined
      readonly encrypted?: string | undefined
      readonly details?: unknown[] | undefined
      readonly callId?: string | undefined
    }
  | { readonly type: 'reasoning-end'; readonly block: number }
  | {
      readonly type: 'tool-call-start'
      readonly block: number
      readonly choice: number
      readonly id: string
      readonly name: string
      readonly kind: 'json' | 'text'
      readonly namespace?: string | undefined
      readonly itemId?: string | undefined
      readonly caller?: unknown
      readonly signature?: string | undefined
    }
  | { readonly type: 'tool-call-delta'; readonly block: number; readonly text: string }
  | { readonly type: 'tool-call-end'; readonly block: number }
  /** A part that arrives whole: image, audio, hosted tool call or result, compaction, opaque item. */
  | { readonly type: 'part'; readonly block: number; readonly choice: number; readonly part: ContentPart }
  | { readonly type: 'usage'; readonly usage: Usage }
  | { readonly type: 'finish'; readonly choice: number; readonly reason: FinishReason }
  /** Top-level fields of the answer that are not modelled (`system_fingerprint`, `service_tier`, `container` …). */
  | { readonly type: 'metadata'; readonly format: WireFormat; readonly fields: Record<string, unknown> }
  | { readonly type: 'ping' }
  /** A frame that only its own format understands. */
  | { readonly type: 'opaque'; readonly format: WireFormat; readonly event?: string | undefined; readonly data: unknown }
  /** The provider failed in-band, or the frame was unreadable. Nothing follows it. */
  | { readonly type: 'error'; readonly error: StreamFailure }
  /** The format's own end of stream was seen: without it, a stream that stops is truncated. */
  | { readonly type: 'end' }

/** An in-band failure as the provider told it. */
export interface StreamFailure {
  readonly message: string
  readonly status?: number | undefined
  readonly type?: string | undefined
  readonly code?: string | undefined
  /** The prompt did not fit: encoders tell it as their own format's clients expect, whoever refused it. */
  readonly overflow?: ContextOverflow | undefined
  /** The gateway's own last word: encoders tell it so that clients stop trying and show the message. */
  readonly isFinal?: boolean | undefined
}

export type Emit = (event: StreamEvent) => void

/** True for events after which fallback is no longer legal: the client has seen part of an answer. */
export function isSemantic(event: StreamEvent): boolean {
  switch (event.type) {
    case 'text-delta':
    case 'reasoning-delta':
    case 'refusal-delta':
      return event.text.length > 0
    case 'tool-call-start':
    case 'tool-call-delta':
    case 'reasoning-state':
    case 'citation':
    case 'part':
    case 'finish':
      return true
    default:
      return false
  }
}
