import type { EndedRequest, EndedRequestListener } from './ended-request.ts'
import type { LineLevel, LogFacts } from './log-line.ts'
import { requestLogFacts } from './request-log-facts.ts'

export interface RequestFactsOptions {
  /** Whether lines of this level are written: without, nothing is kept. */
  readonly isEnabled: (level: LineLevel) => boolean
  /** What an answer cost, in nano-dollars; undefined when that is not known. */
  readonly costOf?: ((request: EndedRequest) => number | undefined) | undefined
}

/** A request is logged right after it has ended; one that never is, such as of a program that embeds the gateway, must not stay. */
const MOST_KEPT = 1_024

/** What the engine knows of requests that have ended, until their line is written. */
export class RequestFacts {
  private readonly options: RequestFactsOptions
  private readonly ended = new Map<string, EndedRequest>()

  constructor(options: RequestFactsOptions) {
    this.options = options
  }

  readonly note: EndedRequestListener = (request) => {
    if (!this.options.isEnabled('info')) return
    if (this.ended.size >= MOST_KEPT) {
      const [oldest = ''] = this.ended.keys()
      this.ended.delete(oldest)
    }
    this.ended.set(request.requestId, request)
  }

  /** Facts for the line of a request; none when it was no model call. */
  take(requestId: string): LogFacts {
    const request = this.ended.get(requestId)
    if (request === undefined) return {}
    this.ended.delete(requestId)
    return requestLogFacts(request, this.options.costOf?.(request))
  }
}
