import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { multipartBoundary, multipartFields } from './multipart-fields.ts'

const part = (disposition: string, value: string): string =>
  `--b\r\ncontent-disposition: form-data; ${disposition}\r\n\r\n${value}\r\n`
const fieldsOf = (text: string) => multipartFields(Buffer.from(text, 'latin1'), 'b')
const valuesOf = (text: string) =>
  fieldsOf(text)?.map(({ name, start, end, isFile }) => [
    name,
    Buffer.from(text, 'latin1').subarray(start, end).toString(),
    isFile,
  ])

test.each([
  ['multipart/form-data; boundary=abc', 'abc'],
  ['Multipart/Form-Data; charset=utf-8; boundary="a b"', 'a b'],
  ['multipart/form-data', undefined],
  ['application/json; boundary=x', undefined],
  [null, undefined],
  [`multipart/form-data; boundary=${'x'.repeat(71)}`, 'x'.repeat(70)],
])('the boundary of %p is %p', (contentType, boundary) => expect(multipartBoundary(contentType)).toBe(boundary))

test('fields are found with their values, whatever these hold', () => {
  const text = `${part('name="model"', 'fast')}${part('name=file; filename="a\\"b"', '\r\n--a\r\n\r\n--')}${part('name=""', '')}--b--\r\n`
  expect(valuesOf(text)).toEqual([
    ['model', 'fast', false],
    ['file', '\r\n--a\r\n\r\n--', true],
    ['', '', false],
  ])
})

describe('a form is refused', () => {
  test.each([
    ['that is empty', ''],
    ['without an end', part('name="a"', 'x')],
    ['with something before its first part', `hello\r\n${part('name="a"', 'x')}--b--`],
    ['with a part without a name', `${part('filename="a"', 'x')}--b--`],
    ['with a part without headers', '--b\r\n\r\nx\r\n--b--'],
    ['with two names for a part', `${part('name="a"; name="model"', 'x')}--b--`],
    ['with a name in another spelling', `${part("name*=utf-8''model", 'x')}--b--`],
    [
      'with two dispositions',
      '--b\r\ncontent-disposition: form-data; name="a"\r\ncontent-disposition: form-data; name="b"\r\n\r\nx\r\n--b--',
    ],
    ['with a boundary that goes on', `${part('name="a"', 'x\r\n--bc')}--b--`],
    ['with line feeds alone', part('name="a"', 'x').replaceAll('\r\n', '\n')],
    ['with headers that do not end', `--b\r\ncontent-disposition: form-data; name="a"${' '.repeat(20_000)}\r\n\r\nx\r\n--b--`],
    ['with very many parts', `${part('name="a"', 'x').repeat(1_001)}--b--`],
  ])('%s', (_what, text) => expect(fieldsOf(text)).toBeUndefined())
})

test('what the runtime writes is read back', async () => {
  const name = fc.string({ minLength: 1, maxLength: 20 }).filter((text) => !/["\\\r\n]/.test(text) && text.isWellFormed())
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(name, fc.uint8Array({ maxLength: 50 })), { minLength: 1, maxLength: 5 }),
      async (entries) => {
        const form = new FormData()
        for (const [key, bytes] of entries) form.append(key, new Blob([bytes]), 'file')
        const response = new Response(form)
        const boundary = multipartBoundary(response.headers.get('content-type'))
        const body = await response.bytes()
        const fields = multipartFields(body, boundary ?? '')
        expect(fields?.map((field) => [...body.subarray(field.start, field.end)])).toEqual(entries.map(([, bytes]) => [...bytes]))
      },
    ),
  )
})
