import { describe, expect, test } from 'bun:test'
import { durationMs, httpAddress, secretText, upstreamAddress } from './config-fields.ts'

const accepts = (schema: { safeParse(value: unknown): { success: boolean } }, value: unknown): boolean =>
  schema.safeParse(value).success

describe('addresses', () => {
  test('are http or https, without credentials and fragment', () => {
    for (const address of ['https://api.example.com/v1', 'http://localhost:8000', 'http://[::1]:80/x/']) {
      expect(accepts(httpAddress(), address)).toBe(true)
      expect(accepts(upstreamAddress(), address)).toBe(true)
    }
    for (const address of [
      'api.example.com',
      'ftp://example.com',
      'https://user:pass@example.com',
      'https://x/#y',
      'http://',
      'https://a b',
      '',
    ]) {
      expect(accepts(httpAddress(), address)).toBe(false)
      expect(accepts(upstreamAddress(), address)).toBe(false)
    }
  })

  test('of upstreams may have a query', () => {
    expect(accepts(upstreamAddress(), 'https://x.example.com/v1?api-version=2')).toBe(true)
    expect(accepts(httpAddress(), 'https://x.example.com/v1?api-version=2')).toBe(false)
  })
})

describe('spans of time', () => {
  test('become milliseconds', () => {
    expect(durationMs('90m')).toBe(90 * 60_000)
    expect(durationMs('12h')).toBe(12 * 3_600_000)
    expect(durationMs('30d')).toBe(30 * 86_400_000)
    expect(durationMs('2w')).toBe(14 * 86_400_000)
  })

  test('without end have no milliseconds', () => {
    expect(durationMs('forever')).toBeUndefined()
  })
})

test('a secret text does not show itself after parsing', () => {
  const secret = secretText().parse('canary-1234')
  expect(secret.reveal()).toBe('canary-1234')
  expect(String(secret) + JSON.stringify({ secret })).not.toContain('canary')
})
