import type { ContextOverflow } from '../ir/context-overflow.ts'
import type { StreamFailure } from '../ir/stream-event.ts'
import type { WireFormat } from '../ir/wire-format.ts'
import { isFinalRefusal } from './final-refusals.ts'
import { ERROR_TABLE, type ErrorCode, type ErrorRow } from './codes.ts'

/** Headers of an upstream's refusal that clients may see: limits, the id it knows the call by. */
export interface UpstreamErrorHeaders {
  readonly format: WireFormat
  /** For clients of every format. */
  readonly shown: readonly HeaderPair[]
  /** For clients of the upstream's own format: the ones above and more. */
  readonly shownToSameFormat: readonly HeaderPair[]
}

type HeaderPair = readonly [name: string, value: string]

/** What an upstream said of its failure; kept for the client, never written to records. */
export interface UpstreamErrorFacts {
  readonly status?: number | undefined
  readonly type?: string | undefined
  readonly code?: string | undefined
  readonly param?: string | undefined
  readonly message?: string | undefined
  /** Milliseconds to wait, where the body has a field for it. */
  readonly retryAfterMs?: number | undefined
  readonly headers?: UpstreamErrorHeaders | undefined
}

export interface GatewayErrorOptions {
  readonly cause?: unknown
  readonly provider?: string
  readonly target?: string
  readonly upstream?: UpstreamErrorFacts
  /** Milliseconds until a retry makes sense. */
  readonly retryAfterMs?: number
  /** Field of the client's body that is at fault. */
  readonly param?: string
  /** Of a prompt that does not fit: what is known of the sizes. */
  readonly overflow?: ContextOverflow
  readonly details?: Record<string, unknown>
}

/** The one error class. What to do about it stands in the table row of its code. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError'
  readonly code: ErrorCode
  readonly provider: string | undefined
  readonly target: string | undefined
  readonly upstream: UpstreamErrorFacts | undefined
  readonly retryAfterMs: number | undefined
  readonly param: string | undefined
  readonly details: Record<string, unknown> | undefined
  private readonly given: GatewayErrorOptions
  private headers: readonly HeaderPair[] = []

  constructor(code: ErrorCode, message: string, options: GatewayErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.provider = options.provider
    this.target = options.target
    this.upstream = options.upstream
    this.retryAfterMs = options.retryAfterMs
    this.param = options.param
    this.details = options.details
    this.given = options
  }

  get row(): ErrorRow {
    return ERROR_TABLE[this.code]
  }

  /** The sizes of a prompt that does not fit, as far as they are known; undefined for every other failure. */
  get overflow(): ContextOverflow | undefined {
    return this.row.category === 'context-too-long' ? consistent(this.given.overflow ?? {}) : undefined
  }

  /**
   * Status for the client: the upstream's own where there is one that is an error, else the table's. A prompt that does not fit is
   * always a 400: agents look for nothing else, and servers tell it with 413, 422 and 500, too.
   */
  get httpStatus(): number {
    const upstreamStatus = this.upstream?.status
    const isKept = upstreamStatus !== undefined && upstreamStatus >= 400 && upstreamStatus < 600 && this.overflow === undefined
    return isKept ? upstreamStatus : this.row.httpStatus
  }

  /** The same failure, with another time after which a retry makes sense. */
  retryableAfter(retryAfterMs: number): GatewayError {
    return new GatewayError(this.code, this.message, { ...this.given, retryAfterMs }).withHeaders(this.headers)
  }

  /** Sending the call again is of no use now: clients that try again by themselves should stop and show the message. */
  get isFinal(): boolean {
    return isFinalRefusal(this.code, this.retryAfterMs)
  }

  /** The same error, with headers of the gateway's own for its client. */
  withHeaders(headers: readonly HeaderPair[]): this {
    this.headers = headers
    return this
  }

  /** Headers of the gateway's or the upstream's refusal for a client of this format. */
  headersFor(clientFormat: WireFormat): readonly HeaderPair[] {
    const headers = this.upstream?.headers
    if (headers === undefined) return this.headers
    return headers.format === clientFormat ? headers.shownToSameFormat : headers.shown
  }

  /** As much of it as fits into a stream that has begun. */
  get asStreamFailure(): StreamFailure {
    const { row, upstream, overflow } = this
    return {
      message: row.exposeMessage ? (upstream?.message ?? this.message) : 'The gateway failed internally.',
      status: this.httpStatus,
      type: upstream?.type,
      code: upstream?.code,
      ...(overflow === undefined ? {} : { overflow }),
      ...(this.isFinal ? { isFinal: true } : {}),
    }
  }
}

/** Sizes that add up to an overflow. A prompt that would fit is left out: one of the numbers is wrong, and the window matters more. */
function consistent(sizes: ContextOverflow): ContextOverflow {
  const { promptTokens, outputTokens, windowTokens } = sizes
  if (promptTokens === undefined || windowTokens === undefined) return sizes
  return promptTokens + (outputTokens ?? 0) > windowTokens ? sizes : { windowTokens }
}
