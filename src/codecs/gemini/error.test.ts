import { describe, expect, test } from 'bun:test'
import { GatewayError } from '../../errors/gateway-error.ts'
import { geminiCodec } from './index.ts'

const TYPE = 'type.googleapis.com/google.rpc.'

describe('errors', () => {
  test('have the envelope of google.rpc, with the field and the request id in its details', () => {
    const error = new GatewayError('invalid_body', 'contents: is required', { param: 'contents' })
    expect(geminiCodec.encodeError(error, 'req_1')).toEqual({
      status: 400,
      body: {
        error: {
          code: 400,
          message: 'contents: is required',
          status: 'INVALID_ARGUMENT',
          details: [
            { '@type': `${TYPE}RequestInfo`, requestId: 'req_1' },
            { '@type': `${TYPE}ErrorInfo`, reason: 'invalid_body', domain: 'switchback' },
            { '@type': `${TYPE}BadRequest`, fieldViolations: [{ field: 'contents', description: 'contents: is required' }] },
          ],
        },
      },
    })
  })

  test('are named by the canonical code of their status', () => {
    const names = [400, 401, 402, 403, 404, 413, 429, 500, 503, 504, 529].map((status) => {
      const { body } = geminiCodec.encodeError(new GatewayError('upstream_other', 'x', { upstream: { status } }), 'r')
      return (body['error'] as { status: string }).status
    })
    expect(names).toEqual([
      'INVALID_ARGUMENT',
      'UNAUTHENTICATED',
      'FAILED_PRECONDITION',
      'PERMISSION_DENIED',
      'NOT_FOUND',
      'FAILED_PRECONDITION',
      'RESOURCE_EXHAUSTED',
      'INTERNAL',
      'UNAVAILABLE',
      'DEADLINE_EXCEEDED',
      'UNAVAILABLE',
    ])
  })

  test("keep the vendor's own name where it fits, and the time to wait", () => {
    const upstream = { status: 400, type: 'FAILED_PRECONDITION', message: 'Not here.' }
    const error = new GatewayError('upstream_other', 'x', { upstream, retryAfterMs: 1500 })
    expect(geminiCodec.encodeError(error, 'r').body['error']).toMatchObject({
      message: 'Not here.',
      status: 'FAILED_PRECONDITION',
      details: expect.arrayContaining([{ '@type': `${TYPE}RetryInfo`, retryDelay: '2s' }]),
    })
  })

  test('tell machines which limit was reached, or why no target serves', () => {
    const limit = { scope: 'tenant', limit_usd: 1 }
    const targets = [{ id: 'a/m', reason: 'cooling' }]
    const refused = geminiCodec.encodeError(new GatewayError('budget_exceeded', 'x', { details: { limit } }), 'r').body['error']
    const busy = geminiCodec.encodeError(new GatewayError('all_targets_unavailable', 'x', { details: { targets } }), 'r').body[
      'error'
    ]
    const struct = 'type.googleapis.com/google.protobuf.Struct'
    expect(refused).toMatchObject({ details: expect.arrayContaining([{ '@type': struct, value: { limit } }]) })
    expect(busy).toMatchObject({ details: expect.arrayContaining([{ '@type': struct, value: { targets } }]) })
  })

  test('hide internals', () => {
    const shown = JSON.stringify(geminiCodec.encodeError(new GatewayError('internal', 'secret path /x'), 'r'))
    expect(shown).not.toContain('secret path')
  })

  test('of an upstream are read with their reason, their field and the time to wait', () => {
    const body = {
      error: {
        code: 429,
        message: 'Slow down.',
        status: 'RESOURCE_EXHAUSTED',
        details: [
          { '@type': `${TYPE}ErrorInfo`, reason: 'RATE_LIMIT_EXCEEDED' },
          { '@type': `${TYPE}BadRequest`, fieldViolations: [{ field: 'contents[0]', description: 'x' }] },
          { '@type': `${TYPE}RetryInfo`, retryDelay: '1.5s' },
        ],
      },
    }
    const facts = {
      status: 429,
      type: 'RESOURCE_EXHAUSTED',
      code: 'RATE_LIMIT_EXCEEDED',
      param: 'contents[0]',
      message: 'Slow down.',
      retryAfterMs: 1500,
    }
    expect(geminiCodec.decodeError(429, body)).toEqual(facts)
    expect(geminiCodec.decodeError(429, [body])).toEqual(facts)
  })

  test.each([[undefined], [''], [{}], [[]], [{ error: 7 }], [{ error: { details: [null, { '@type': 3 }] } }]])(
    'that say nothing are read without failing: %j',
    (body) => {
      expect(geminiCodec.decodeError(500, body)).toEqual({ status: 500 })
    },
  )

  test('that are the last word tell that nothing is left, so that the vendor’s own command line stops', () => {
    const messageOf = (error: GatewayError): unknown => geminiCodec.encodeError(error, 'r').body['error']
    expect(messageOf(new GatewayError('admission_timeout', 'Full.'))).toMatchObject({
      code: 503,
      message: 'Full. Left within the limit: 0.',
    })
    expect(messageOf(new GatewayError('limit_exceeded', 'Too many.', { retryAfterMs: 1_000 }))).toMatchObject({
      code: 429,
      message: 'Too many.',
    })
    expect(messageOf(new GatewayError('budget_exceeded', 'Spent.'))).toMatchObject({ code: 402, message: 'Spent.' })
  })
})
