import { describe, expect, test } from 'bun:test'
import { GatewayError } from '../../errors/gateway-error.ts'
import type { LlmRequest, Message } from '../../ir/request.ts'
import { wrapState } from '../carrier.ts'
import { responsesLossColumn } from '../../catalog/loss/responses.ts'
import { responsesCodec } from './index.ts'
import { TARGET, withoutAbsent } from './test-support.ts'

const decode = (body: Record<string, unknown>): LlmRequest => responsesCodec.decodeRequest({ model: 'gpt-x', ...body }).value
const encode = (request: LlmRequest, stream = false) => responsesCodec.encodeRequest(request, { ...TARGET, stream })

/** What comes back for a body of this format. */
function roundTrip(body: Record<string, unknown>): unknown {
  const { value, diagnostics } = encode(decode(body), body['stream'] === true)
  expect(diagnostics).toEqual([])
  return withoutAbsent(value)
}

const expectExact = (body: Record<string, unknown>): void =>
  expect(roundTrip(body)).toEqual(withoutAbsent({ model: 'gpt-x', ...body }))

/** A request of another format, as far as this encoder can tell. */
const foreign = (messages: Message[], more: Partial<LlmRequest> = {}): LlmRequest => ({
  model: 'x',
  stream: false,
  sampling: {},
  messages,
  ...more,
})

const ITEMS: Record<string, Record<string, unknown>> = {
  'a user message with text, image and file': {
    type: 'message',
    role: 'user',
    content: [
      { type: 'input_text', text: 'look', prompt_cache_breakpoint: { mode: 'explicit' } },
      { type: 'input_image', image_url: 'data:image/png;base64,AAAA', detail: 'high' },
      { type: 'input_image', image_url: 'https://x.example/a.png', detail: 'auto' },
      { type: 'input_image', file_id: 'file-1', detail: 'low' },
      { type: 'input_file', filename: 'a.pdf', file_data: 'data:application/pdf;base64,BBBB' },
      { type: 'input_file', file_url: 'https://x.example/a.pdf', detail: 'high' },
      { type: 'input_file', file_id: 'file-2' },
      { type: 'input_novel', value: 1 },
    ],
  },
  'a message whose content is a string': { type: 'message', role: 'developer', content: 'be brief' },
  'an answer replayed with id, phase and annotations': {
    type: 'message',
    id: 'msg_1',
    role: 'assistant',
    status: 'completed',
    phase: 'final_answer',
    content: [
      {
        type: 'output_text',
        text: 'x',
        annotations: [{ type: 'file_citation', file_id: 'f', filename: 'n', index: 1 }],
        logprobs: [],
      },
      { type: 'refusal', refusal: 'no' },
      { type: 'output_novel', value: 2 },
    ],
  },
  reasoning: {
    type: 'reasoning',
    id: 'rs_1',
    summary: [{ type: 'summary_text', text: 's' }],
    content: [{ type: 'reasoning_text', text: 't' }],
    encrypted_content: 'enc',
    status: 'completed',
  },
  'reasoning with several texts': {
    type: 'reasoning',
    id: 'rs_1',
    summary: [],
    content: [
      { type: 'reasoning_text', text: 'a' },
      { type: 'reasoning_text', text: 'b' },
    ],
    encrypted_content: 'e',
  },
  function_call: {
    type: 'function_call',
    id: 'fc_1',
    call_id: 'c1',
    name: 'f',
    namespace: 'ns',
    arguments: '{"a": 1}',
    status: 'completed',
    caller: { type: 'direct' },
  },
  function_call_output: { type: 'function_call_output', id: 'fco_1', call_id: 'c1', output: 'done', status: 'completed' },
  'function_call_output with parts': {
    type: 'function_call_output',
    call_id: 'c1',
    output: [{ type: 'input_text', text: 'one' }],
  },
  custom_tool_call: { type: 'custom_tool_call', id: 'ctc_1', call_id: 'c2', name: 'patch', input: '*** Begin' },
  custom_tool_call_output: {
    type: 'custom_tool_call_output',
    call_id: 'c2',
    output: [
      { type: 'input_text', text: 'a' },
      { type: 'input_image', image_url: 'https://x.example/i' },
    ],
  },
  item_reference: { type: 'item_reference', id: 'msg_9' },
  compaction: { type: 'compaction', id: 'cmp_1', encrypted_content: 'zzz' },
  web_search_call: { type: 'web_search_call', id: 'ws', status: 'completed', action: { type: 'search', query: 'q' } },
  computer_call: {
    type: 'computer_call',
    id: 'cu',
    call_id: 'c3',
    action: { type: 'click' },
    pending_safety_checks: [],
    status: 'completed',
  },
  computer_call_output: {
    type: 'computer_call_output',
    call_id: 'c3',
    output: { type: 'computer_screenshot', image_url: 'data:image/png;base64,AA' },
  },
  local_shell_call: {
    type: 'local_shell_call',
    id: 'ls',
    call_id: 'c4',
    action: { type: 'exec', command: ['ls'], env: {} },
    status: 'completed',
  },
  local_shell_call_output: { type: 'local_shell_call_output', id: 'c4', output: '{}' },
  shell_call: { type: 'shell_call', call_id: 'c5', action: { commands: ['ls'] } },
  shell_call_output: { type: 'shell_call_output', call_id: 'c5', output: [] },
  apply_patch_call: {
    type: 'apply_patch_call',
    call_id: 'c6',
    status: 'completed',
    operation: { type: 'delete_file', path: 'x' },
  },
  apply_patch_call_output: { type: 'apply_patch_call_output', call_id: 'c6', status: 'completed', output: 'ok' },
  mcp_list_tools: { type: 'mcp_list_tools', id: 'm1', server_label: 's', tools: [] },
  mcp_approval_request: { type: 'mcp_approval_request', id: 'm2', server_label: 's', name: 'n', arguments: '{}' },
  mcp_approval_response: { type: 'mcp_approval_response', approval_request_id: 'm2', approve: true },
  mcp_call: { type: 'mcp_call', id: 'm3', server_label: 's', name: 'n', arguments: '{}', output: 'o' },
  image_generation_call: { type: 'image_generation_call', id: 'ig', status: 'completed', result: 'AAAA' },
  code_interpreter_call: {
    type: 'code_interpreter_call',
    id: 'ci',
    status: 'completed',
    container_id: 'cn',
    code: 'x',
    outputs: [],
  },
  file_search_call: { type: 'file_search_call', id: 'fs', status: 'completed', queries: ['q'] },
  tool_search_call: { type: 'tool_search_call', id: 'ts', arguments: {} },
  tool_search_output: { type: 'tool_search_output', id: 'to', tools: [] },
  additional_tools: { type: 'additional_tools', role: 'developer', tools: [] },
  compaction_trigger: { type: 'compaction_trigger' },
  'an item of unknown type': { type: 'novel_item', deep: { value: [1] } },
}

