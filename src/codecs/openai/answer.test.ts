import { describe, expect, test } from 'bun:test'
import { GatewayError } from '../../errors/gateway-error.ts'
import type { LlmRequest } from '../../ir/request.ts'
import type { LlmResponse } from '../../ir/response.ts'
import { unwrapState } from '../carrier.ts'
import type { ClientContext } from '../codec.ts'
import { openaiCodec } from './index.ts'

function context(request: Partial<LlmRequest> = {}): ClientContext {
  return {
    requestId: '0'.repeat(32),
    model: 'route',
    createdAt: 7,
    request: { model: 'route', messages: [], sampling: {}, stream: false, ...request },
  }
}

describe('whole answers', () => {
  const token = { token: 'a', logprob: -1, bytes: null, top_logprobs: [] }
  const body = {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 5,
    model: 'route',
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: 'a',
          refusal: null,
          annotations: [{ type: 'url_citation', url_citation: { start_index: 0, end_index: 1, url: 'https://x', title: 't' } }],
        },
        logprobs: { content: [token], refusal: null },
        finish_reason: 'stop',
      },
      { index: 1, message: { role: 'assistant', content: null, refusal: 'no' }, logprobs: null, finish_reason: 'content_filter' },
      {
        index: 2,
        message: {
          role: 'assistant',
          content: null,
          refusal: null,
          tool_calls: [
            { id: 'a', type: 'function', function: { name: 'f', arguments: '{"big":9007199254740993}' } },
            { id: 'b', type: 'custom', custom: { name: 'p', input: 'x' } },
          ],
        },
        logprobs: null,
        finish_reason: 'tool_calls',
      },
      {
        index: 3,
        message: {
          role: 'assistant',
          content: null,
          refusal: null,
          audio: { id: 'au', data: 'AA==', transcript: 'x', expires_at: 9 },
          reasoning_content: 'hm',
          reasoning_details: [{ type: 'reasoning.text', text: 'hm', signature: 's' }],
        },
        logprobs: null,
        finish_reason: 'length',
      },
    ],
    usage: {
      prompt_tokens: 10,
      completion_tokens: 5,
      total_tokens: 15,
      prompt_tokens_details: { cached_tokens: 4, cache_write_tokens: 2, audio_tokens: 1 },
      completion_tokens_details: {
        reasoning_tokens: 3,
        accepted_prediction_tokens: 1,
        rejected_prediction_tokens: 0,
        audio_tokens: 0,
      },
    },
    service_tier: 'default',
    system_fingerprint: 'fp',
  }

  test('come back unchanged', () => {
    const decoded = openaiCodec.decodeResponse(body)
    expect(decoded.diagnostics).toEqual([])
    expect(openaiCodec.encodeResponse(decoded.value, context())).toEqual({ value: body, diagnostics: [] })
  })

  test('of other formats keep opaque state in an envelope, split names joined and custom input free', () => {
    const response: LlmResponse = {
      choices: [
        {
          index: 0,
          content: [
            { type: 'reasoning', text: 'hm', signature: 'sig', origin: 'anthropic' },
            { type: 'reasoning', redacted: 'r', origin: 'anthropic' },
            { type: 'text', text: 'abc' },
            { type: 'text', text: 'de', citations: [{ kind: 'url', url: 'https://x', origin: 'anthropic', raw: {} }] },
            { type: 'tool-call', id: 'a', name: 'patch', input: { kind: 'json', text: '{"input":"free"}' } },
            { type: 'tool-call', id: 'b', name: 'find', namespace: 'docs', input: { kind: 'json', value: { a: 1 } } },
            { type: 'hosted-tool-call', kind: 'web_search', origin: 'anthropic', raw: {} },
          ],
          finish: { unified: 'pause' },
        },
      ],
    }
    const { value, diagnostics } = openaiCodec.encodeResponse(response, context({ tools: [{ type: 'custom', name: 'patch' }] }))
    const [choice] = value['choices'] as { message: Record<string, unknown>; finish_reason: string }[]
    expect(choice?.finish_reason).toBe('stop')
    expect(choice?.message).toMatchObject({
      content: 'abcde',
      reasoning_content: 'hm',
      annotations: [
        { type: 'url_citation', url_citation: { start_index: 3, end_index: 5, url: 'https://x', title: 'https://x' } },
      ],
      tool_calls: [
        { id: 'a', type: 'custom', custom: { name: 'patch', input: 'free' } },
        { id: 'b', type: 'function', function: { name: 'docs__find', arguments: '{"a":1}' } },
      ],
    })
    const details = choice?.message['reasoning_details'] as { signature?: string; data?: string }[]
    expect(unwrapState(details[0]?.signature ?? '')).toEqual({ origin: 'anthropic', signature: 'sig' })
    expect(unwrapState(details[1]?.data ?? '')).toEqual({ origin: 'anthropic', redacted: 'r' })
    expect(diagnostics.map((diagnostic) => diagnostic.code)).toEqual(['part.hosted_tool_call'])
    // The client gives the message back as it is, and the state is there again.
    const again = openaiCodec
      .decodeRequest({ model: 'm', messages: [choice?.message] })
      .value.messages[0]?.content.filter((part) => part.type === 'reasoning')
    expect(again).toMatchObject([
      { text: 'hm', signature: 'sig', origin: 'anthropic' },
      { redacted: 'r', origin: 'anthropic' },
    ])
  })

  test('that are errors or nothing are refused', () => {
    for (const wrong of [{ error: { message: 'x' } }, {}, null, 'text', { choices: [{}] }]) {
      expect(() => openaiCodec.decodeResponse(wrong)).toThrow(GatewayError)
    }
    expect(openaiCodec.decodeResponse({ choices: [], error: null }).value.choices).toEqual([])
  })
})

