import type { ErrorCode } from './codes.ts'

/** Another call now, or in a moment, ends in the same way: money is spent, or the gateway has waited already as long as it may. */
const FINAL: ReadonlySet<ErrorCode> = new Set([
  'budget_exceeded',
  'price_required',
  'unmetered_refused',
  'admission_timeout',
  'idempotency_in_flight',
])

/** Limits of the operator's, which end at a time that is known. */
const LIMITS: ReadonlySet<ErrorCode> = new Set(['limit_exceeded', 'target_over_limit', 'all_targets_rate_limited'])

/** The SDKs of OpenAI and Anthropic do not wait longer than this, whatever `Retry-After` says: they try again at once instead. */
const LONGEST_SDK_WAIT_MS = 60_000

/** Whether clients should not send a refused call again by themselves. A limit that ends within a minute is worth waiting for, and they do. */
export function isFinalRefusal(code: ErrorCode, retryAfterMs: number | undefined): boolean {
  return FINAL.has(code) || (LIMITS.has(code) && (retryAfterMs === undefined || retryAfterMs > LONGEST_SDK_WAIT_MS))
}
