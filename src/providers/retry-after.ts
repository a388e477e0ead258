import { exhaustedResetMs } from '../ir/rate-limits.ts'
import { rateLimitsOf } from './rate-limit-headers.ts'
import { boundedWait, durationMs, plainNumber, untilDateMs } from './wait-time.ts'

/** Where a time to wait may stand in a refusal. */
export interface RetryAfterSources {
  readonly headers?: Headers | undefined
  /** What the body's own field says, in ms: `google.rpc.RetryInfo`, `resets_in_seconds`. */
  readonly bodyMs?: number | undefined
  readonly message?: string | undefined
}

/**
 * Milliseconds until a retry makes sense, at most a day. `wall` is now in Unix milliseconds. What is meant for this very refusal
 * goes before what is told with every answer, and numbers before sentences:
 * 1. `retry-after-ms`
 * 2. `retry-after`, as seconds or as a date
 * 3. a field of the body
 * 4. the reset of a limit that is used up
 * 5. a sentence of the message
 */
export function retryAfterMs({ headers, bodyMs, message }: RetryAfterSources, wall: number): number | undefined {
  const wait =
    (headers === undefined ? undefined : fromRetryAfter(headers, wall)) ??
    (bodyMs !== undefined && bodyMs >= 0 ? bodyMs : undefined) ??
    (headers === undefined ? undefined : exhaustedResetMs(rateLimitsOf(headers, wall))) ??
    fromMessage(message)
  return wait === undefined ? undefined : boundedWait(wait)
}

function fromRetryAfter(headers: Headers, wall: number): number | undefined {
  const exact = plainNumber(headers.get('retry-after-ms'))
  if (exact !== undefined) return exact
  const value = headers.get('retry-after')
  if (value === null) return undefined
  const seconds = plainNumber(value)
  return seconds === undefined ? (durationMs(value) ?? untilDateMs(value, wall)) : seconds * 1000
}

const IN_MESSAGE =
  /(?:try again|retry|available again) (?:in|after) ((?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+|\d+(?:\.\d+)? ?(?:milliseconds|seconds|second|minutes|minute|hours|hour))/i

/** `Please try again in 6m0s.`, `Please retry in 36.2s`, `try again in 20 seconds`. */
function fromMessage(message: string | undefined): number | undefined {
  const found = message === undefined ? undefined : IN_MESSAGE.exec(message)?.[1]
  if (found === undefined) return undefined
  const [, amount = '', word = ''] = /^(\d+(?:\.\d+)?) ?([a-z]+)$/i.exec(found) ?? []
  const unit = word.length > 2 ? (word.startsWith('milli') ? 'ms' : word[0]) : word
  return durationMs(word === '' ? found : `${amount}${unit}`)
}
