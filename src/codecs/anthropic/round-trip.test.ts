import { describe, expect, test } from 'bun:test'
import type { EncodeTarget } from '../codec.ts'
import type { JsonObject } from '../../ir/json.ts'
import { anthropicCodec } from './index.ts'

const FIRST_PARTY: EncodeTarget = { model: 'claude-test', quirks: { firstParty: true }, facts: {}, stream: false }

function roundTrip(body: JsonObject): JsonObject {
  const decoded = anthropicCodec.decodeRequest(body)
  const encoded = anthropicCodec.encodeRequest(decoded.value, {
    ...FIRST_PARTY,
    model: decoded.value.model,
    stream: decoded.value.stream,
  })
  expect(encoded.diagnostics).toEqual([])
  return encoded.value
}

const user = (content: unknown): JsonObject => ({ role: 'user', content })
const base = { model: 'claude-test', max_tokens: 4000, messages: [user('hi')] }
const call = { type: 'tool_use', id: 'toolu_1', name: 'search', input: { q: 'x' } }

const BODIES: Record<string, JsonObject> = {
  'a bare conversation': base,
  'text blocks with markers of both lifetimes': {
    ...base,
    system: [{ type: 'text', text: 'be brief', cache_control: { type: 'ephemeral' } }],
    messages: [user([{ type: 'text', text: 'a', cache_control: { type: 'ephemeral', ttl: '1h' } }])],
  },
  'a system string': { ...base, system: 'be brief' },
  'a system block without a marker': { ...base, system: [{ type: 'text', text: 'be brief' }] },
  'system turns in the middle, with settings': {
    ...base,
    messages: [
      user('a'),
      { role: 'system', content: 'now in French' },
      { role: 'assistant', content: 'b' },
      { role: 'system', clear_at: 'never', output_config: { effort: 'low' } },
      user('c'),
    ],
  },
  'thinking, redacted and not, in order': {
    ...base,
    thinking: { type: 'enabled', budget_tokens: 2000, display: 'omitted', block_binding: { prefix_mismatch_behavior: 'drop' } },
    messages: [
      user('a'),
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: '', signature: 'sig+/=' },
          { type: 'redacted_thinking', data: 'opaque' },
          { type: 'thinking', thinking: ' x ', signature: 's2' },
          call,
        ],
      },
      user([{ type: 'tool_result', tool_use_id: 'toolu_1', content: 'done' }]),
    ],
  },
  'tool results of every shape before text': {
    ...base,
    tools: [{ name: 'search', input_schema: { type: 'object' } }],
    messages: [
      user('a'),
      {
        role: 'assistant',
        content: [
          call,
          { ...call, id: 'toolu_2', caller: { type: 'code_execution_20250825', tool_id: 's1' } },
          { ...call, id: 'toolu_3', toolset_name: 'browser' },
        ],
      },
      user([
        {
          type: 'tool_result',
          tool_use_id: 'toolu_2',
          content: [
            { type: 'text', text: 'x' },
            { type: 'image', source: { type: 'url', url: 'https://a/b.png' } },
          ],
          is_error: true,
        },
        { type: 'tool_result', tool_use_id: 'toolu_1', content: '', is_error: false, cache_control: { type: 'ephemeral' } },
        {
          type: 'tool_result',
          tool_use_id: 'toolu_3',
          toolset_name: 'browser',
          content: [{ type: 'tool_reference', tool_name: 'search' }],
        },
        { type: 'text', text: 'go on' },
      ]),
    ],
  },
  'media of every source': {
    ...base,
    messages: [
      user([
        {
          type: 'image',
          source: { type: 'base64', media_type: 'image/png', data: 'AAAA' },
          transformations: { oversized_image: 'downsize' },
        },
        { type: 'image', source: { type: 'file', file_id: 'file_1' } },
        {
          type: 'document',
          source: { type: 'base64', media_type: 'application/pdf', data: 'AAAA' },
          title: 't',
          context: 'c',
          citations: { enabled: true },
        },
        { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'plain' } },
        { type: 'document', source: { type: 'content', content: 'one string' } },
        { type: 'document', source: { type: 'content', content: [{ type: 'text', text: 'x' }] }, citations: {} },
        { type: 'document', source: { type: 'url', url: 'https://a/b.pdf', newer: 1 } },
        { type: 'search_result', source: 's', title: 't', content: [{ type: 'text', text: 'x' }], citations: { enabled: false } },
        { type: 'container_upload', file_id: 'file_2' },
        { type: 'brand_new', anything: [1, null] },
      ]),
    ],
  },
  'hosted tools, citations and compactions': {
    ...base,
    tools: [{ type: 'web_search_20250305', name: 'web_search', max_uses: 3, cache_control: { type: 'ephemeral' } }],
    messages: [
      user('a'),
      {
        role: 'assistant',
        content: [
          { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: { query: 'x' } },
          {
            type: 'web_search_tool_result',
            tool_use_id: 'srvtoolu_1',
            content: [{ type: 'web_search_result', url: 'u', title: 't', encrypted_content: 'e' }],
          },
          { type: 'mcp_tool_use', id: 'm1', name: 'n', server_name: 's', input: {} },
          { type: 'mcp_tool_result', tool_use_id: 'm1', is_error: false, content: [] },
          {
            type: 'text',
            text: 'so',
            citations: [{ type: 'web_search_result_location', url: 'u', title: 't', cited_text: 'c', encrypted_index: 'i' }],
          },
          { type: 'compaction', content: 'summary', signature: 's' },
        ],
      },
      user('b'),
    ],
  },
  'tools with every option': {
    ...base,
    tools: [
      {
        name: 'a',
        description: 'd',
        input_schema: {
          type: 'object',
          properties: { x: { type: 'string' } },
          $schema: 'https://json-schema.org/draft/2020-12/schema',
        },
        strict: true,
        defer_loading: true,
        allowed_callers: ['direct'],
        input_examples: [{ x: '1' }],
        eager_input_streaming: true,
        type: 'custom',
        cache_control: { type: 'ephemeral', ttl: '5m' },
      },
    ],
    tool_choice: { type: 'tool', name: 'a', disable_parallel_tool_use: true },
  },
  'all top-level fields': {
    ...base,
    temperature: 0.5,
    top_p: 0.9,
    top_k: 5,
    stop_sequences: ['END'],
    stream: true,
    metadata: { user_id: 'u', newer: 1 },
    service_tier: 'standard_only',
    cache_control: { type: 'ephemeral' },
    context_management: { edits: [] },
    container: { id: 'c' },
    mcp_servers: [{ type: 'url', url: 'u', name: 'n' }],
    speed: 'fast',
    inference_geo: 'eu',
    output_config: {
      effort: 'xhigh',
      format: { type: 'json_schema', schema: { type: 'object', properties: { n: { type: 'number', minimum: 1 } } } },
      task_budget: { type: 'tokens', total: 1 },
    },
    diagnostics: { previous_message_id: null },
    fallbacks: [{ model: 'x' }],
  },
  'a thinking mode newer than the canonical form': { ...base, thinking: { type: 'between_tools' } },
  'a marker newer than the canonical form': {
    ...base,
    messages: [user([{ type: 'text', text: 'a', cache_control: { type: 'ephemeral', scope: 'global' } }])],
  },
}