/** The field that a refusal names. */
const param = (body: unknown): string | undefined => {
  try {
    responsesCodec.decodeRequest(body)
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'invalid_body') return error.param ?? '(body)'
  }
  return undefined
}

describe('a Responses request', () => {
  for (const [name, item] of Object.entries(ITEMS)) {
    test(`comes back exactly with ${name}`, () => expectExact({ input: [item] }))
  }

  test('comes back exactly with all items together, in their order', () => {
    expectExact({ input: Object.values(ITEMS) })
    expectExact({ input: Object.values(ITEMS).reverse() })
  })

  test('comes back exactly with every option', () => {
    expectExact({
      instructions: 'be kind',
      input: 'hi',
      stream: true,
      temperature: 0.2,
      top_p: 0.9,
      top_logprobs: 3,
      max_output_tokens: 5,
      max_tool_calls: 2,
      parallel_tool_calls: false,
      store: true,
      background: true,
      conversation: { id: 'conv_1' },
      previous_response_id: 'resp_1',
      prompt: { id: 'p', variables: { a: 'b' } },
      include: ['reasoning.encrypted_content', 'message.output_text.logprobs'],
      truncation: 'auto',
      service_tier: 'flex',
      safety_identifier: 's',
      prompt_cache_key: 'k',
      prompt_cache_retention: '24h',
      prompt_cache_options: { mode: 'auto', ttl: '1h' },
      metadata: { a: 'b' },
      user: 'u',
      context_management: [{ type: 'compaction', compact_threshold: 5 }],
      client_metadata: { thread: 't' },
      stream_options: { include_obfuscation: false },
      moderation: { model: 'm' },
      text: {
        verbosity: 'low',
        novel: 1,
        format: { type: 'json_schema', name: 'n', description: 'd', schema: { type: 'object' }, strict: true },
      },
      reasoning: { effort: 'high', summary: 'auto', context: 'all_turns' },
      novel_option: { x: [1, 2] },
    })
    expectExact({ input: 'hi', reasoning: { effort: 'none' }, text: { format: { type: 'json_object' } } })
    expectExact({ input: 'hi', text: { format: { type: 'grammar', definition: 'x' } } })
  })

  test('comes back exactly with every kind of tool and choice', () => {
    const tools = [
      {
        type: 'function',
        name: 'f',
        description: 'd',
        parameters: { type: 'object' },
        strict: true,
        defer_loading: true,
        allowed_callers: ['direct'],
        output_schema: {},
      },
      { type: 'function', name: 'g' },
      { type: 'custom', name: 'c', description: 'd', format: { type: 'grammar', syntax: 'lark', definition: 'start: x' } },
      {
        type: 'namespace',
        name: 'ns',
        description: 'd',
        tools: [
          { type: 'function', name: 'h', strict: false, parameters: {} },
          { type: 'custom', name: 'i' },
        ],
      },
      { type: 'web_search', external_web_access: true },
      { type: 'mcp', server_label: 's', server_url: 'https://x.example' },
    ]
    for (const choice of [
      'auto',
      'none',
      'required',
      { type: 'function', name: 'f' },
      { type: 'function', name: 'h', namespace: 'ns' },
      { type: 'custom', name: 'c' },
      { type: 'allowed_tools', mode: 'auto', tools: [{ type: 'function', name: 'f' }] },
      { type: 'web_search_preview' },
      { type: 'mcp', server_label: 's', name: 'x' },
    ]) {
      expectExact({ input: 'hi', tools, tool_choice: choice })
    }
  })

  test('joins neighbouring reasoning, message and call items to one assistant turn and begins a new one at a second message', () => {
    const { messages } = decode({
      input: [
        { role: 'user', content: 'q' },
        { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'e' },
        {
          type: 'message',
          role: 'assistant',
          id: 'msg_1',
          phase: 'commentary',
          status: 'completed',
          content: [{ type: 'output_text', text: 'a' }],
        },
        { type: 'function_call', call_id: 'c', name: 'f', arguments: '{}' },
        { type: 'message', role: 'assistant', id: 'msg_2', status: 'completed', content: [{ type: 'output_text', text: 'b' }] },
        { type: 'function_call_output', call_id: 'c', output: 'r' },
      ],
    })
    expect(messages.map((message) => [message.role, message.id, message.content.map((part) => part.type)])).toEqual([
      ['user', undefined, ['text']],
      ['assistant', 'msg_1', ['reasoning', 'text', 'tool-call']],
      ['assistant', 'msg_2', ['text']],
      ['tool', undefined, ['tool-result']],
    ] as never)
    expect(messages[1]?.content[1]?.path).toBe('/input/2/content/0')
  })

  test('refuses bodies that cannot be understood and names the field', () => {
    expect(param([])).toBe('(body)')
    expect(param({ input: 'x' })).toBe('model')
    expect(param({ model: 'm', input: 5 })).toBe('input')
    expect(param({ model: 'm', input: ['x'] })).toBe('input[0]')
    expect(param({ model: 'm', input: [{ type: 'message', role: 'robot', content: '' }] })).toBe('input[0].role')
    expect(param({ model: 'm', input: [{ content: 'x' }] })).toBe('input[0]')
    expect(param({ model: 'm', input: 'x', tools: [{ type: 'function' }] })).toBe('tools[0].name')
  })

  test('keeps hostile keys as data', () => {
    const body = JSON.parse(
      '{"model":"gpt-x","input":[{"type":"message","role":"user","content":"x","__proto__":{"a":1}}],"__proto__":{"polluted":true}}',
    ) as Record<string, unknown>
    const { value } = encode(responsesCodec.decodeRequest(body).value)
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
    expect(JSON.stringify(value)).toContain('"__proto__":{"polluted":true}')
  })

  test('restores reasoning of other formats from the envelope and never sends it to a Responses upstream', () => {
    const envelope = wrapState({ origin: 'anthropic', redacted: 'opaque' })
    const request = decode({
      input: [
        { type: 'reasoning', id: 'rs_x', summary: [], encrypted_content: envelope },
        { role: 'user', content: 'q' },
      ],
    })
    expect(request.messages[0]?.content[0]).toMatchObject({
      origin: 'anthropic',
      redacted: 'opaque',
      id: undefined,
      encrypted: undefined,
    })
    const { value, diagnostics } = encode(request)
    expect(value['input']).toHaveLength(1)
    expect(diagnostics).toMatchObject([{ severity: 'lost', code: 'part.reasoning_redacted', path: '/input/0' }])
  })

  test('leaves out reasoning by id when nothing is stored, as OpenAI refuses unknown ids', () => {
    const input = [{ type: 'reasoning', id: 'rs_1', summary: [] }]
    expect(encode(decode({ input, store: false })).diagnostics).toMatchObject([{ code: 'part.reasoning', path: '/input/0' }])
    expectExact({ input, store: true })
  })
})

