import { describe, expect, test } from 'bun:test'
import { GatewayError } from '../../errors/gateway-error.ts'
import type { LlmRequest } from '../../ir/request.ts'
import { wrapState } from '../carrier.ts'
import type { EncodeTarget, WireQuirks } from '../codec.ts'
import { openaiCodec } from './index.ts'

const FIRST_PARTY: WireQuirks = { maxTokensField: 'max_completion_tokens', developerRole: true, customTools: true }

function target(quirks: WireQuirks = FIRST_PARTY, stream = false, facts: EncodeTarget['facts'] = {}): EncodeTarget {
  return { model: 'm', quirks, facts, stream }
}

function reencode(
  body: Record<string, unknown>,
  quirks: WireQuirks = FIRST_PARTY,
): { body: Record<string, unknown>; codes: string[] } {
  const { value } = openaiCodec.decodeRequest(body)
  const encoded = openaiCodec.encodeRequest(value, target(quirks, value.stream))
  return {
    body: encoded.value,
    codes: encoded.diagnostics.map((diagnostic) => `${diagnostic.severity} ${diagnostic.code} ${diagnostic.path}`),
  }
}

const user = { role: 'user', content: 'hi' }
const weather = {
  type: 'function',
  function: { name: 'weather', description: 'd', parameters: { type: 'object' }, strict: true },
}
const call = (id: string, name = 'weather') => ({ id, type: 'function', function: { name, arguments: '{"a":1}' } })

