import { describe, expect, test } from 'bun:test'
import { GatewayError } from '../../errors/gateway-error.ts'
import type { JsonObject } from '../../ir/json.ts'
import type { LlmRequest } from '../../ir/request.ts'
import type { EncodeTarget } from '../codec.ts'
import { openaiCodec } from '../openai/index.ts'
import { geminiCodec } from './index.ts'

const ADDRESS = { model: 'gemini-3-pro-preview', stream: false }
const user = { role: 'user', parts: [{ text: 'hi' }] }

function decoded(body: JsonObject, address = ADDRESS): LlmRequest {
  return geminiCodec.decodeRequest({ contents: [user], ...body }, address).value
}

function encoded(request: LlmRequest, target: Partial<EncodeTarget> = {}): { body: JsonObject; told: string[] } {
  const { value, diagnostics } = geminiCodec.encodeRequest(request, {
    model: 'gemini-3-pro-preview',
    quirks: {},
    facts: {},
    stream: false,
    ...target,
  })
  return { body: value, told: diagnostics.map(({ severity, code }) => `${severity} ${code}`) }
}

const fromChat = (body: JsonObject): LlmRequest =>
  openaiCodec.decodeRequest({ model: 'm', messages: [{ role: 'user', content: 'hi' }], ...body }).value

function refusal(body: unknown): GatewayError {
  try {
    geminiCodec.decodeRequest(body, ADDRESS)
  } catch (error) {
    if (error instanceof GatewayError) return error
  }
  throw new Error('the body was taken')
}

describe('the body of a client', () => {
  test('has its model and manner in the address, or in itself where there is none', () => {
    expect(decoded({}, { model: 'gemini-2.5-pro', stream: true })).toMatchObject({ model: 'gemini-2.5-pro', stream: true })
    const { value } = geminiCodec.decodeRequest({ model: 'models/gemini-2.5-pro', contents: [user] })
    expect(value).toMatchObject({ model: 'gemini-2.5-pro', stream: false })
    expect(() => geminiCodec.decodeRequest({ contents: [user] })).toThrow('model')
  })

  test('says the same in camel case and with underscores', () => {
    const camel = decoded({
      systemInstruction: { parts: [{ text: 'Be brief.' }] },
      contents: [{ role: 'user', parts: [{ inlineData: { mimeType: 'image/png', data: 'AA==' } }] }],
      tools: [{ functionDeclarations: [{ name: 'f', parametersJsonSchema: { type: 'object' } }] }],
      toolConfig: { functionCallingConfig: { mode: 'ANY', allowedFunctionNames: ['f'] } },
      generationConfig: {
        maxOutputTokens: 9,
        stopSequences: ['x'],
        thinkingConfig: { thinkingBudget: 5, includeThoughts: true },
      },
    })
    const underscored = decoded({
      system_instruction: { parts: [{ text: 'Be brief.' }] },
      contents: [{ role: 'user', parts: [{ inline_data: { mime_type: 'image/png', data: 'AA==' } }] }],
      tools: [{ function_declarations: [{ name: 'f', parameters_json_schema: { type: 'object' } }] }],
      tool_config: { function_calling_config: { mode: 'ANY', allowed_function_names: ['f'] } },
      generation_config: {
        max_output_tokens: 9,
        stop_sequences: ['x'],
        thinking_config: { thinking_budget: 5, include_thoughts: true },
      },
    })
    const withoutPlaces = (request: LlmRequest): unknown =>
      JSON.parse(JSON.stringify(request, (key, value: unknown) => (/^paths?$|Path$/.test(key) ? undefined : value)))
    expect(withoutPlaces(underscored)).toEqual(withoutPlaces(camel))
    expect(encoded(underscored).body).toEqual(encoded(camel).body)
    expect(underscored.paths?.max_output_tokens).toBe('/generation_config/max_output_tokens')
  })

  test('may leave out roles and lists of one, and write numbers as text', () => {
    const request = decoded({ contents: { parts: { text: 'hi' } }, generationConfig: { maxOutputTokens: '9', topK: '3' } })
    expect(request.messages).toMatchObject([{ role: 'user', content: [{ type: 'text', text: 'hi' }] }])
    expect(request).toMatchObject({ maxOutputTokens: 9, sampling: { topK: 3 } })
  })

  test('may have media in the alphabet of URLs', () => {
    const request = decoded({ contents: [{ parts: [{ inlineData: { mimeType: 'image/png', data: '-_8=' } }] }] })
    expect(request.messages[0]?.content[0]).toMatchObject({ source: { kind: 'base64', data: '+/8=' } })
  })

  test.each([
    [{}, 'contents'],
    [{ contents: [{ role: 'system', parts: [] }] }, 'contents[0].role'],
    [{ contents: ['hi'] }, 'contents[0]'],
    [{ contents: [{ parts: [{ functionCall: { args: {} } }] }] }, 'contents[0].parts[0].functionCall.name'],
    [{ contents: [user], tools: [{ function_declarations: [{}] }] }, 'tools[0].function_declarations[0].name'],
  ])('is refused where it cannot be understood: %j', (body, param) => {
    expect(refusal(body)).toMatchObject({ code: 'invalid_body', param })
  })

  test('pairs results with calls by id, else by name and order', () => {
    const call = (city: string, id?: string): JsonObject => ({ functionCall: { id, name: 'weather', args: { city } } })
    const result = (output: string, id?: string): JsonObject => ({
      functionResponse: { id, name: 'weather', response: { output } },
    })
    const ids = (...parts: JsonObject[][]): unknown[] =>
      decoded({
        contents: [user, { role: 'model', parts: parts[0] }, { role: 'user', parts: parts[1] }],
      }).messages.flatMap(({ content }) =>
        content.flatMap((part) => (part.type === 'tool-call' ? [part.id] : part.type === 'tool-result' ? [part.callId] : [])),
      )
    expect(ids([call('Paris', 'a'), call('Rome', 'b')], [result('20', 'b'), result('18', 'a')])).toEqual(['a', 'b', 'b', 'a'])
    expect(ids([call('Paris'), call('Rome')], [result('18'), result('20')])).toEqual([
      'placed_1_0',
      'placed_1_1',
      'placed_1_0',
      'placed_1_1',
    ])
    expect(ids([call('Paris')], [result('18', 'made-up')])).toEqual(['placed_1_0', 'placed_1_0'])
  })
})

