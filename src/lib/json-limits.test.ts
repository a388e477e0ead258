import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { breachOfValue, scanJson } from './json-limits.ts'

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)
const nested = (depth: number, open = '[', close = ']'): string => `${open.repeat(depth)}1${close.repeat(depth)}`
const roomy = { maxDepth: 10_000, maxNodes: 10_000_000 }

const breaches = (text: string, limits: { maxDepth: number; maxNodes: number }) => [
  breachOfValue(JSON.parse(text), limits),
  scanJson(bytesOf(text), limits, Infinity).breach,
]

describe('both ways of looking', () => {
  test('allow the deepest nesting and no more', () => {
    const limits = { maxDepth: 5, maxNodes: 100 }
    expect(breaches(nested(5), limits)).toEqual([undefined, undefined])
    expect(breaches(nested(6), limits)).toEqual(['depth', 'depth'])
    expect(breaches(nested(6, '{"a":', '}'), limits)).toEqual(['depth', 'depth'])
  })

  test('count values, not brackets in strings', () => {
    const limits = { maxDepth: 5, maxNodes: 4 }
    expect(breaches('[1,2,3]', limits)).toEqual([undefined, undefined])
    expect(breaches('[1,2,3,4]', limits)).toEqual(['nodes', 'nodes'])
    expect(breaches('["[[[[[[[[,,,,,,","\\"[[[[[["]', limits)).toEqual([undefined, undefined])
  })

  test('see a sibling that is too deep', () => {
    expect(breaches(`{"a":[],"b":{"c":${nested(4)}}}`, { maxDepth: 5, maxNodes: 100 })).toEqual(['depth', 'depth'])
  })

  test('agree on the depth of any value, and the scan never counts fewer values', () => {
    fc.assert(
      fc.property(
        fc.jsonValue({ maxDepth: 6 }),
        fc.integer({ min: 1, max: 7 }),
        fc.integer({ min: 1, max: 40 }),
        (value, maxDepth, maxNodes) => {
          const bytes = bytesOf(JSON.stringify(value))
          const depthOnly = { maxDepth, maxNodes: Infinity }
          expect(scanJson(bytes, depthOnly, Infinity).breach).toBe(breachOfValue(value, depthOnly))
          const nodesOnly = { maxDepth: Infinity, maxNodes }
          if (breachOfValue(value, nodesOnly) !== undefined) expect(scanJson(bytes, nodesOnly, Infinity).breach).toBe('nodes')
        },
      ),
    )
  })
})

test('scalars have no depth', () => {
  for (const value of [1, 'text', null, true]) expect(breachOfValue(value, { maxDepth: 0, maxNodes: 1 })).toBeUndefined()
})

const found = (text: string, length: number): string[] =>
  scanJson(bytesOf(text), roomy, length).longStrings.map(({ start, end }) => Buffer.from(text).subarray(start, end).toString())

describe('a scan', () => {
  test('finds long string values and leaves keys alone', () => {
    const long = 'x'.repeat(50)
    expect(found(`{"${long}" : 1, "a":"${long}", "b":["short","${long}y"]}`, 40)).toEqual([long, `${long}y`])
  })

  test('finds the end of a string behind any number of backslashes', () => {
    for (let backslashes = 0; backslashes < 40; backslashes++) {
      const content = `${'a'.repeat(20)}${'\\\\'.repeat(backslashes)}\\"`
      expect(found(`["${content}","${'b'.repeat(30)}"]`, 20)).toEqual([content, 'b'.repeat(30)])
    }
  })

  test('finds the same strings as a parser', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 80 })), (strings) => {
        const wanted = strings.map((text) => JSON.stringify(text).slice(1, -1)).filter((text) => Buffer.byteLength(text) >= 10)
        expect(found(JSON.stringify(strings), 10)).toEqual(wanted)
      }),
    )
  })

  test('comes to an end on text that is no JSON', () => {
    for (const text of [
      '"',
      '"\\',
      '{"a',
      '"aaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
      '"aaaaaaaaaaaaaaaaaaaaaaaaaaaa\\"',
      ']]]]',
      ',,,,',
      '',
    ]) {
      expect(scanJson(bytesOf(text), roomy, 4).breach).toBeUndefined()
    }
  })
})

test('a body of nothing but brackets is refused without being parsed', () => {
  const bytes = Buffer.alloc(32 * 1024 * 1024, '[')
  expect(scanJson(bytes, { maxDepth: 200, maxNodes: 1_000_000 }, Infinity).breach).toBe('depth')
  expect(scanJson(Buffer.alloc(32 * 1024 * 1024, '[],'), { maxDepth: 200, maxNodes: 1_000_000 }, Infinity).breach).toBe('nodes')
})
