import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { limitWait, type RateLimits } from '../ir/rate-limits.ts'
import { rateLimitsOf } from './rate-limit-headers.ts'

const WALL = Date.parse('2026-01-01T00:00:00Z')
const DAY_MS = 86_400_000
const read = (headers: Record<string, string>): RateLimits | undefined => rateLimitsOf(new Headers(headers), WALL)

const OPENAI = {
  'x-ratelimit-limit-requests': '500',
  'x-ratelimit-remaining-requests': '499',
  'x-ratelimit-reset-requests': '120ms',
  'x-ratelimit-limit-tokens': '30000',
  'x-ratelimit-remaining-tokens': '10000',
  'x-ratelimit-reset-tokens': '6m0s',
}

describe('limits told by headers', () => {
  test('of OpenAI and Groq, with resets as durations', () => {
    expect(read(OPENAI)).toEqual({
      requests: { limit: 500, remaining: 499, resetMs: 120 },
      tokens: { limit: 30_000, remaining: 10_000, resetMs: 360_000 },
      refill: 'continuous',
    })
    expect(read({ 'x-ratelimit-remaining-requests': '14370', 'x-ratelimit-reset-requests': '2m59.56s' })?.requests).toEqual({
      limit: undefined,
      remaining: 14_370,
      resetMs: 179_560,
    })
  })

  test('of Anthropic, with resets as dates and tokens apart', () => {
    expect(
      read({
        'anthropic-ratelimit-requests-limit': '50',
        'anthropic-ratelimit-requests-remaining': '49',
        'anthropic-ratelimit-requests-reset': '2026-01-01T00:00:01Z',
        'anthropic-ratelimit-input-tokens-limit': '30000',
        'anthropic-ratelimit-input-tokens-remaining': '0',
        'anthropic-ratelimit-input-tokens-reset': '2026-01-01T00:01:00Z',
        'anthropic-ratelimit-output-tokens-limit': '8000',
        'anthropic-ratelimit-output-tokens-remaining': '8000',
        'anthropic-ratelimit-output-tokens-reset': '2025-12-31T23:59:59Z',
      }),
    ).toEqual({
      requests: { limit: 50, remaining: 49, resetMs: 1_000 },
      inputTokens: { limit: 30_000, remaining: 0, resetMs: 60_000 },
      outputTokens: { limit: 8_000, remaining: 8_000, resetMs: 0 },
      refill: 'continuous',
    })
  })

  test('of Azure, with plain seconds; its -1 and 0 mean that nothing is known', () => {
    expect(read({ 'x-ratelimit-remaining-tokens': '90', 'x-ratelimit-reset-tokens': '26' })?.tokens?.resetMs).toBe(26_000)
    expect(
      read({
        'x-ratelimit-limit-tokens': '-1',
        'x-ratelimit-remaining-tokens': '-1',
        'x-ratelimit-reset-tokens': '0',
      }),
    ).toBeUndefined()
  })

  test('of Fireworks, with the prompt apart', () => {
    const limits = read({
      'x-ratelimit-remaining-requests': '5',
      'x-ratelimit-limit-tokens-prompt': '60000',
      'x-ratelimit-remaining-tokens-prompt': '100',
      'x-ratelimit-limit-tokens-generated': '6000',
      'x-ratelimit-remaining-tokens-generated': '10',
    })
    expect(limits?.inputTokens).toEqual({ limit: 60_000, remaining: 100, resetMs: undefined })
    expect(limits?.outputTokens?.remaining).toBe(10)
  })

  test('named by their window: the one that keeps longer counts, and the name tells how long', () => {
    const limits = read({
      'x-ratelimit-limit-requests-day': '14400',
      'x-ratelimit-remaining-requests-day': '0',
      'x-ratelimit-reset-requests-day': '33011.382867',
      'x-ratelimit-limit-req-minute': '30',
      'x-ratelimit-remaining-req-minute': '29',
      'x-ratelimit-limit-tokens-minute': '60000',
      'x-ratelimit-remaining-tokens-minute': '59000',
    })
    expect(limits).toEqual({
      requests: { limit: 14_400, remaining: 0, resetMs: 33_011_383 },
      tokens: { limit: 60_000, remaining: 59_000, resetMs: 60_000 },
      refill: 'window',
    })
  })

  test.each([
    [String(WALL + 60_000), 60_000],
    [String(WALL / 1000 + 60), 60_000],
    ['60', 60_000],
  ])('of OpenRouter and Together, with a reset of %s', (reset, expected) => {
    expect(read({ 'x-ratelimit-limit': '20', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset })?.requests?.resetMs).toBe(
      expected,
    )
  })

  test('are not there when nobody tells them', () => {
    expect(read({})).toBeUndefined()
    expect(read({ 'content-type': 'application/json', 'x-request-id': 'req_1', 'retry-after': '5' })).toBeUndefined()
  })

  test.each(['NaN', '-3', '', 'soon', '1e9', '9'.repeat(400), '0x20', '1,000'])('a count of %s is left out', (value) => {
    expect(read({ 'x-ratelimit-remaining-requests': value })).toBeUndefined()
    expect(read({ ...OPENAI, 'x-ratelimit-limit-tokens': value })?.tokens).toBeUndefined()
    expect(read({ ...OPENAI, 'x-ratelimit-remaining-tokens': value })?.tokens?.remaining).toBeUndefined()
  })

  test.each([
    ['2126-01-01T00:00:00Z', DAY_MS],
    ['99999h', DAY_MS],
    ['99999999999999999', DAY_MS],
    ['1990-01-01T00:00:00Z', 0],
    ['-5s', undefined],
    ['never', undefined],
  ])('a reset of %s is cut or left out', (value, expected) => {
    expect(read({ ...OPENAI, 'x-ratelimit-reset-tokens': value })?.tokens?.resetMs).toBe(expected)
  })

  test('whatever headers say, counts and resets are sane or missing', () => {
    const anything = fc.oneof(fc.string(), fc.double().map(String), fc.integer().map(String), fc.constant('6m0s'))
    const header = fc.constantFrom(...Object.keys(OPENAI))
    fc.assert(
      fc.property(fc.dictionary(header, anything), fc.nat(), (headers, need) => {
        const safe = Object.fromEntries(Object.entries(headers).filter(([, value]) => /^[\x20-\x7e]*$/.test(value)))
        const limits = read(safe)
        for (const state of [limits?.requests, limits?.tokens]) {
          expect(state?.remaining ?? 0).toBeGreaterThanOrEqual(0)
          expect(state?.limit ?? 1).toBeGreaterThan(0)
          expect(state?.resetMs ?? 0).toBeWithin(0, DAY_MS + 1)
        }
        if (limits !== undefined) expect(limitWait(limits, need)).toBeGreaterThanOrEqual(0)
      }),
      { numRuns: 200 },
    )
  })
})