describe('a request of another format for a Responses upstream', () => {
  test('says what is not said by default there: no storing, no strict tools', () => {
    const { value } = encode(
      foreign([{ role: 'user', content: [{ type: 'text', text: 'hi' }] }], { tools: [{ type: 'function', name: 'f' }] }),
    )
    expect(value).toEqual({
      model: 'gpt-x',
      input: [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: 'hi' }] }],
      tools: [{ type: 'function', name: 'f', parameters: { type: 'object', properties: {} }, strict: false }],
      store: false,
    })
  })

  test('keeps text beside calls, images in tool results, and the marks of failed results', () => {
    const { value, diagnostics } = encode(
      foreign([
        {
          role: 'assistant',
          content: [
            { type: 'text', text: 'let me' },
            { type: 'tool-call', id: 'c', name: 'f', input: { kind: 'json', value: { a: 1 } } },
          ],
        },
        {
          role: 'tool',
          content: [
            {
              type: 'tool-result',
              callId: 'c',
              kind: 'json',
              isError: true,
              content: [
                { type: 'text', text: 'x' },
                { type: 'image', source: { kind: 'base64', mediaType: 'image/png', data: 'AA' } },
              ],
            },
          ],
        },
      ]),
    )
    expect(value['input']).toEqual([
      { type: 'message', role: 'assistant', content: 'let me' },
      { type: 'function_call', call_id: 'c', name: 'f', arguments: '{"a":1}' },
      {
        type: 'function_call_output',
        call_id: 'c',
        status: 'incomplete',
        output: [
          { type: 'input_text', text: 'x' },
          { type: 'input_image', image_url: 'data:image/png;base64,AA' },
        ],
      },
    ])
    expect(diagnostics).toMatchObject([{ severity: 'rewritten', code: 'part.tool_result_error' }])
  })

  test('asks for visible, replayable reasoning where the client has a thinking mode', () => {
    const { value } = encode(
      foreign([{ role: 'user', content: [{ type: 'text', text: 'hi' }] }], {
        reasoning: { mode: 'enabled', budgetTokens: 31_999 },
      }),
    )
    expect(value).toMatchObject({
      reasoning: { effort: 'high', summary: 'auto' },
      include: ['reasoning.encrypted_content'],
      store: false,
    })
  })

  test('reports what cannot be asked for, at the place the client wrote it', () => {
    const { diagnostics } = encode(
      foreign(
        [
          {
            role: 'user',
            name: 'bob',
            path: '/messages/0',
            content: [{ type: 'text', text: 'hi', path: '/messages/0/content', cache: {} }],
            extra: { format: 'openai', fields: { odd: 1 } },
          },
        ],
        {
          sampling: { stop: ['x'], seed: 1, n: 2, topK: 3, frequencyPenalty: 1, presencePenalty: 1, logitBias: { 1: 2 } },
          paths: { 'sampling.stop': '/stop' },
          extra: { format: 'openai', fields: { 'a/b': 1 } },
        },
      ),
    )
    expect(diagnostics.map((diagnostic) => `${diagnostic.severity} ${diagnostic.code} ${diagnostic.path}`).sort()).toEqual([
      'lost cache_hint /messages/0/content',
      'lost extension /a~1b',
      'lost extension /messages/0/odd',
      'lost message.name /messages/0',
      'lost sampling.frequency_penalty ',
      'lost sampling.logit_bias ',
      'lost sampling.n ',
      'lost sampling.presence_penalty ',
      'lost sampling.seed ',
      'lost sampling.stop /stop',
      'lost sampling.top_k ',
    ])
    for (const diagnostic of diagnostics) expect(responsesLossColumn[diagnostic.code]).not.toBe('carried')
  })

  test('repairs the order of tool results, shortens ids that are too long, and drops the attribution block', () => {
    const id = 'x'.repeat(80)
    const { value, diagnostics } = encode(
      foreign([
        {
          role: 'system',
          instructions: true,
          content: [
            { type: 'text', text: 'x-anthropic-billing-header: a' },
            { type: 'text', text: 'be brief' },
          ],
        },
        { role: 'assistant', content: [{ type: 'tool-call', id, name: 'f', input: { kind: 'json', text: '' } }] },
        {
          role: 'user',
          content: [
            { type: 'tool-result', callId: id, kind: 'json', content: [] },
            { type: 'text', text: 'go on' },
          ],
        },
      ]),
    )
    expect(value['instructions']).toBe('be brief')
    const [call, output, user] = value['input'] as Record<string, unknown>[]
    expect(call).toMatchObject({ type: 'function_call', arguments: '{}' })
    expect(output).toMatchObject({ type: 'function_call_output', call_id: call?.['call_id'], output: '' })
    expect(String(call?.['call_id']).length).toBeLessThanOrEqual(64)
    expect(user).toMatchObject({ type: 'message', role: 'user' })
    for (const diagnostic of diagnostics) expect(responsesLossColumn[diagnostic.code]).not.toBe('carried')
  })
})
