import { ERROR_TABLE, type ErrorCode, type ErrorRow } from './codes.ts'

/** What an upstream said of its failure; kept for the client, never written to records. */
export interface UpstreamErrorFacts {
  readonly status?: number | undefined
  readonly type?: string | undefined
  readonly code?: string | undefined
  readonly param?: string | undefined
  readonly message?: string | undefined
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

  constructor(code: ErrorCode, message: string, options: GatewayErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.provider = options.provider
    this.target = options.target
    this.upstream = options.upstream
    this.retryAfterMs = options.retryAfterMs
    this.param = options.param
    this.details = options.details
  }

  get row(): ErrorRow {
    return ERROR_TABLE[this.code]
  }

  /** Status for the client: the upstream's own where there is one that is an error, else the table's. */
  get httpStatus(): number {
    const upstreamStatus = this.upstream?.status
    return upstreamStatus !== undefined && upstreamStatus >= 400 && upstreamStatus < 600 ? upstreamStatus : this.row.httpStatus
  }
}
