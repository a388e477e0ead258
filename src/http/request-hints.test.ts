import { describe, expect, test } from 'bun:test'
import { GatewayError } from '../errors/gateway-error.ts'
import { readHints, withoutHints } from './request-hints.ts'

const read = (headers: Record<string, string>, body: unknown = {}) => readHints(new Headers(headers), body)

/** Code and parameter of the refusal. */
function refusal(headers: Record<string, string>, body: unknown = {}): unknown {
  try {
    return read(headers, body)
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    expect(error.message).toMatch(/must/)
    return [error.code, error.param]
  }
}

describe('hints', () => {
  test('are none when the client asks for nothing', () => {
    expect(read({ 'user-agent': 'x' }, { model: 'm' })).toBeUndefined()
  })

  test.each([
    [{ 'x-switchback-models': 'a/b, c ,d' }, { models: ['a/b', 'c', 'd'] }],
    [{ 'x-switchback-max-price': '12.5' }, { maxPricePerMillion: 12_500_000_000 }],
    [{ 'x-switchback-max-price': '0.000000001' }, { maxPricePerMillion: 1 }],
    [{ 'x-switchback-latency': 'Batch' }, { latency: 'batch' }],
    [{ 'x-switchback-no-fallback': 'true' }, { noFallback: true }],
    [{ 'x-switchback-no-fallback': '0' }, { noFallback: false }],
    [{ 'x-switchback-deadline-ms': '1500' }, { deadlineMs: 1500 }],
    [{ 'x-switchback-strategy': 'auto/fast' }, { strategy: 'auto/fast' }],
  ])('%j', (headers, expected) => {
    expect(read(headers as Record<string, string>)).toEqual(expected as never)
  })

  test('in the body go before those in a header', () => {
    expect(read({ 'x-switchback-models': 'a', 'x-switchback-deadline-ms': '5' }, { models: ['b', 'c'] })).toEqual({
      models: ['b', 'c'],
      deadlineMs: 5,
    })
  })

  test.each([
    ['x-switchback-models', ','],
    ['x-switchback-models', Array.from({ length: 17 }, (_unused, index) => `m${index}`).join(',')],
    ['x-switchback-models', 'x'.repeat(600)],
    ['x-switchback-max-price', '0'],
    ['x-switchback-max-price', '-1'],
    ['x-switchback-max-price', '1e9'],
    ['x-switchback-latency', 'soon'],
    ['x-switchback-no-fallback', 'maybe'],
    ['x-switchback-deadline-ms', '0'],
    ['x-switchback-deadline-ms', '1.5'],
    ['x-switchback-deadline-ms', '99999999999'],
    ['x-switchback-strategy', 'a b'],
  ])('that make no sense are refused by name: %s %s', (header, value) => {
    expect(refusal({ [header]: value })).toEqual(['invalid_body', header])
  })

  test.each([[[]], [['a', 1]], [['']], ['a'], [null]])('a list of models that is none is refused: %j', (models) => {
    expect(refusal({}, { models })).toEqual(['invalid_body', 'models'])
  })
})

test('the list of models is taken out of the body, and nothing else changes', () => {
  const text = '{"model":"m", "models":["a"],"seed":12345678901234567890}'
  const parsed = { value: JSON.parse(text) as unknown, body: { bytes: Buffer.from(text), blobs: new Map<string, Uint8Array>() } }
  const { value, body } = withoutHints(parsed)
  expect(value).not.toHaveProperty('models')
  expect(Buffer.from(body.bytes).toString()).toBe('{"model":"m", "seed":12345678901234567890}')
  const plain = { value: { model: 'm' }, body: parsed.body }
  expect(withoutHints(plain)).toBe(plain)
})
