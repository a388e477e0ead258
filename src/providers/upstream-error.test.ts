import { describe, expect, test } from 'bun:test'
import { inspect } from 'node:util'
import { asAccountId, asProviderId } from '../ir/ids.ts'
import { Secret } from '../lib/secret.ts'
import { UpstreamErrors } from './upstream-error.ts'

const errors = new UpstreamErrors(
  {
    id: asProviderId('acme'),
    format: 'openai',
    accounts: [{ id: asAccountId('main'), priority: 0, apiKey: new Secret('very-secret-token') }],
  },
  () => Date.parse('2026-01-01T00:00:00Z'),
)

describe('errors of upstreams', () => {
  test('status, type, code, parameter and message of the upstream are kept', () => {
    const error = errors.ofStatus(
      400,
      { type: 'invalid_request_error', code: 'bad', param: 'top_p', message: 'top_p is too large' },
      new Headers(),
    )
    expect(error).toMatchObject({
      code: 'upstream_invalid_request',
      provider: 'acme',
      httpStatus: 400,
      param: 'top_p',
      message: 'top_p is too large',
    })
    expect(error.upstream).toEqual({
      status: 400,
      type: 'invalid_request_error',
      code: 'bad',
      param: 'top_p',
      message: 'top_p is too large',
    })
  })

  test('an upstream that explains nothing still gives a sentence', () => {
    expect(errors.ofStatus(502, {}, new Headers()).message).toBe(
      'Provider acme answered with an error (HTTP 502) and no explanation.',
    )
    expect(errors.ofStatus(404, {}, new Headers()).message).toContain('base_url')
  })

  test('a refused credential is told as what it is: a matter for the operator', () => {
    const error = errors.ofStatus(
      401,
      { type: 'invalid_request_error', message: 'Incorrect API key provided: sk-pr******cdef.' },
      new Headers(),
    )
    expect(error.message).toBe(
      'Provider acme refused the credential of this gateway (HTTP 401): Incorrect API key provided: [redacted]. Check the key of this account in the configuration.',
    )
    expect(error.upstream).not.toHaveProperty('message')
  })

  test('credentials that an upstream repeats are cut out', () => {
    const told = errors.ofStatus(
      400,
      { message: 'header "Bearer very-secret-token" or sk-abcdefghijklmnopqrstuvwx is odd' },
      new Headers(),
    )
    expect(inspect(told, { depth: 9 })).not.toMatch(/very-secret-token|abcdefghij/)
    expect(errors.ofFailure({ message: 'token very-secret-token' }).upstream?.message).toBe('token [redacted]')
  })

  test('the time to wait is read where waiting helps, and ignored elsewhere', () => {
    const headers = new Headers({ 'retry-after': '7' })
    expect(errors.ofStatus(429, {}, headers).retryAfterMs).toBe(7_000)
    expect(errors.ofStatus(529, {}, headers).retryAfterMs).toBe(7_000)
    expect(errors.ofStatus(401, {}, headers).retryAfterMs).toBeUndefined()
    expect(errors.ofFailure({ code: 'rate_limit_exceeded', message: 'Please try again in 2s.' }).retryAfterMs).toBe(2_000)
  })

  test('the body of a refusal may name the time to wait', () => {
    expect(errors.ofStatus(429, { retryAfterMs: 36_000, message: 'try again in 5s' }, new Headers()).retryAfterMs).toBe(36_000)
    expect(errors.ofStatus(400, { retryAfterMs: 36_000 }, new Headers()).retryAfterMs).toBeUndefined()
  })

  test("limits and the upstream's request id stay for the client, and what belongs to the account does not", () => {
    const error = errors.ofStatus(
      429,
      {},
      new Headers({
        'x-ratelimit-remaining-requests': '0',
        'x-request-id': 'req_up',
        'x-should-retry': 'true',
        'openai-organization': 'org-secret',
        'set-cookie': 'a=b',
      }),
    )
    const shown = [
      ['x-ratelimit-remaining-requests', '0'],
      ['x-switchback-upstream-request-id', 'req_up'],
    ]
    expect(error.headersFor('anthropic')).toEqual(shown as [string, string][])
    expect(new Map(error.headersFor('openai'))).toEqual(new Map([...shown, ['x-should-retry', 'true']] as [string, string][]))
    expect(errors.ofStatus(500, {}, new Headers()).headersFor('openai')).toEqual([])
    expect(errors.ofFailure({ message: 'x' }).headersFor('openai')).toEqual([])
  })

  test("Amazon's header names the kind of an error whose body does not", () => {
    const headers = new Headers({ 'x-amzn-errortype': 'ServiceQuotaExceededException:http://internal.amazon.com/' })
    const error = errors.ofStatus(400, { message: 'Your request exceeds the service quota.' }, headers)
    expect(error.code).toBe('upstream_quota_exceeded')
    expect(error.upstream?.type).toBe('ServiceQuotaExceededException')
    expect(errors.ofStatus(400, { type: 'own' }, headers).upstream?.type).toBe('own')
  })

  test('of a prompt that does not fit only numbers are kept from the message', () => {
    const error = errors.ofStatus(
      413,
      { message: 'prompt is too long: 210000 tokens > 200000 maximum (in: words of the client)' },
      new Headers(),
    )
    expect(error.overflow).toEqual({ promptTokens: 210_000, windowTokens: 200_000 })
    expect(error.httpStatus).toBe(400)
    expect(errors.ofStatus(400, { message: 'no' }, new Headers()).overflow).toBeUndefined()
  })
})
