import { describe, expect, test } from 'bun:test'
import { anthropicLossColumn } from '../../catalog/loss/anthropic.ts'
import type { Diagnostic } from '../../ir/diagnostic.ts'
import { isObject, type JsonObject } from '../../ir/json.ts'
import type { LlmRequest, Message } from '../../ir/request.ts'
import { wrapState } from '../carrier.ts'
import type { ModelFacts, WireQuirks } from '../codec.ts'
import { anthropicCodec } from './index.ts'

interface Encoded {
  readonly body: JsonObject
  readonly diagnostics: readonly Diagnostic[]
  readonly codes: readonly string[]
}

function encode(request: Partial<LlmRequest>, facts: ModelFacts = {}, quirks: WireQuirks = {}): Encoded {
  const whole: LlmRequest = {
    model: 'm',
    messages: [user('hi')],
    sampling: {},
    stream: false,
    maxOutputTokens: 32_000,
    ...request,
  }
  const { value, diagnostics } = anthropicCodec.encodeRequest(whole, { model: 'claude', quirks, facts, stream: whole.stream })
  for (const diagnostic of diagnostics)
    expect([diagnostic.code, anthropicLossColumn[diagnostic.code]]).not.toEqual([diagnostic.code, 'carried'])
  for (const diagnostic of diagnostics)
    if (diagnostic.severity === 'lost')
      expect([diagnostic.code, anthropicLossColumn[diagnostic.code]]).toEqual([diagnostic.code, 'lost'])
  return { body: value, diagnostics, codes: diagnostics.map((diagnostic) => diagnostic.code) }
}

const text = (value: string, path?: string) => ({ type: 'text' as const, text: value, ...(path === undefined ? {} : { path }) })
const user = (value: string): Message => ({ role: 'user', content: [text(value)] })
const assistant = (...content: Message['content']): Message => ({ role: 'assistant', content })
const call = (id: string, name = 'f') => ({
  type: 'tool-call' as const,
  id,
  name,
  input: { kind: 'json' as const, text: '{"a":1}' },
})
const result = (callId: string, value: string) => ({
  type: 'tool-result' as const,
  callId,
  kind: 'json' as const,
  content: [text(value)],
})
const tool = (name: string, parameters: unknown = { type: 'object' }) => ({ type: 'function' as const, name, parameters })
const messagesOf = (encoded: Encoded): JsonObject[] => (encoded.body['messages'] as unknown[]).filter(isObject)

const blocksOf = (message: JsonObject | undefined): JsonObject[] =>
  Array.isArray(message?.['content']) ? message['content'].filter(isObject) : []
const limit = (wanted: number | undefined, facts: ModelFacts): Encoded => encode({ maxOutputTokens: wanted }, facts)
const thinking = (request: Partial<LlmRequest>, facts: ModelFacts): unknown[] => {
  const encoded = encode(request, facts)
  return [encoded.body['thinking'], encoded.body['output_config']]
}

