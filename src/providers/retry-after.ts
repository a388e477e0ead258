/** Longer waits than this are not believed: a wrong header must not take an account out for good. */
const MAX_WAIT_MS = 24 * 60 * 60 * 1000

/** Times by which a limit is full again, with the count that tells whether that limit is the one that was hit. */
const RESETS: readonly (readonly [reset: string, remaining: string])[] = [
  ['x-ratelimit-reset-requests', 'x-ratelimit-remaining-requests'],
  ['x-ratelimit-reset-tokens', 'x-ratelimit-remaining-tokens'],
  ['x-ratelimit-reset', 'x-ratelimit-remaining'],
  ['anthropic-ratelimit-requests-reset', 'anthropic-ratelimit-requests-remaining'],
  ['anthropic-ratelimit-tokens-reset', 'anthropic-ratelimit-tokens-remaining'],
  ['anthropic-ratelimit-input-tokens-reset', 'anthropic-ratelimit-input-tokens-remaining'],
  ['anthropic-ratelimit-output-tokens-reset', 'anthropic-ratelimit-output-tokens-remaining'],
]

/**
 * Milliseconds until a retry makes sense, from the most exact source there is: `retry-after-ms`, `retry-after` (seconds or a
 * date), the reset of an exhausted limit, a sentence in the message. `wall` is now in Unix milliseconds.
 */
export function retryAfterMs(headers: Headers | undefined, message: string | undefined, wall: number): number | undefined {
  const told = headers === undefined ? undefined : (fromRetryAfter(headers, wall) ?? fromExhaustedLimits(headers, wall))
  const wait = told ?? fromMessage(message)
  return wait === undefined ? undefined : Math.min(Math.max(0, Math.ceil(wait)), MAX_WAIT_MS)
}

function fromRetryAfter(headers: Headers, wall: number): number | undefined {
  const exact = numberOf(headers.get('retry-after-ms'))
  if (exact !== undefined) return exact
  const value = headers.get('retry-after')
  if (value === null) return undefined
  const seconds = numberOf(value)
  return seconds === undefined ? fromDate(value, wall) : seconds * 1000
}

/** The latest reset among the limits that have nothing left. */
function fromExhaustedLimits(headers: Headers, wall: number): number | undefined {
  let latest: number | undefined
  for (const [reset, remaining] of RESETS) {
    if (numberOf(headers.get(remaining)) !== 0) continue
    const wait = fromReset(headers.get(reset), wall)
    if (wait !== undefined && (latest === undefined || wait > latest)) latest = wait
  }
  return latest
}

/** A reset as a duration (`6m0s`), a date, seconds from now, or a Unix time in seconds or milliseconds. */
function fromReset(value: string | null, wall: number): number | undefined {
  if (value === null) return undefined
  const plain = numberOf(value)
  if (plain === undefined) return fromDuration(value) ?? fromDate(value, wall)
  if (plain > 1e12) return plain - wall
  return plain > 1e9 ? plain * 1000 - wall : plain * 1000
}

function fromDate(value: string, wall: number): number | undefined {
  const date = Date.parse(value)
  return Number.isNaN(date) ? undefined : Math.max(0, date - wall)
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const DURATION = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/
const DURATION_PARTS = /(\d+(?:\.\d+)?)(ms|s|m|h|d)/g

/** `1s`, `6m0s`, `120ms`, `1h2m3.5s`. */
function fromDuration(value: string): number | undefined {
  const text = value.trim()
  if (!DURATION.test(text)) return undefined
  let total = 0
  for (const [, amount = '0', unit = 'ms'] of text.matchAll(DURATION_PARTS)) total += Number(amount) * (UNITS[unit] ?? 0)
  return total
}

const IN_MESSAGE =
  /(?:try again|retry|available again) (?:in|after) ((?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+|\d+(?:\.\d+)? ?(?:milliseconds|seconds|second|minutes|minute|hours|hour))/i

/** `Please try again in 6m0s.`, `Please retry in 36.2s`, `try again in 20 seconds`. */
function fromMessage(message: string | undefined): number | undefined {
  const found = message === undefined ? undefined : IN_MESSAGE.exec(message)?.[1]
  if (found === undefined) return undefined
  const [, amount = '', word = ''] = /^(\d+(?:\.\d+)?) ?([a-z]+)$/i.exec(found) ?? []
  const unit = word.length > 2 ? (word.startsWith('milli') ? 'ms' : word[0]) : word
  return fromDuration(word === '' ? found : `${amount}${unit}`)
}

function numberOf(value: string | null): number | undefined {
  return value !== null && /^\s*\d+(\.\d+)?\s*$/.test(value) ? Number(value) : undefined
}
