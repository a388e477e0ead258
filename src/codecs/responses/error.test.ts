import { describe, expect, test } from 'bun:test'
import { GatewayError } from '../../errors/gateway-error.ts'
import { responsesCodec } from './index.ts'

describe('errors of the Responses format', () => {
  test("keep an upstream's status, type, code and message, and name the request", () => {
    const error = new GatewayError('upstream_rate_limited', 'x', {
      upstream: { status: 429, type: 'tokens', code: 'rate_limit_exceeded', message: 'slow down' },
    })
    expect(responsesCodec.encodeError(error, 'req_1')).toEqual({
      status: 429,
      body: { error: { message: 'slow down', type: 'tokens', param: null, code: 'rate_limit_exceeded', request_id: 'req_1' } },
    })
  })

  test('name the field at fault and never show internals', () => {
    expect(responsesCodec.encodeError(new GatewayError('invalid_body', 'bad', { param: 'input' }), 'r').body).toMatchObject({
      error: { param: 'input', type: 'invalid_request_error', code: 'invalid_body' },
    })
    expect(responsesCodec.encodeError(new GatewayError('internal', 'secret path'), 'r')).toMatchObject({
      status: 500,
      body: { error: { message: 'internal error' } },
    })
  })

  test('are read from the shapes that servers send', () => {
    expect(responsesCodec.decodeError(400, { error: { message: 'm', type: 't', param: 'p', code: 'c' } })).toEqual({
      status: 400,
      message: 'm',
      type: 't',
      param: 'p',
      code: 'c',
    })
    expect(responsesCodec.decodeError(500, { error: 'plain' })).toEqual({ status: 500, message: 'plain' })
    expect(responsesCodec.decodeError(422, { detail: 'wrong' })).toMatchObject({ message: 'wrong' })
    expect(responsesCodec.decodeError(502, '')).toEqual({ status: 502 })
  })

  test('make whole answers throw: failed responses, error objects, bodies that are no answer', () => {
    expect(() =>
      responsesCodec.decodeResponse({ status: 'failed', output: [], error: { code: 'server_error', message: 'boom' } }),
    ).toThrow('boom')
    expect(() => responsesCodec.decodeResponse({ error: { message: 'boom' } })).toThrow('boom')
    for (const body of [null, [], 'x', {}, { output: 'x' }]) {
      let thrown: unknown
      try {
        responsesCodec.decodeResponse(body)
      } catch (error) {
        thrown = error
      }
      expect(thrown).toMatchObject({ code: 'upstream_bad_response' })
    }
  })
})