describe('turns', () => {
  test('leading instructions become system, later ones user text', () => {
    const encoded = encode({
      messages: [
        { role: 'developer', content: [text('a')] },
        { role: 'system', content: [text('b')] },
        user('c'),
        { role: 'system', content: [text('d')], path: '/messages/3' },
      ],
    })
    expect(encoded.body['system']).toEqual([
      { type: 'text', text: 'a' },
      { type: 'text', text: 'b' },
    ])
    expect(messagesOf(encoded)).toEqual([
      {
        role: 'user',
        content: [
          { type: 'text', text: 'c' },
          { type: 'text', text: 'd' },
        ],
      },
    ])
    expect(encoded.codes).toEqual(['role.developer', 'role.system_mid_conversation'])
  })

  test('later instructions stay where they are when the beta is asked for', () => {
    const messages: Message[] = [user('c'), { role: 'system', content: [text('d')] }]
    const encoded = encode({ messages, vendor: { betas: ['mid-conversation-system-2026-04-07'] } }, {}, { firstParty: true })
    expect(messagesOf(encoded).map((message) => message['role'])).toEqual(['user', 'system'])
  })

  test('a conversation that starts with the assistant, or is empty, gets a user turn first', () => {
    expect(messagesOf(encode({ messages: [assistant(text('hello'))] })).map((message) => message['role'])).toEqual([
      'user',
      'assistant',
    ])
    expect(messagesOf(encode({ messages: [{ role: 'system', content: [text('x')] }] }))).toHaveLength(1)
  })

  test('no text without visible characters is sent, and only a real one is reported', () => {
    const messages = [
      user('a'),
      assistant(text(''), call('c1')),
      { role: 'tool' as const, content: [result('c1', 'r')] },
      user(' \n'),
      user('b'),
    ]
    const encoded = encode({ messages })
    expect(JSON.stringify(encoded.body)).not.toContain('"text":""')
    expect(encoded.codes).toEqual(['message.empty_text'])
  })

  test('a started answer loses its trailing white space', () => {
    const encoded = encode({ messages: [user('a'), assistant(text('The answer is \n'))] })
    expect(messagesOf(encoded)[1]).toEqual({ role: 'assistant', content: [{ type: 'text', text: 'The answer is' }] })
    expect(encoded.codes).toEqual(['message.assistant_prefill'])
  })

  test('parallel results go into one user turn, in place and with valid ids', () => {
    const messages = [
      user('a'),
      assistant(call('call:1'), call('c2')),
      { role: 'tool' as const, content: [result('c2', 'r2')] },
      { role: 'tool' as const, content: [{ ...result('call:1', 'r1'), isError: true }] },
      user('b'),
    ]
    const encoded = encode({ messages })
    const [, answer, results] = messagesOf(encoded)
    const ids = blocksOf(answer).map((block) => block['id'])
    expect(ids).toEqual(['sbid_call_x3a_1', 'c2'])
    expect(blocksOf(results).map((block) => block['tool_use_id'] ?? block['text'])).toEqual(['c2', 'sbid_call_x3a_1', 'b'])
    expect(blocksOf(results)[1]?.['is_error']).toBe(true)
    expect(new Set(encoded.codes)).toEqual(new Set(['part.tool_call_id']))
  })

  test('reasoning of another origin stays home, with a diagnostic for each thing left', () => {
    const encoded = encode({
      messages: [
        user('a'),
        assistant(
          { type: 'reasoning', summary: ['s'], encrypted: 'e', id: 'rs_1', origin: 'responses', path: '/input/1' },
          text('b'),
        ),
        user('c'),
      ],
    })
    expect(JSON.stringify(encoded.body)).not.toContain('thinking')
    expect(encoded.diagnostics.map(({ code, path }) => `${code} ${path}`)).toEqual([
      'part.reasoning /input/1',
      'part.reasoning_encrypted /input/1',
    ])
  })

  test('state in our envelope goes back to its origin', () => {
    const signature = wrapState({ origin: 'responses', id: 'rs_1', encrypted: 'e' })
    const { value } = anthropicCodec.decodeRequest({
      model: 'm',
      max_tokens: 1,
      messages: [
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: 'why', signature },
            { type: 'redacted_thinking', data: wrapState({ origin: 'openai', details: [{ type: 'x' }] }) },
          ],
        },
      ],
    })
    expect(value.messages[0]?.content).toMatchObject([
      { type: 'reasoning', origin: 'responses', id: 'rs_1', encrypted: 'e', summary: ['why'] },
      { type: 'reasoning', origin: 'openai', details: [{ type: 'x' }] },
    ])
  })
})