describe('schemas of functions', () => {
  const declared = (parameters: JsonObject, target: Partial<EncodeTarget> = {}): { declaration: JsonObject; told: string[] } => {
    const tool = { type: 'function', function: { name: 'f', parameters } }
    const { body, told } = encoded(fromChat({ tools: [tool] }), target)
    const [{ functionDeclarations }] = body['tools'] as [{ functionDeclarations: [JsonObject] }]
    return { declaration: functionDeclarations[0], told }
  }

  test('go as JSON Schema, with what the vendor does not know told in words', () => {
    const { declaration, told } = declared({
      type: 'object',
      properties: { mail: { type: 'string', format: 'email', minLength: 3 } },
    })
    expect(declaration['parametersJsonSchema']).toEqual({
      type: 'object',
      properties: { mail: { type: 'string', description: '{format: "email", minLength: 3}' } },
    })
    expect(told).toEqual(['rewritten schema_constraint', 'rewritten schema_constraint'])
  })

  test('go in the OpenAPI dialect to a server that knows nothing else', () => {
    const { declaration } = declared(
      { type: 'object', properties: { n: { type: ['integer', 'null'] } }, additionalProperties: false },
      { quirks: { openApiSchemas: true } },
    )
    expect(declaration).toEqual({
      name: 'f',
      parameters: { type: 'object', properties: { n: { type: 'integer', nullable: true } } },
    })
  })

  test('of a client of the format stay as they are', () => {
    const parameters = { type: 'OBJECT', properties: { n: { type: 'STRING', pattern: '^a' } } }
    const tools = [{ functionDeclarations: [{ name: 'f', parameters }] }]
    expect(encoded(decoded({ tools })).body['tools']).toEqual(tools)
  })

  test('have a name that the vendor takes, and the client gets its own back', () => {
    const request = fromChat({ tools: [{ type: 'function', function: { name: '9 lives', parameters: { type: 'object' } } }] })
    const [{ functionDeclarations }] = encoded(request).body['tools'] as [{ functionDeclarations: [{ name: string }] }]
    const { name } = functionDeclarations[0]
    expect(name).toMatch(/^[A-Za-z_][A-Za-z0-9_.:-]{0,127}$/)
    const answer = geminiCodec.decodeResponse({ candidates: [{ content: { parts: [{ functionCall: { name } }] } }] }).value
    const context = { requestId: 'r', model: 'm', createdAt: 0, request }
    expect(JSON.stringify(openaiCodec.encodeResponse(answer, context).value)).toContain('"name":"9 lives"')
  })
})

describe('thinking', () => {
  const config = (chat: JsonObject, model: string, facts = {}): unknown => {
    const { body } = encoded(fromChat(chat), { model, facts })
    return (body['generationConfig'] as JsonObject | undefined)?.['thinkingConfig']
  }

  test.each([
    ['gemini-3-pro-preview', 'low', { thinkingLevel: 'LOW', includeThoughts: true }],
    ['gemini-3-pro-preview', 'medium', { thinkingLevel: 'LOW', includeThoughts: true }],
    ['gemini-3-pro-preview', 'xhigh', { thinkingLevel: 'HIGH', includeThoughts: true }],
    ['gemini-3-flash-preview', 'minimal', { thinkingLevel: 'MINIMAL', includeThoughts: true }],
    ['models/gemini-2.5-flash', 'none', { thinkingBudget: 0 }],
    ['gemini-2.5-pro', 'none', { thinkingBudget: 128 }],
    ['gemini-2.5-pro', 'high', { thinkingBudget: 24_576, includeThoughts: true }],
    ['gemini-2.5-flash-lite', 'xhigh', { thinkingBudget: 24_576, includeThoughts: true }],
    ['gemini-2.0-flash', 'high', undefined],
  ])('of %s at effort %s is asked for as %j', (model, effort, expected) => {
    expect(config({ reasoning_effort: effort }, model)).toEqual(expected)
  })

  test('is asked for as the catalogue says, before the name of the model is consulted', () => {
    expect(config({ reasoning_effort: 'high' }, 'tuned-model', { thinking: 'budget' })).toMatchObject({ thinkingBudget: 24_576 })
    expect(config({ reasoning_effort: 'high' }, 'gemini-2.5-pro', { thinking: 'none' })).toBeUndefined()
  })
})

