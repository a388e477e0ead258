/** What a client asks of routing, besides the request itself. */
export interface RequestHints {
  /** Further models, in order, for when the requested one cannot serve. */
  readonly models?: readonly string[] | undefined
  /** Highest price of a million input and a million output tokens together, in nano-dollars. */
  readonly maxPricePerMillion?: number | undefined
  /** `interactive` waits for the answer, `batch` does not. */
  readonly latency?: 'interactive' | 'batch' | undefined
  /** Only the first choice may serve. */
  readonly noFallback?: boolean | undefined
  /** Milliseconds from arrival after which an answer is of no use. */
  readonly deadlineMs?: number | undefined
  /** Strategy the client would like. */
  readonly strategy?: string | undefined
}