describe('a valid body that is decoded and encoded again', () => {
  for (const [name, body] of Object.entries(BODIES)) {
    test(`is the same: ${name}`, () => {
      const before = JSON.stringify(body)
      expect(roundTrip(body)).toEqual(body)
      expect(JSON.stringify(body)).toBe(before)
    })
  }
})

describe('documented normalisations', () => {
  test('null is the same as absent', () => {
    expect(roundTrip({ ...base, system: null, tools: null, metadata: { user_id: null }, stop_sequences: null })).toEqual(base)
  })

  test('the output format of the older beta moves into output_config', () => {
    const format = { type: 'json_schema', schema: { type: 'object' } }
    expect(roundTrip({ ...base, output_format: format })).toEqual({ ...base, output_config: { format } })
  })

  test('adjacent turns of one role become one', () => {
    expect(roundTrip({ ...base, messages: [user('a'), user('b')] })['messages']).toEqual([
      user([
        { type: 'text', text: 'a' },
        { type: 'text', text: 'b' },
      ]),
    ])
  })
})

describe('malformed bodies', () => {
  const refused: Record<string, [unknown, string | undefined]> = {
    'no object': ['x', undefined],
    'no model': [{ messages: [] }, 'model'],
    'no messages': [{ model: 'm' }, 'messages'],
    'an unknown role': [{ model: 'm', messages: [{ role: 'robot', content: 'x' }] }, 'messages.0.role'],
    'content that is a number': [{ model: 'm', messages: [user(1)] }, 'messages.0.content'],
    'a block without a type': [{ model: 'm', messages: [user([{}])] }, 'messages.0.content.0.type'],
    'a negative limit': [{ ...base, max_tokens: -1 }, 'max_tokens'],
    'a temperature in words': [{ ...base, temperature: 'hot' }, 'temperature'],
  }
  for (const [name, [body, param]] of Object.entries(refused)) {
    test(`are refused with the field at fault: ${name}`, () => {
      try {
        anthropicCodec.decodeRequest(body)
      } catch (error) {
        expect(error).toMatchObject({ code: 'invalid_body', param })
        return
      }
      throw new Error('was accepted')
    })
  }

  test('keys that pollute prototypes elsewhere are plain keys here', () => {
    const body = JSON.parse(
      '{"model":"m","max_tokens":1,"__proto__":{"polluted":1},"messages":[{"role":"user","content":[{"type":"text","text":"x","__proto__":{"polluted":2},"constructor":3}]}]}',
    ) as JsonObject
    const encoded = JSON.stringify(roundTrip(body))
    expect(encoded).toContain('"__proto__":{"polluted":1}')
    expect(encoded).toContain('"__proto__":{"polluted":2}')
    expect(({} as JsonObject)['polluted']).toBeUndefined()
  })
})
