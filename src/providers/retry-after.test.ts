import { describe, expect, test } from 'bun:test'
import { retryAfterMs } from './retry-after.ts'

const WALL = Date.parse('2026-01-01T00:00:00Z')
const wait = (headers: Record<string, string>, message?: string): number | undefined =>
  retryAfterMs({ headers: new Headers(headers), message }, WALL)

describe('when to retry', () => {
  test.each([
    [{ 'retry-after-ms': '1500', 'retry-after': '2' }, 1500],
    [{ 'retry-after': '20' }, 20_000],
    [{ 'retry-after': '0.5' }, 500],
    [{ 'retry-after': 'Thu, 01 Jan 2026 00:00:30 GMT' }, 30_000],
    [{ 'retry-after': 'Wed, 31 Dec 2025 23:00:00 GMT' }, 0],
    [{ 'retry-after': 'soon' }, undefined],
    [{}, undefined],
  ] as const)('%o', (headers, expected) => {
    expect(wait(headers)).toBe(expected)
  })

  test('the reset of the limit that is used up counts, not that of the others', () => {
    const headers = {
      'x-ratelimit-remaining-requests': '59',
      'x-ratelimit-reset-requests': '8m0s',
      'x-ratelimit-remaining-tokens': '0',
      'x-ratelimit-reset-tokens': '6m1.5s',
    }
    expect(wait(headers)).toBe(361_500)
    expect(wait({ ...headers, 'x-ratelimit-remaining-requests': '0' })).toBe(480_000)
  })

  test.each([
    ['120ms', 120],
    ['1h2m3s', 3_723_000],
    ['45', 45_000],
    [String(WALL / 1000 + 60), 60_000],
    [String(WALL + 60_000), 60_000],
    ['2026-01-01T00:01:00Z', 60_000],
  ])('a reset written as %s', (value, expected) => {
    expect(wait({ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': value })).toBe(expected)
  })

  test("Anthropic's resets are dates", () => {
    expect(
      wait({
        'anthropic-ratelimit-input-tokens-remaining': '0',
        'anthropic-ratelimit-input-tokens-reset': '2026-01-01T00:00:07Z',
      }),
    ).toBe(7_000)
  })

  test.each([
    ['Rate limit reached. Please try again in 6m0s. Visit the site.', 360_000],
    ['Please try again in 20s.', 20_000],
    ['Please try again in 750ms.', 750],
    ['Please retry in 36.2s.', 36_200],
    ['Try again in 2 minutes', 120_000],
    ['Retry after 10 seconds', 10_000],
    ['Try again later', undefined],
  ])('as a last resort the message tells: %s', (message, expected) => {
    expect(wait({}, message)).toBe(expected)
    expect(retryAfterMs({ message }, WALL)).toBe(expected)
  })

  test('each source goes before the ones below it', () => {
    const sources = [
      { headers: { 'retry-after-ms': '100' }, expected: 100 },
      { headers: { 'retry-after': '2' }, expected: 2_000 },
      { bodyMs: 3_000, expected: 3_000 },
      { headers: { 'x-ratelimit-remaining-tokens': '0', 'x-ratelimit-reset-tokens': '4s' }, expected: 4_000 },
      { message: 'Please try again in 5s.', expected: 5_000 },
    ]
    for (const from of sources.keys()) {
      const rest = sources.slice(from)
      const headers = new Headers()
      for (const source of rest) for (const [name, value] of Object.entries(source.headers ?? {})) headers.set(name, value)
      const bodyMs = rest.find((source) => source.bodyMs !== undefined)?.bodyMs
      const message = rest.find((source) => source.message !== undefined)?.message
      expect(retryAfterMs({ headers, bodyMs, message }, WALL)).toBe(rest[0]!.expected)
    }
  })

  test.each(['-5', 'NaN', '1e3', '', '0x10', '9'.repeat(400), 'Infinity', '-1s', '12 bananas'])(
    'a header that says %s says nothing',
    (value) => {
      expect(wait({ 'retry-after': value })).toBeUndefined()
      expect(wait({ 'retry-after-ms': value })).toBeUndefined()
      expect(wait({ 'retry-after': value }, 'Please try again in 5s.')).toBe(5_000)
    },
  )

  test('a body that asks for less than nothing is not believed', () => {
    expect(retryAfterMs({ bodyMs: -1, message: 'try again in 2s' }, WALL)).toBe(2_000)
  })

  test('an absurd time is cut to a day', () => {
    expect(wait({ 'retry-after': '99999999' })).toBe(86_400_000)
  })
})