describe('thinking', () => {
  test('an effort is told in the way the model knows', () => {
    expect(thinking({ reasoning: { effort: 'high' } }, { thinking: 'adaptive' })).toEqual([
      { type: 'adaptive' },
      { effort: 'high' },
    ])
    expect(thinking({ reasoning: { effort: 'minimal' } }, { thinking: 'both' })).toEqual([
      { type: 'adaptive' },
      { effort: 'low' },
    ])
    expect(thinking({ reasoning: { effort: 'high' } }, { thinking: 'budget' })).toEqual([
      { type: 'enabled', budget_tokens: 24_000 },
      undefined,
    ])
    expect(thinking({ reasoning: { effort: 'xhigh' }, maxOutputTokens: 8000 }, {})).toEqual([
      { type: 'enabled', budget_tokens: 6000 },
      undefined,
    ])
    expect(thinking({ reasoning: { effort: 'high' } }, { thinking: 'none' })).toEqual([undefined, undefined])
    expect(thinking({ reasoning: { mode: 'disabled', effort: 'none' } }, {})).toEqual([{ type: 'disabled' }, undefined])
  })

  test('what Claude Code asks of an unknown model fits the one behind the alias', () => {
    expect(thinking({ origin: 'anthropic', reasoning: { mode: 'adaptive', effort: 'high' } }, { thinking: 'budget' })).toEqual([
      { type: 'enabled', budget_tokens: 24_000 },
      undefined,
    ])
    expect(
      thinking({ origin: 'anthropic', reasoning: { mode: 'enabled', budgetTokens: 31_999 } }, { thinking: 'adaptive' }),
    ).toEqual([{ type: 'adaptive' }, { effort: 'high' }])
    expect(
      thinking(
        { origin: 'anthropic', reasoning: { mode: 'enabled', budgetTokens: 31_999 }, maxOutputTokens: 64_000 },
        { maxOutputTokens: 8192 },
      ),
    ).toEqual([{ type: 'enabled', budget_tokens: 8191 }, undefined])
  })

  test('a forced call turns thinking off, as does an output limit without room', () => {
    const forced = encode(
      { reasoning: { effort: 'high' }, tools: [tool('f')], toolChoice: { type: 'required' } },
      { thinking: 'budget' },
    )
    expect(forced.body['thinking']).toBeUndefined()
    expect(forced.body['tool_choice']).toEqual({ type: 'any' })
    expect(forced.codes).toContain('reasoning.effort')
    expect(
      encode({ reasoning: { effort: 'low' }, maxOutputTokens: 500 }, { thinking: 'budget' }).body['thinking'],
    ).toBeUndefined()
  })

  test('tool calls of another vendor are continued without a budget', () => {
    const messages = [user('a'), assistant(call('c1')), { role: 'tool' as const, content: [result('c1', 'r')] }]
    expect(encode({ messages, reasoning: { effort: 'high' } }, { thinking: 'budget' }).body['thinking']).toBeUndefined()
    expect(encode({ messages, reasoning: { effort: 'high' } }, { thinking: 'adaptive' }).body['thinking']).toEqual({
      type: 'adaptive',
    })
  })

  test('sampling controls that thinking excludes are left out', () => {
    const encoded = encode(
      { reasoning: { effort: 'low' }, sampling: { temperature: 0.2, topP: 0.5, topK: 3 } },
      { thinking: 'budget' },
    )
    expect([encoded.body['temperature'], encoded.body['top_p'], encoded.body['top_k']]).toEqual([undefined, undefined, undefined])
    expect(encoded.codes).toEqual(['reasoning.effort', 'sampling.temperature', 'sampling.top_p', 'sampling.top_k'])
  })
})

