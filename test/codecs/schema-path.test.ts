import { expect, test } from 'bun:test'
import { codecFor } from '../../src/codecs/registry.ts'
import type { WireFormat } from '../../src/ir/wire-format.ts'

const SCHEMA = { type: 'object', properties: { age: { type: 'integer' } } }

const messages = [{ role: 'user', content: 'hi' }]
const BODIES: readonly (readonly [string, WireFormat, object])[] = [
  ['openai', 'openai', { messages, response_format: { type: 'json_schema', json_schema: { name: 'n', schema: SCHEMA } } }],
  ['responses', 'responses', { input: 'hi', text: { format: { type: 'json_schema', name: 'n', schema: SCHEMA } } }],
  ['anthropic', 'anthropic', { max_tokens: 1, messages, output_config: { format: { type: 'json_schema', schema: SCHEMA } } }],
  [
    'anthropic, the older field',
    'anthropic',
    { max_tokens: 1, messages, output_format: { type: 'json_schema', schema: SCHEMA } },
  ],
  [
    'gemini',
    'gemini',
    {
      contents: [{ role: 'user', parts: [{ text: 'hi' }] }],
      generationConfig: { responseMimeType: 'application/json', responseJsonSchema: SCHEMA },
    },
  ],
  [
    'gemini, in the words of OpenAPI',
    'gemini',
    {
      contents: [{ role: 'user', parts: [{ text: 'hi' }] }],
      generationConfig: { responseMimeType: 'application/json', responseSchema: SCHEMA },
    },
  ],
  [
    'bedrock_converse',
    'bedrock_converse',
    {
      messages: [{ role: 'user', content: [{ text: 'hi' }] }],
      outputConfig: { textFormat: { type: 'json_schema', structure: { jsonSchema: { schema: JSON.stringify(SCHEMA) } } } },
    },
  ],
]

test.each(BODIES)('the path of the schema of an answer leads to it: %s', (_name, format, fields) => {
  const body = { model: 'm', ...fields }
  const { responseFormat } = codecFor(format).decodeRequest(body, { model: 'm', stream: false }).value
  const path = responseFormat?.type === 'json-schema' ? responseFormat.schemaPath : undefined
  const found = path
    ?.split('/')
    .slice(1)
    .reduce<unknown>((value, name) => (value as Record<string, unknown>)[name], body)
  expect(typeof found === 'string' ? JSON.parse(found) : found).toEqual(SCHEMA)
})
