import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { jsonBytes, modelValues, spliceBytes, spliceText, topLevelValues } from './json-splice.ts'

const bytesOf = (text: string): Buffer => Buffer.from(text)

function spansOf(text: string): string[] {
  const found = modelValues(text).map((span) => text.slice(span.start, span.end))
  const inBytes = modelValues(jsonBytes(bytesOf(text))).map((span) => Buffer.from(text).subarray(span.start, span.end).toString())
  expect(inBytes).toEqual(found)
  return found
}

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
  const expected = text.replaceAll('"x"', '"gpt"')
  const splices = (spans: ReturnType<typeof modelValues>): { start: number; end: number; text: string }[] =>
    spans.map(({ start, end }) => ({ start, end, text: '"gpt"' }))
  expect(spliceText(text, splices(modelValues(text)))).toBe(expected)
  const bytes = bytesOf(text)
  expect(Buffer.concat(spliceBytes(bytes, splices(modelValues(jsonBytes(bytes))))).toString()).toBe(expected)
})

test('agrees with a parser on any object', () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.oneof(fc.constant('model'), fc.constant('stream'), fc.string()), fc.jsonValue()),
      fc.constantFrom(undefined, 1, '\t'),
      (object, indent) => {
        const text = JSON.stringify(object, null, indent)
        const found = topLevelValues(text, ['model', 'stream'])
        const parsed = Object.fromEntries(found.map((span) => [span.name, JSON.parse(text.slice(span.start, span.end))]))
        const bytes = jsonBytes(bytesOf(text))
        expect(topLevelValues(bytes, ['model', 'stream']).map((span) => bytes.slice(span.start, span.end))).toEqual(
          found.map((span) => text.slice(span.start, span.end)),
        )
        const wanted = Object.fromEntries(
          Object.entries(JSON.parse(text) as Record<string, unknown>).filter(([name]) => name === 'model' || name === 'stream'),
        )
        expect(parsed).toEqual(wanted)
      },
    ),
    { numRuns: 500 },
  )
})