describe('other fields', () => {
  test("the output limit is the model's when the client names none, and never above it", () => {
    expect(limit(undefined, { maxOutputTokens: 8192 })).toMatchObject({ body: { max_tokens: 8192 }, codes: [] })
    expect(limit(undefined, {})).toMatchObject({ body: { max_tokens: 32_000 }, codes: ['max_output_tokens.default'] })
    expect(limit(10_000, { maxOutputTokens: 8192 })).toMatchObject({ body: { max_tokens: 8192 }, codes: ['max_output_tokens'] })
  })

  test('stop sequences of white space are dropped and reported', () => {
    expect(encode({ sampling: { stop: ['\n', 'END'] } })).toMatchObject({
      body: { stop_sequences: ['END'] },
      codes: ['sampling.stop'],
    })
    expect(encode({ sampling: { stop: ['\n'] } }).body['stop_sequences']).toBeUndefined()
  })

  test('tools of other formats are fitted', () => {
    const encoded = encode({
      tools: [
        {
          type: 'custom',
          name: 'apply_patch',
          format: { type: 'grammar', syntax: 'lark', definition: 'start: x' },
          path: '/tools/0',
        },
        { type: 'namespace', name: 'mcp', tools: [tool('read')] },
        tool('union', {
          anyOf: [
            { type: 'object', properties: { a: {} }, required: ['a'] },
            { type: 'object', properties: { b: {}, a: {} }, required: ['a', 'b'] },
          ],
        }),
        { type: 'hosted', kind: 'web_search', origin: 'responses', raw: {} },
      ],
      toolChoice: { type: 'named', name: 'read', namespace: 'mcp', toolType: 'function' },
      parallelToolCalls: false,
    })
    const tools = (encoded.body['tools'] as unknown[]).filter(isObject)
    expect(tools.map((entry) => entry['name'])).toEqual(['apply_patch', 'mcp__read', 'union'])
    expect(tools[2]?.['input_schema']).toEqual({ type: 'object', properties: { a: {}, b: {} }, required: ['a'] })
    expect(encoded.body['tool_choice']).toEqual({ type: 'tool', name: 'mcp__read', disable_parallel_tool_use: true })
    expect(encoded.codes).toEqual([
      'tools.custom',
      'tools.custom_grammar',
      'tools.namespace',
      'tools.schema',
      'tools.hosted',
      'tool_choice.named',
    ])
  })

  test('a tool choice without tools is left out', () => {
    expect(encode({ toolChoice: { type: 'required' }, parallelToolCalls: true })).toMatchObject({
      codes: ['tool_choice.required', 'parallel_tool_calls'],
    })
    expect(encode({ toolChoice: { type: 'required' } }).body['tool_choice']).toBeUndefined()
  })

  test('a schema for the answer loses the keywords the format refuses to its description', () => {
    const schema = { type: 'object', properties: { n: { type: 'number', minimum: 1 }, minimum: { type: 'string' } } }
    const encoded = encode({ responseFormat: { type: 'json-schema', name: 'x', schema } })
    expect(encoded.body['output_config']).toEqual({
      format: {
        type: 'json_schema',
        schema: {
          type: 'object',
          properties: { n: { type: 'number', description: '{minimum: 1}' }, minimum: { type: 'string' } },
          additionalProperties: false,
        },
      },
    })
    expect(encoded.codes).toEqual(['schema_constraint', 'response_format.json_schema'])
  })

  test('at most four markers are sent: the first of the prefix and the last of the conversation', () => {
    const cache = {}
    const encoded = encode({
      tools: [{ ...tool('a'), cache }],
      messages: [
        { role: 'system', content: [{ ...text('s'), cache }] },
        ...['1', '2', '3', '4'].map((value): Message => ({
          role: 'user',
          content: [{ ...text(value), cache, path: `/messages/${value}` }],
        })),
      ],
    })
    expect(JSON.stringify(encoded.body).match(/cache_control/g)).toHaveLength(4)
    expect(encoded.diagnostics.map((diagnostic) => diagnostic.path)).toEqual(['/messages/1', '/messages/2'])
  })

  test('fields of one vendor go to that vendor only', () => {
    const request: Partial<LlmRequest> = {
      origin: 'anthropic',
      vendor: { context_management: { edits: [] }, betas: ['x'] },
      extra: { format: 'anthropic', fields: { fallbacks: [] } },
    }
    expect(encode(request, {}, { firstParty: true })).toMatchObject({
      body: { context_management: { edits: [] }, fallbacks: [] },
      codes: [],
    })
    expect(encode(request)).toMatchObject({ codes: ['vendor.context_management', 'extension'] })
    expect(encode({ extra: { format: 'openai', fields: { 'a/b': 1 } } }).diagnostics[0]).toMatchObject({
      code: 'extension',
      path: '/a~1b',
    })
  })

  test('media the API refuses are named by a note, data addresses are sent as data', () => {
    const messages: Message[] = [
      {
        role: 'user',
        content: [
          { type: 'image', source: { kind: 'url', url: 'data:image/png;base64,AAAA' } },
          { type: 'image', source: { kind: 'base64', mediaType: 'image/heic', data: 'A' } },
          { type: 'audio', source: { kind: 'base64', mediaType: 'audio/wav', data: 'A' } },
        ],
      },
    ]
    const encoded = encode({ messages })
    expect(messagesOf(encoded)[0]?.['content']).toMatchObject([
      { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } },
      { type: 'text' },
    ])
    expect(encoded.codes).toEqual(['part.image_base64', 'part.audio'])
  })
})
