/** The four things that accounts are limited in. */
export type LimitedResource = 'requests' | 'tokens' | 'inputTokens' | 'outputTokens'

/** One limit as an answer told it. What was not told is undefined. */
export interface LimitState {
  readonly limit: number | undefined
  readonly remaining: number | undefined
  /** Milliseconds until the limit is full again; at most a day. */
  readonly resetMs: number | undefined
}

/** What an answer tells of its account's limits, at the moment it arrived. */
export type RateLimits = Readonly<Partial<Record<LimitedResource, LimitState>>> & {
  /** Whether what was used comes back evenly until the reset, or all at once then. */
  readonly refill: 'continuous' | 'window'
}

/** Wait before another look, in ms, where a limit is used up and no header says when it is full again. */
const UNKNOWN_RESET_MS = 1_000

/**
 * Milliseconds from the moment the limits were told until the account can take one more request of `needTokens` tokens: 0 when it
 * can now, Infinity when the request is larger than a limit as a whole. Whoever kept the limits takes off the time since then.
 * Tokens count against the limit of input tokens where there is one, else against the common one; of output tokens, whose number
 * nobody knows before, one must be left.
 */
export function limitWait(limits: RateLimits, needTokens: number): number {
  const { requests, tokens, inputTokens, outputTokens, refill } = limits
  return Math.max(
    waitFor(requests, 1, refill),
    waitFor(inputTokens ?? tokens, needTokens, refill),
    waitFor(outputTokens, 1, refill),
  )
}

/** As `limitWait`, for one limit. */
export function waitFor(state: LimitState | undefined, need: number, refill: RateLimits['refill']): number {
  if (state === undefined) return 0
  const { limit, remaining, resetMs } = state
  if (limit !== undefined && need > limit) return Number.POSITIVE_INFINITY
  if (remaining === undefined || remaining >= need) return 0
  if (resetMs === undefined) return UNKNOWN_RESET_MS
  if (refill === 'window' || limit === undefined) return resetMs
  return Math.ceil((resetMs * (need - remaining)) / (limit - remaining))
}

/** The longest time until one of the limits that have nothing left is full again; undefined when none is used up, or none tells. */
export function exhaustedResetMs(limits: RateLimits | undefined): number | undefined {
  if (limits === undefined) return undefined
  const { requests, tokens, inputTokens, outputTokens } = limits
  let longest: number | undefined
  for (const state of [requests, tokens, inputTokens, outputTokens]) {
    if (state?.remaining !== 0 || state.resetMs === undefined) continue
    if (longest === undefined || state.resetMs > longest) longest = state.resetMs
  }
  return longest
}
