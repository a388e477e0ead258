import type { ErrorCode } from './codes.ts'
import { GatewayError } from './gateway-error.ts'

/** Why one target of a plan cannot be used now. */
export interface UnavailableTarget {
  readonly target: string
  /** The failure that locked it, or `circuit_open`, `target_busy`, `target_disabled`. */
  readonly code: ErrorCode
  /** Milliseconds until it may be tried again; undefined when nobody knows. */
  readonly retryAfterMs?: number | undefined
}

/** Limits of accounts: over by themselves, and nobody's fault. */
const LIMITS: ReadonlySet<ErrorCode> = new Set([
  'upstream_rate_limited',
  'upstream_quota_exceeded',
  'upstream_request_over_limit',
  'target_over_limit',
])

/**
 * What the client is told when no target may be tried: 429 when limits alone stand in the way, else 503, with the time until the
 * first target may be used again and each target's reason, in words and in `details.targets`.
 */
export function unavailableTargets(route: string, targets: readonly UnavailableTarget[]): GatewayError {
  const waits = targets.flatMap(({ retryAfterMs }) => (retryAfterMs === undefined ? [] : [retryAfterMs]))
  const isLimited = targets.length > 0 && targets.every(({ code }) => LIMITS.has(code))
  const reasons = targets.map(({ target, code, retryAfterMs }) => `${target}: ${code}${inSeconds(retryAfterMs)}`).join('; ')
  const advice = waits.length === 0 ? '' : ' Send the request again when the time in Retry-After has passed.'
  return new GatewayError(
    isLimited ? 'all_targets_rate_limited' : 'all_targets_unavailable',
    `No target of route "${route}" can be used now. ${reasons}.${advice}`,
    {
      ...(waits.length === 0 ? {} : { retryAfterMs: Math.max(0, Math.min(...waits)) }),
      details: {
        targets: targets.map(({ target, code, retryAfterMs }) => ({
          target,
          code,
          retry_after_ms: retryAfterMs === undefined ? null : Math.ceil(retryAfterMs),
        })),
      },
    },
  )
}

const inSeconds = (waitMs: number | undefined): string =>
  waitMs === undefined ? '' : ` (again in ${Math.max(0, Math.ceil(waitMs / 1000))} s)`