describe('signatures of thoughts', () => {
  const history = (signature?: string): JsonObject => ({
    contents: [
      user,
      { role: 'model', parts: [{ functionCall: { id: 'a', name: 'f', args: {} }, thoughtSignature: signature }] },
      { role: 'user', parts: [{ functionResponse: { id: 'a', name: 'f', response: { output: '1' } } }] },
    ],
  })
  const signatures = (body: JsonObject): unknown[] =>
    [...JSON.stringify(body).matchAll(/"thoughtSignature":"([^"]+)"/g)].map((match) => match[1])
  const STAND_IN = 'skip_thought_signature_validator'

  test('stand at the text and at the call they came with', () => {
    const contents = [
      user,
      { role: 'model', parts: [{ text: 'Seven.', thoughtSignature: 'c2ln' }] },
      user,
      ...(history('Y2FsbA==')['contents'] as JsonObject[]).slice(1),
    ]
    expect(encoded(decoded({ contents })).body['contents']).toEqual(contents)
  })

  test('that a model demands and nobody has are stood in for, in the turn that goes on', () => {
    const { body, told } = encoded(decoded(history()))
    expect(signatures(body)).toEqual([STAND_IN])
    expect(told).toEqual(['edited part.reasoning_signature'])
    const over = { contents: [...(history()['contents'] as JsonObject[]), { role: 'model', parts: [{ text: '1' }] }, user] }
    expect(signatures(encoded(decoded(over)).body)).toEqual([])
    expect(signatures(encoded(decoded(history()), { model: 'gemini-2.5-pro' }).body)).toEqual([])
  })

  test('that were stood in for do not reach models that demand none', () => {
    expect(signatures(encoded(decoded(history(STAND_IN)), { model: 'gemini-2.5-pro' }).body)).toEqual([])
    const bytes = Buffer.from(JSON.stringify(history(STAND_IN)))
    expect(geminiCodec.passthroughRefusals?.(bytes, 'gemini-2.5-pro')).toEqual(['stand_in_signature'])
    expect(geminiCodec.passthroughRefusals?.(bytes, 'models/gemini-3-pro-preview')).toEqual([])
  })

  test('are wanted at the first of parallel calls only', () => {
    const call = (id: string): JsonObject => ({ functionCall: { id, name: 'f', args: {} } })
    const result = (id: string): JsonObject => ({ functionResponse: { id, name: 'f', response: {} } })
    const contents = [user, { role: 'model', parts: [call('a'), call('b')] }, { role: 'user', parts: [result('a'), result('b')] }]
    const [, turn] = encoded(decoded({ contents })).body['contents'] as { parts: JsonObject[] }[]
    expect(turn?.parts.map((part) => part['thoughtSignature'])).toEqual([STAND_IN, undefined])
  })
})

describe('JSON as the kind of the answer', () => {
  const asked = { response_format: { type: 'json_object' }, tools: [{ type: 'function', function: { name: 'f' } }] }

  test('is asked for in words beside functions, of models that refuse both together', () => {
    const { body, told } = encoded(fromChat(asked), { model: 'gemini-2.5-flash' })
    expect(body['generationConfig']).toBeUndefined()
    expect(JSON.stringify(body['systemInstruction'])).toContain('JSON')
    expect(told).toContain('rewritten response_format.json')
  })

  test('is asked for in its field of the others', () => {
    expect(encoded(fromChat(asked)).body['generationConfig']).toEqual({ responseMimeType: 'application/json' })
  })
})

describe('the counter of tokens', () => {
  const { tokenCounter } = geminiCodec

  test('takes the whole request, under the full name of the model', () => {
    expect(tokenCounter?.body({ contents: [user] }, 'gemini-3-pro')).toEqual({
      generateContentRequest: { model: 'models/gemini-3-pro', contents: [user] },
    })
  })

  test('is asked with the request inside its body, or with the contents alone', () => {
    const request = { model: 'models/x', contents: [user] }
    expect(tokenCounter?.request?.({ generateContentRequest: request })).toEqual(request)
    expect(tokenCounter?.request?.({ contents: [user] })).toEqual({ contents: [user] })
  })

  test('tells a number', () => {
    expect(tokenCounter?.read({ totalTokens: 12 })).toBe(12)
    expect(tokenCounter?.read({ totalTokens: '12' })).toBeUndefined()
  })
})
