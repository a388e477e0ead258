import { describe, expect, test } from 'bun:test'
import { GatewayError } from '../../errors/gateway-error.ts'
import { countTokensBody } from './count-tokens.ts'
import { anthropicCodec } from './index.ts'

describe('errors', () => {
  test('have the envelope, type and request id that the SDKs parse', () => {
    expect(
      anthropicCodec.encodeError(new GatewayError('invalid_body', 'messages: must be an array', { param: 'messages' }), 'req_1'),
    ).toEqual({
      status: 400,
      body: {
        type: 'error',
        error: {
          type: 'invalid_request_error',
          message: 'messages: must be an array',
          details: { error_code: 'invalid_body', param: 'messages' },
        },
        request_id: 'req_1',
      },
    })
    const types = [401, 402, 403, 404, 413, 429, 500, 503, 504, 529, 418].map((status) => {
      const { body } = anthropicCodec.encodeError(new GatewayError('upstream_other', 'x', { upstream: { status } }), 'req_1')
      return (body['error'] as { type: string }).type
    })
    expect(types).toEqual([
      'authentication_error',
      'billing_error',
      'permission_error',
      'not_found_error',
      'request_too_large',
      'rate_limit_error',
      'api_error',
      'overloaded_error',
      'timeout_error',
      'overloaded_error',
      'invalid_request_error',
    ])
  })

  test('keep what the upstream said, and hide internals', () => {
    const upstream = { status: 529, type: 'overloaded_error', message: 'Overloaded' }
    expect(anthropicCodec.encodeError(new GatewayError('upstream_overloaded', 'gateway words', { upstream }), 'r')).toMatchObject(
      { status: 529, body: { error: { type: 'overloaded_error', message: 'Overloaded' } } },
    )
    expect(JSON.stringify(anthropicCodec.encodeError(new GatewayError('internal', 'secret path /x'), 'r'))).not.toContain(
      'secret path',
    )
  })

  test('of upstreams are read in every shape seen', () => {
    expect(
      anthropicCodec.decodeError(429, {
        type: 'error',
        error: { type: 'rate_limit_error', message: 'slow', details: { error_code: 'ramp' } },
      }),
    ).toEqual({ status: 429, type: 'rate_limit_error', code: 'ramp', message: 'slow' })
    expect(anthropicCodec.decodeError(500, { error: 'down' })).toEqual({ status: 500, message: 'down' })
    expect(anthropicCodec.decodeError(502, '<html>')).toEqual({ status: 502, message: '<html>' })
    expect(anthropicCodec.decodeError(502, undefined)).toEqual({ status: 502 })
  })
})

const facts = (data: unknown) =>
  anthropicCodec.inspectFrame({ event: undefined, data: typeof data === 'string' ? data : JSON.stringify(data) })

describe('a frame looked at alone', () => {
  test('tells what metering and fallback need', () => {
    expect(facts({ type: 'message_start', message: { model: 'm', content: [], usage: { input_tokens: 1 } } })).toMatchObject({
      semantic: false,
      terminal: false,
      model: 'm',
      usage: { inputTokens: 1 },
    })
    expect(facts({ type: 'content_block_start', content_block: { type: 'text', text: '' } }).semantic).toBe(false)
    expect(facts({ type: 'content_block_start', content_block: { type: 'tool_use' } }).semantic).toBe(true)
    expect(facts({ type: 'content_block_delta', delta: { type: 'text_delta', text: 'x' } }).semantic).toBe(true)
    expect(facts({ type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 2 } })).toMatchObject({
      semantic: true,
      finish: { unified: 'stop' },
      usage: { outputTokens: 2 },
    })
    expect(facts({ type: 'message_stop' }).terminal).toBe(true)
    expect(facts({ type: 'error', error: { type: 'api_error', message: 'x' } })).toMatchObject({
      terminal: true,
      error: { status: 500 },
    })
  })

  test('is no reason to fail when it cannot be read', () => {
    for (const data of [
      '',
      '{',
      '[]',
      'null',
      '{"type":1}',
      '{"type":"message_start"}',
      '{"type":"message_delta","delta":null,"usage":7}',
    ])
      expect(facts(data)).toMatchObject({ terminal: false })
  })
})

test('the token counter gets only fields it takes', () => {
  expect(countTokensBody({ model: 'm', messages: [], max_tokens: 1, stream: true, temperature: 1, tools: [] })).toEqual({
    model: 'm',
    messages: [],
    tools: [],
  })
})
