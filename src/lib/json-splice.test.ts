import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { applySplices, modelValues, topLevelValues } from './json-splice.ts'

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)
const textOf = (pieces: Uint8Array[]): string => Buffer.concat(pieces).toString()
const spansOf = (text: string): string[] => modelValues(bytesOf(text)).map((span) => Buffer.from(text).subarray(span.start, span.end).toString())

test('finds the model wherever it stands at the top level', () => {
  expect(spansOf('{"model":"a","x":1}')).toEqual(['"a"'])
  expect(spansOf(' {\n  "model" : "a b" , "x":{"model":"inner"}}')).toEqual(['"a b"'])
  expect(spansOf('{"tools":[{"model":"no"}],"text":"\\"model\\":\\"no\\"","model":"yes"}')).toEqual(['"yes"'])
})

test('finds every duplicate of the model, also one written with escapes', () => {
  expect(spansOf('{"model":"a","model":"b"}')).toEqual(['"a"', '"b"'])
  expect(spansOf('{"model":"a","mo\\u0064el":"b"}')).toEqual(['"a"', '"b"'])
  expect(spansOf('{"model":"a\\"","z":"\\\\","model":7}')).toEqual(['"a\\""', '7'])
})

test('changes only the spliced bytes', () => {
  const text = '{"big":12345678901234567890,"model":"x","é":"\\u00e9","model":"x"}'
  const splices = modelValues(bytesOf(text)).map((span) => ({ start: span.start, end: span.end, text: '"gpt"' }))
  expect(textOf(applySplices(bytesOf(text), splices))).toBe(text.replaceAll('"x"', '"gpt"'))
})

test('agrees with a parser on any object', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.oneof(fc.constant('model'), fc.constant('stream'), fc.string()), fc.jsonValue()), fc.constantFrom(undefined, 1, '\t'), (object, indent) => {
      const text = JSON.stringify(object, null, indent)
      const found = topLevelValues(bytesOf(text), ['model', 'stream'])
      const parsed = Object.fromEntries(found.map((span) => [span.name, JSON.parse(Buffer.from(text).subarray(span.start, span.end).toString())]))
      const wanted = Object.fromEntries(Object.entries(JSON.parse(text) as Record<string, unknown>).filter(([name]) => name === 'model' || name === 'stream'))
      expect(parsed).toEqual(wanted)
    }),
    { numRuns: 500 },
  )
})