describe('a request of this format', () => {
  test('comes back unchanged with every field of the top level', () => {
    const body = {
      model: 'm',
      messages: [user],
      max_completion_tokens: 9007199254740991,
      temperature: 0.7,
      top_p: 0.5,
      seed: -3,
      frequency_penalty: 0.1,
      presence_penalty: -0.1,
      stop: ['a', 'b'],
      n: 2,
      logprobs: true,
      top_logprobs: 3,
      logit_bias: { '42': -100 },
      reasoning_effort: 'none',
      verbosity: 'low',
      modalities: ['text', 'audio'],
      audio: { voice: 'alloy', format: 'wav' },
      prediction: { type: 'content', content: 'x' },
      service_tier: 'flex',
      safety_identifier: 's',
      prompt_cache_key: 'k',
      prompt_cache_retention: '24h',
      prompt_cache_options: { mode: 'explicit' },
      metadata: { a: 'b' },
      user: 'u',
      store: true,
      web_search_options: { search_context_size: 'low' },
      moderation: { model: 'omni' },
      response_format: {
        type: 'json_schema',
        json_schema: { name: 'n', description: 'd', schema: { type: 'object' }, strict: true },
      },
      tools: [weather],
      tool_choice: { type: 'function', function: { name: 'weather' } },
      parallel_tool_calls: false,
      brand_new_field: { deep: [1, null] },
    }
    expect(reencode(body)).toEqual({ body, codes: [] })
  })

  test('comes back unchanged with every kind of part and message field', () => {
    const body = {
      model: 'm',
      messages: [
        { role: 'developer', content: 'rules', name: 'boss' },
        {
          role: 'system',
          content: [
            { type: 'text', text: 'a' },
            { type: 'text', text: 'b', prompt_cache_breakpoint: { mode: 'explicit' } },
          ],
        },
        {
          role: 'user',
          name: 'ann',
          content: [
            { type: 'text', text: 'look' },
            { type: 'image_url', image_url: { url: 'https://x/y.png', detail: 'low', new_inner: 1 } },
            { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
            { type: 'image_url', image_url: { url: 'data:image/svg+xml,%3Csvg%3E' } },
            { type: 'input_audio', input_audio: { data: 'AAAA', format: 'mp3' } },
            { type: 'file', file: { file_id: 'file-1' } },
            { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,AAAA' } },
            { type: 'video_url', video_url: { url: 'https://x/v.mp4' } },
            { type: 'hologram', hologram: { z: 1 } },
          ],
          vendor_flag: true,
        },
        { role: 'assistant', content: null, refusal: 'no', audio: { id: 'audio_1' } },
        {
          role: 'assistant',
          content: 'sure',
          annotations: [{ type: 'url_citation', url_citation: { start_index: 0, end_index: 1, url: 'https://x', title: 't' } }],
        },
        {
          role: 'assistant',
          content: null,
          tool_calls: [call('call_1'), { id: 'call_2', type: 'custom', custom: { name: 'patch', input: 'x' } }],
        },
        {
          role: 'tool',
          tool_call_id: 'call_1',
          content: [
            { type: 'text', text: 'a' },
            { type: 'text', text: 'b' },
          ],
          vendor_flag: 1,
        },
        { role: 'tool', tool_call_id: 'call_2', content: 'done' },
        { role: 'assistant', content: '', tool_calls: [call('call_3')] },
        { role: 'tool', tool_call_id: 'call_3', content: '' },
      ],
    }
    expect(reencode(body)).toEqual({ body, codes: [] })
  })

  test('keeps every kind of tool and choice', () => {
    const grammar = { type: 'grammar', grammar: { syntax: 'lark', definition: 'start: "a"' } }
    const tools = [
      weather,
      { type: 'custom', custom: { name: 'patch', description: 'd', format: grammar } },
      { type: 'custom', custom: { name: 'free', format: { type: 'text' } } },
      { type: 'web_search_preview', search_context_size: 'low' },
      { type: 'function', function: { name: 'extra', novel: 1 }, novel: 2 },
    ]
    const choices = [
      'auto',
      'none',
      'required',
      { type: 'custom', custom: { name: 'patch' } },
      { type: 'novel' },
      { type: 'allowed_tools', allowed_tools: { mode: 'auto', tools: [{ type: 'function', function: { name: 'weather' } }] } },
    ]
    for (const choice of choices) {
      const body = { model: 'm', messages: [user], tools, tool_choice: choice }
      expect(reencode(body)).toEqual({ body, codes: [] })
    }
  })

  test('keeps cache markers where the upstream takes them', () => {
    const marked = { type: 'text', text: 'x', cache_control: { type: 'ephemeral', ttl: '1h' } }
    const body = {
      model: 'm',
      messages: [{ role: 'user', content: [marked] }],
      tools: [{ ...weather, cache_control: { type: 'ephemeral' } }],
    }
    expect(reencode(body, { ...FIRST_PARTY, cacheControl: true })).toEqual({ body, codes: [] })
    expect(reencode(body).codes).toEqual(['lost cache_hint /messages/0/content/0', 'lost cache_hint /tools/0'])
  })

  test('drops null, which means "not said"', () => {
    const body = {
      model: 'm',
      messages: [{ role: 'assistant', content: 'x', refusal: null, audio: null, function_call: null, annotations: [] }],
      stop: null,
      temperature: null,
      tools: null,
    }
    expect(reencode(body)).toEqual({ body: { model: 'm', messages: [{ role: 'assistant', content: 'x' }] }, codes: [] })
  })

  test('keeps a known field of an unexpected type as it is', () => {
    const body = { model: 'm', messages: [user], temperature: 'hot', stop: [1], logit_bias: { a: 'b' } }
    expect(reencode(body)).toEqual({ body, codes: [] })
  })

  test('takes keys of the object prototype for plain fields', () => {
    const body = JSON.parse(
      '{"model":"m","messages":[{"role":"user","content":"hi","__proto__":{"polluted":1},"constructor":{"x":1}}],"__proto__":{"polluted":1}}',
    ) as Record<string, unknown>
    const encoded = reencode(body).body
    expect(JSON.stringify(encoded)).toContain('"__proto__":{"polluted":1}')
    expect(({} as { polluted?: number }).polluted).toBeUndefined()
  })
})

describe('old and lenient forms', () => {
  test('functions and function_call become tools, with results at their calls', () => {
    const { value } = openaiCodec.decodeRequest({
      model: 'm',
      messages: [
        user,
        { role: 'assistant', content: null, function_call: { name: 'weather', arguments: '{}' } },
        { role: 'function', name: 'weather', content: 'sunny' },
      ],
      functions: [{ name: 'weather', parameters: { type: 'object' } }],
      function_call: { name: 'weather' },
    })
    const { value: body } = openaiCodec.encodeRequest(value, target())
    expect(body).toEqual({
      model: 'm',
      messages: [
        user,
        {
          role: 'assistant',
          content: null,
          tool_calls: [{ id: 'call_function_1', type: 'function', function: { name: 'weather', arguments: '{}' } }],
        },
        { role: 'tool', tool_call_id: 'call_function_1', content: 'sunny', name: 'weather' },
      ],
      tools: [{ type: 'function', function: { name: 'weather', parameters: { type: 'object' } } }],
      tool_choice: { type: 'function', function: { name: 'weather' } },
    })
  })

  test('a bare image URL, a single stop and arguments that are an object are understood', () => {
    const { body } = reencode({
      model: 'm',
      messages: [
        { role: 'user', content: [{ type: 'image_url', image_url: 'https://x' }] },
        { role: 'assistant', tool_calls: [{ id: 'c', function: { name: 'f', arguments: { a: 1 } } }] },
        { role: 'tool', tool_call_id: 'c', content: 'ok' },
      ],
      stop: 'end',
    })
    expect(body['stop']).toEqual(['end'])
    expect(body['messages']).toEqual([
      { role: 'user', content: [{ type: 'image_url', image_url: { url: 'https://x' } }] },
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{"a":1}' } }],
      },
      { role: 'tool', tool_call_id: 'c', content: 'ok' },
    ])
  })

  test.each([
    [null, 'body'],
    [{ messages: [] }, 'model'],
    [{ model: 'm', messages: 'hi' }, 'messages'],
    [{ model: 'm', messages: [{ role: 'robot', content: 'x' }] }, 'messages[0].role'],
    [{ model: 'm', messages: [{ content: 'x' }] }, 'messages[0].role'],
    [{ model: 'm', messages: [{ role: 'user', content: 5 }] }, 'messages[0].content'],
    [{ model: 'm', messages: [{ role: 'tool', content: 'x' }] }, 'messages[0].tool_call_id'],
    [{ model: 'm', messages: [], tools: [{ type: 'function' }] }, 'tools[0].function'],
  ])('%j is refused, naming the field', (body, param) => {
    try {
      openaiCodec.decodeRequest(body)
      throw new Error('was accepted')
    } catch (error) {
      expect(error).toBeInstanceOf(GatewayError)
      expect((error as GatewayError).code).toBe('invalid_body')
      expect((error as GatewayError).param).toBe(param)
    }
  })
})

const turn = (fields: object) => ({ model: 'm', messages: [user, { role: 'assistant', content: 'a', ...fields }] })

describe('reasoning of earlier turns', () => {
  test('is only sent in the field the upstream takes', () => {
    const body = turn({ reasoning_content: 'because' })
    expect(reencode(body).codes).toEqual(['lost part.reasoning /messages/1/reasoning_content'])
    for (const field of ['reasoning_content', 'reasoning'] as const) {
      expect(reencode(body, { ...FIRST_PARTY, reasoningField: field }).body['messages']).toEqual([
        user,
        { role: 'assistant', content: 'a', [field]: 'because' },
      ])
    }
  })

  test('details of a server come back verbatim', () => {
    const body = turn({
      reasoning_details: [
        { type: 'reasoning.text', text: 'x', signature: 'sig', index: 0 },
        { type: 'reasoning.encrypted', data: 'zzz' },
      ],
    })
    expect(reencode(body, { ...FIRST_PARTY, reasoningField: 'reasoning_details' })).toEqual({ body, codes: [] })
  })

  test('an envelope becomes the state it carries, in its place among the text', () => {
    const signature = wrapState({ origin: 'anthropic', signature: 'sig' })
    const { value } = openaiCodec.decodeRequest(
      turn({
        reasoning_content: 'first\n\nsecond\n\nthird',
        reasoning_details: [
          { type: 'reasoning.text', text: 'second', signature },
          { type: 'reasoning.encrypted', data: wrapState({ origin: 'responses', id: 'rs_1', encrypted: 'e' }), summary: 'third' },
        ],
      }),
    )
    expect(value.messages[1]?.content).toMatchObject([
      { type: 'reasoning', text: 'first\n\n' },
      { type: 'reasoning', text: 'second', signature: 'sig', origin: 'anthropic' },
      { type: 'reasoning', summary: ['third'], encrypted: 'e', id: 'rs_1', origin: 'responses' },
      { type: 'text', text: 'a' },
    ])
  })
})

const request = (fields: Partial<LlmRequest>): LlmRequest => ({
  origin: 'anthropic',
  model: 'm',
  messages: [{ role: 'user', content: [{ type: 'text', text: 'hi' }] }],
  sampling: {},
  stream: false,
  ...fields,
})

const encode = (fields: Partial<LlmRequest>, quirks: WireQuirks = {}, facts: EncodeTarget['facts'] = {}, stream = false) => {
  const { value, diagnostics } = openaiCodec.encodeRequest(request(fields), target(quirks, stream, facts))
  return { body: value, codes: diagnostics.map((diagnostic) => `${diagnostic.severity} ${diagnostic.code}`) }
}

describe('requests of other formats', () => {
  test('media of tool results follow as a user turn behind the last result, and failure is told in the text', () => {
    const { body, codes } = encode({
      messages: [
        {
          role: 'assistant',
          content: [
            { type: 'tool-call', id: 'a', name: 'f', input: { kind: 'json', value: {} } },
            { type: 'tool-call', id: 'b', name: 'f', input: { kind: 'json', value: {} } },
          ],
        },
        {
          role: 'tool',
          content: [
            {
              type: 'tool-result',
              kind: 'json',
              callId: 'a',
              content: [
                { type: 'text', text: 'shot' },
                { type: 'image', source: { kind: 'base64', mediaType: 'image/png', data: 'AA' } },
              ],
            },
            { type: 'tool-result', kind: 'json', callId: 'b', isError: true, content: [{ type: 'text', text: 'no such file' }] },
          ],
        },
        { role: 'user', content: [{ type: 'text', text: 'go on' }] },
      ],
    })
    expect((body['messages'] as unknown[]).slice(1)).toEqual([
      { role: 'tool', tool_call_id: 'a', content: 'shot' },
      { role: 'tool', tool_call_id: 'b', content: 'Error: no such file' },
      { role: 'user', content: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AA' } }] },
      { role: 'user', content: 'go on' },
    ])
    expect(codes).toEqual(['rewritten part.image_in_tool_result', 'rewritten part.tool_result_error'])
  })

  test('custom tools and namespaces are rewritten for servers that know neither', () => {
    const { body, codes } = encode({
      tools: [
        { type: 'custom', name: 'patch', format: { type: 'grammar', syntax: 'lark', definition: 'g' } },
        { type: 'namespace', name: 'docs', tools: [{ type: 'function', name: 'find' }] },
      ],
      toolChoice: { type: 'named', name: 'find', namespace: 'docs', toolType: 'function' },
      messages: [
        {
          role: 'assistant',
          content: [
            { type: 'tool-call', id: 'a', name: 'patch', input: { kind: 'text', text: 'x"y' } },
            { type: 'tool-call', id: 'b', name: 'find', namespace: 'docs', input: { kind: 'json', text: '{}' } },
          ],
        },
        {
          role: 'tool',
          content: [
            { type: 'tool-result', kind: 'text', callId: 'a', content: [] },
            { type: 'tool-result', kind: 'json', callId: 'b', content: [] },
          ],
        },
      ],
    })
    const [patch, find] = body['tools'] as {
      function: { name: string; description?: string; parameters?: { required?: string[] } }
    }[]
    expect(patch?.function.name).toBe('patch')
    expect(patch?.function.description).toContain('lark grammar')
    expect(patch?.function.parameters?.required).toEqual(['input'])
    expect(find?.function.name).toBe('docs__find')
    expect(body['tool_choice']).toEqual({ type: 'function', function: { name: 'docs__find' } })
    expect((body['messages'] as unknown[])[0]).toMatchObject({
      tool_calls: [
        { function: { name: 'patch', arguments: '{"input":"x\\"y"}' } },
        { function: { name: 'docs__find', arguments: '{}' } },
      ],
    })
    expect(new Set(codes)).toEqual(
      new Set([
        'rewritten part.tool_call_custom',
        'rewritten part.tool_call_namespace',
        'rewritten tools.namespace',
        'rewritten tools.custom',
        'rewritten tools.custom_grammar',
      ]),
    )
  })

  test('thinking becomes effort, and nothing for a model that cannot reason', () => {
    expect(encode({ reasoning: { mode: 'enabled', budgetTokens: 31999 } }).body['reasoning_effort']).toBe('high')
    expect(encode({ reasoning: { mode: 'adaptive', effort: 'high' } }).body['reasoning_effort']).toBe('high')
    expect(encode({ reasoning: { mode: 'disabled' } }).body['reasoning_effort']).toBeUndefined()
    const plain = encode({ reasoning: { mode: 'adaptive', effort: 'high' } }, {}, { thinking: 'none' })
    expect(plain.body['reasoning_effort']).toBeUndefined()
    expect(plain.codes).toContain('edited reasoning.effort')
  })

  test('names of limits and roles follow the quirks of the server', () => {
    const fields: Partial<LlmRequest> = {
      maxOutputTokens: 5,
      messages: [{ role: 'developer', content: [{ type: 'text', text: 'x' }] }],
    }
    expect(encode(fields).body).toMatchObject({ max_tokens: 5, messages: [{ role: 'system' }] })
    expect(encode(fields, FIRST_PARTY).body).toMatchObject({ max_completion_tokens: 5, messages: [{ role: 'developer' }] })
  })

  test('streams ask for usage unless the server does not know how', () => {
    expect(encode({}, {}, {}, true).body).toMatchObject({ stream: true, stream_options: { include_usage: true } })
    expect(encode({}, { streamUsage: false }, {}, true).body['stream_options']).toBeUndefined()
    expect(encode({}).body['stream']).toBeUndefined()
  })

  test('a choice of tools without tools is left out, as OpenAI refuses it', () => {
    const { body, codes } = encode({ toolChoice: { type: 'auto' }, parallelToolCalls: true })
    expect(Object.keys(body).sort()).toEqual(['messages', 'model'])
    expect(codes).toEqual(['edited tool_choice.raw', 'edited parallel_tool_calls'])
  })

  test('documents become files or text, and long ids are shortened', () => {
    const { body, codes } = encode({
      user: 'u'.repeat(65),
      messages: [
        {
          role: 'user',
          content: [
            {
              type: 'document',
              source: { kind: 'base64', mediaType: 'application/pdf', data: 'AA' },
              title: 'T',
              context: 'C',
              citations: true,
            },
            { type: 'document', source: { kind: 'text', mediaType: 'text/plain', text: 'body' }, title: 'N' },
            { type: 'document', source: { kind: 'file', id: 'f', origin: 'anthropic' } },
          ],
        },
      ],
    })
    expect(body['user']).toHaveLength(64)
    expect(body['messages']).toEqual([
      {
        role: 'user',
        content: [
          { type: 'text', text: 'C' },
          { type: 'file', file: { file_data: 'data:application/pdf;base64,AA', filename: 'T' } },
          { type: 'text', text: 'N\nbody' },
        ],
      },
    ])
    expect(codes).toEqual([
      'lost part.document_citations',
      'rewritten part.document_context',
      'rewritten part.document_title',
      'rewritten part.document_text',
      'lost part.document_file',
      'rewritten user',
    ])
  })

  test('the billing line of Claude Code is removed', () => {
    const { body, codes } = encode({
      messages: [
        {
          role: 'system',
          content: [
            { type: 'text', text: 'x-anthropic-billing-header: 1' },
            { type: 'text', text: 'rules' },
          ],
        },
      ],
    })
    expect(body['messages']).toEqual([{ role: 'system', content: 'rules' }])
    expect(codes).toEqual(['edited attribution_block'])
  })
})
