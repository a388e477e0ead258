import {
  LIMIT_HEADER_FAMILIES,
  type LimitedResource,
  type LimitHeaderFamily,
  type LimitHeaders,
} from './rate-limit-headers.data.ts'
import { boundedWait, plainNumber, untilResetMs } from './wait-time.ts'

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
 * The limits told by the headers of any answer, good or bad; undefined when there are none, which a few look-ups settle. `wall` is
 * now in Unix milliseconds. Values that make no sense are left out: negative counts (Azure writes -1 for unknown), limits of zero,
 * what is no number. Resets are cut to a day.
 */
export function rateLimitsOf(headers: Headers, wall: number): RateLimits | undefined {
  const family = LIMIT_HEADER_FAMILIES.find(({ markers }) => markers.some((marker) => headers.has(marker)))
  return family === undefined ? undefined : readFamily(family, headers, wall)
}

function readFamily({ limits, refill }: LimitHeaderFamily, headers: Headers, wall: number): RateLimits | undefined {
  const found: Partial<Record<LimitedResource, LimitState>> = {}
  for (const names of limits) {
    const state = readLimit(names, headers, wall)
    if (state === undefined) continue
    const earlier = found[names.resource]
    if (earlier === undefined || waitFor(state, 1, refill) > waitFor(earlier, 1, refill)) found[names.resource] = state
  }
  return Object.keys(found).length === 0 ? undefined : { ...found, refill }
}

function readLimit({ limit, remaining, reset, windowMs }: LimitHeaders, headers: Headers, wall: number): LimitState | undefined {
  const whole = headers.get(limit)
  const total = plainNumber(whole)
  // A limit that is no positive number is a way of saying that there is none to tell.
  if (whole !== null && (total === undefined || total === 0)) return undefined
  const left = plainNumber(headers.get(remaining))
  if (total === undefined && left === undefined) return undefined
  const told = reset === undefined ? undefined : untilResetMs(headers.get(reset), wall)
  const resetMs = told ?? windowMs
  return { limit: total, remaining: left, resetMs: resetMs === undefined ? undefined : boundedWait(resetMs) }
}

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

function waitFor(state: LimitState | undefined, need: number, refill: RateLimits['refill']): number {
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
