import { expect, test } from 'bun:test'
import { customInputOf, emulatedCustomArguments, emulatedCustomTool } from './custom-tools.ts'

test('free text survives the way through the arguments of an emulated tool', () => {
  for (const input of ['', 'x', '{"input":"y"}', '*** Begin\n"quoted" \u2028'])
    expect(customInputOf(emulatedCustomArguments(input))).toBe(input)
})

test('arguments that ignore the schema are taken for the input', () => {
  expect(customInputOf('bare text')).toBe('bare text')
  expect(customInputOf('"a string"')).toBe('a string')
  expect(customInputOf('{"other":1}')).toBe('{"other":1}')
})

test('the grammar of either shape is told in the description', () => {
  const flat = emulatedCustomTool({
    type: 'custom',
    name: 'p',
    description: 'd',
    format: { type: 'grammar', syntax: 'lark', definition: 'start: "a"' },
  })
  expect(flat.description).toBe('d\n\nThe input must match this lark grammar:\nstart: "a"')
  expect(
    emulatedCustomTool({ type: 'custom', name: 'p', format: { type: 'grammar', grammar: { syntax: 'regex', definition: 'a' } } })
      .description,
  ).toContain('regex grammar')
  expect(flat.parameters).toMatchObject({ required: ['input'], additionalProperties: false })
})
