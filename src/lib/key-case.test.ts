import { expect, test } from 'bun:test'
import { camelKeys, snakeKeys } from './key-case.ts'

test('keys change, values and order do not, and what is undefined is left out', () => {
  const value = { inFlight: 1, p50Ms: 2, list: [{ maxOutputTokens: null }, 'keepMe'], none: undefined }
  const written = { in_flight: 1, p50_ms: 2, list: [{ max_output_tokens: null }, 'keepMe'] }
  expect(JSON.stringify(snakeKeys(value))).toBe(JSON.stringify(written))
  expect(camelKeys(written)).toEqual({ inFlight: 1, p50Ms: 2, list: [{ maxOutputTokens: null }, 'keepMe'] })
})
