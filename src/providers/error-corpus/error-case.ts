import type { ErrorCode } from '../../errors/codes.ts'
import type { ContextOverflow } from '../../ir/context-overflow.ts'
import type { WireFormat } from '../../ir/wire-format.ts'

/** One refusal of a provider. */
export interface ErrorCase {
  /** What happened, for the name of the test. */
  readonly what: string
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  /** Left out where the provider sends none. */
  readonly body?: unknown
  /** The same failure as a frame of a stream that began well. */
  readonly frame?: { readonly event?: string; readonly data: unknown }
  /** Format of this answer, where the provider speaks more than one. */
  readonly format?: WireFormat
  readonly code: ErrorCode
  /** What must be read as the time to wait. */
  readonly retryAfterMs?: number
  /** What must be read of the sizes of a prompt that does not fit. */
  readonly overflow?: ContextOverflow
  /** Documentation, or a thread in which the answer was seen. */
  readonly source: string
}

/** The refusals of one provider. */
export interface ProviderErrors {
  readonly provider: string
  readonly format: WireFormat
  readonly cases: readonly ErrorCase[]
}

/** OpenAI's error object, which most providers copy. */
export const errorBody = (message: string, type: string | null, code: unknown = null, param: string | null = null): unknown => ({
  error: { message, type, param, code },
})