describe('errors', () => {
  test('have the official shape, the request id and what the upstream said', () => {
    const error = new GatewayError('upstream_rate_limited', 'slow down', {
      upstream: { status: 429, type: 'tokens', code: 'rate_limit_exceeded', message: 'Rate limit reached' },
    })
    expect(openaiCodec.encodeError(error, 'req_1')).toEqual({
      status: 429,
      body: {
        error: { message: 'Rate limit reached', type: 'tokens', param: null, code: 'rate_limit_exceeded', request_id: 'req_1' },
      },
    })
    expect(openaiCodec.encodeError(new GatewayError('invalid_body', 'bad', { param: 'messages' }), 'r')).toMatchObject({
      status: 400,
      body: { error: { type: 'invalid_request_error', param: 'messages', code: 'invalid_body' } },
    })
    expect(openaiCodec.encodeError(new GatewayError('internal', 'secret'), 'r').body).toMatchObject({
      error: { message: 'internal error' },
    })
  })

  test.each([
    [{ error: { message: 'm', type: 't', code: 'c', param: 'p' } }, { message: 'm', type: 't', code: 'c', param: 'p' }],
    [{ error: 'm' }, { message: 'm' }],
    [
      { object: 'error', message: 'm', type: 't', code: 400 },
      { message: 'm', type: 't', code: '400' },
    ],
    [[{ error: { code: 404, message: 'm', status: 'NOT_FOUND' } }], { message: 'm', type: 'NOT_FOUND', code: '404' }],
    [{ detail: [{ msg: 'a' }, { msg: 'b' }] }, { message: 'a; b' }],
    [{ detail: 'm' }, { message: 'm' }],
    ['plain', { message: 'plain' }],
    [null, {}],
  ])('%j is understood', (body, facts) => {
    expect(openaiCodec.decodeError(418, body)).toEqual({ status: 418, ...facts })
  })
})

const inspect = (data: unknown) =>
  openaiCodec.inspectFrame({ event: undefined, data: typeof data === 'string' ? data : JSON.stringify(data) })
const marked = (frame: unknown) => openaiCodec.passthrough.inspect.some((mark) => JSON.stringify(frame).includes(mark))

describe('inspection of passing frames', () => {
  test('tells roles from answers, and ends from both', () => {
    expect(
      inspect({
        model: 'm',
        choices: [{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null }],
        usage: null,
      }),
    ).toEqual({ semantic: false, text: 0, terminal: false, model: 'm' })
    for (const delta of [{ content: 'a' }, { reasoning: 'a' }, { tool_calls: [{}] }, { refusal: 'a' }, { audio: {} }])
      expect(inspect({ choices: [{ index: 0, delta }] }).semantic).toBe(true)
    expect(inspect('[DONE]')).toEqual({ semantic: false, terminal: true })
    expect(inspect({ choices: [{ index: 0, delta: {}, finish_reason: 'length' }] })).toMatchObject({
      semantic: true,
      finish: { unified: 'length', raw: 'length' },
    })
    expect(inspect({ choices: [], usage: { prompt_tokens: 1, completion_tokens: 2 } })).toMatchObject({
      usageOnly: true,
      usage: { inputTokens: 1, outputTokens: 2 },
    })
    expect(inspect({ error: { message: 'm' } }).error?.message).toBe('m')
  })

  test('never fails', () => {
    for (const data of ['', '{', 'null', '[]', '5', '{"choices":[null]}', '{"choices":5,"usage":5}'])
      expect(inspect(data)).toMatchObject({ semantic: false, terminal: false })
    for (const body of [null, 5, [], {}, { choices: [null] }]) expect(openaiCodec.inspectResponse(body).semantic).toBe(false)
  })

  test('every frame that tells usage, a reason or an error holds one of the marks', () => {
    expect(marked({ choices: [], usage: { prompt_tokens: 1 } })).toBe(true)
    expect(marked({ choices: [{ finish_reason: 'stop' }] })).toBe(true)
    expect(marked({ error: { message: 'x' } })).toBe(true)
    expect(marked({ choices: [{ delta: { content: '"usage":{' }, finish_reason: null }], usage: null })).toBe(false)
  })
})
