import { describe, expect, test } from 'bun:test'
import { inspect } from 'node:util'
import { GatewayError } from '../errors/gateway-error.ts'
import { toTransportError } from './transport-error.ts'

const HEADERS = { phase: 'headers', host: 'api.example.test', provider: 'example' } as const
const BODY = { ...HEADERS, phase: 'body' } as const
const coded = (code: string, message = code): Error => Object.assign(new TypeError(message), { code })

describe('transport errors', () => {
  test.each([
    ['ENOTFOUND', 'upstream_connect_failed', 'dns', false],
    ['ECONNREFUSED', 'upstream_connect_failed', 'refused', false],
    ['EHOSTUNREACH', 'upstream_connect_failed', 'unreachable', false],
    ['EPROTO', 'upstream_connect_failed', 'tls', false],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'upstream_connect_failed', 'tls', false],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'upstream_connect_failed', 'tls', false],
    ['ERR_PROXY_TUNNEL', 'upstream_connect_failed', 'proxy', false],
    ['ECONNRESET', 'upstream_stream_interrupted', 'reset', true],
    ['UND_ERR_CONNECT_TIMEOUT', 'upstream_connect_failed', 'connect_timeout', false],
    ['UND_ERR_HEADERS_TIMEOUT', 'upstream_timeout', 'timeout', true],
    ['Malformed_HTTP_Response', 'upstream_bad_response', 'malformed', true],
    ['HPE_INVALID_CONSTANT', 'upstream_bad_response', 'malformed', true],
    ['ZlibError', 'upstream_bad_response', 'encoding', true],
    ['SOMETHING_NEW', 'upstream_stream_interrupted', 'other', true],
  ] as const)('%s before the headers is %s (%s)', (code, expected, reason, sent) => {
    const error = toTransportError(coded(code), HEADERS)
    expect(error.code).toBe(expected)
    expect(error.details).toEqual({ reason, sent, host: 'api.example.test' })
    // Clients see the message, and internal addresses are none of their business.
    expect(error.message).not.toContain('api.example.test')
    expect(error.message.toLowerCase()).toContain('provider example')
    expect(error.provider).toBe('example')
  })

  test('a failed connection means that the upstream has not seen the request', () => {
    for (const code of [
      'ENOTFOUND',
      'ECONNREFUSED',
      'EPROTO',
      'ECONNRESET',
      'EPIPE',
      'ETIMEDOUT',
      'SOMETHING_NEW',
      'ZlibError',
    ]) {
      const error = toTransportError(coded(code), HEADERS)
      expect([code, error.code === 'upstream_connect_failed']).toEqual([code, error.details?.['sent'] === false])
    }
  })

  test('a connection that did not come about in time has sent nothing', () => {
    const late = Object.assign(coded('ETIMEDOUT', 'connect ETIMEDOUT 10.0.0.1:443'), { syscall: 'connect' })
    expect(toTransportError(late, HEADERS)).toMatchObject({ code: 'upstream_connect_failed', details: { sent: false } })
  })

  test('the code is found behind the wrapper that Node puts around it', () => {
    const wrapped = new TypeError('fetch failed', { cause: coded('ENOTFOUND', 'getaddrinfo ENOTFOUND api.example.test') })
    expect(toTransportError(wrapped, HEADERS).details?.['reason']).toBe('dns')
    const several = new TypeError('fetch failed', { cause: new AggregateError([coded('ECONNREFUSED')]) })
    expect(toTransportError(several, HEADERS).details?.['reason']).toBe('refused')
  })

  test('a connection lost inside the answer is an interrupted stream', () => {
    expect(toTransportError(coded('ECONNRESET'), BODY).code).toBe('upstream_stream_interrupted')
    expect(toTransportError(new TypeError('terminated', { cause: coded('UND_ERR_SOCKET') }), BODY).code).toBe(
      'upstream_stream_interrupted',
    )
    expect(toTransportError(new TypeError('terminated', { cause: coded('Z_DATA_ERROR') }), BODY).code).toBe(
      'upstream_bad_response',
    )
  })

  test('an abort with a gateway error gives exactly that error', () => {
    const controller = new AbortController()
    const timeout = new GatewayError('upstream_timeout', 'no first token in time')
    controller.abort(timeout)
    expect(toTransportError(timeout, { ...HEADERS, signal: controller.signal })).toBe(timeout)
    expect(toTransportError(coded('ECONNRESET'), { ...BODY, signal: controller.signal })).toBe(timeout)
  })

  test('any other abort means the client went away', () => {
    const controller = new AbortController()
    controller.abort()
    expect(toTransportError(controller.signal.reason, { ...HEADERS, signal: controller.signal }).code).toBe(
      'client_closed_request',
    )
  })

  test('neither the message nor the cause holds the URL, whose query may hold a key', () => {
    const raw = Object.assign(coded('ZlibError', 'ZlibError fetching "https://api.example.test/v1?key=SECRET". For more'), {
      path: 'https://api.example.test/v1?key=SECRET',
    })
    const error = toTransportError(raw, HEADERS)
    expect(inspect(error, { depth: 9 })).not.toContain('SECRET')
    expect((error.cause as { code?: string }).code).toBe('ZlibError')
  })
})
