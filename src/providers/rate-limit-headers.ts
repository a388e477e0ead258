import { waitFor, type LimitedResource, type LimitState, type RateLimits } from '../ir/rate-limits.ts'
import { LIMIT_HEADER_FAMILIES, type LimitHeaderFamily, type LimitHeaders } from './rate-limit-headers.data.ts'
import { boundedWait, plainNumber, untilResetMs } from './wait-time.ts'

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
