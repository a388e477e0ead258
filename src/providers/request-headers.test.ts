import { describe, expect, test } from 'bun:test'
import { GatewayError } from '../errors/gateway-error.ts'
import { asAccountId, asProviderId } from '../ir/ids.ts'
import type { WireFormat } from '../ir/wire-format.ts'
import { Secret } from '../lib/secret.ts'
import type { AuthScheme } from './provider.settings.schema.ts'
import { RequestHeaders } from './request-headers.ts'

const ACCOUNT = { id: asAccountId('main'), priority: 0, apiKey: new Secret('sk-own-key') }

interface Variant {
  readonly format?: WireFormat
  readonly authScheme?: AuthScheme
  readonly headers?: Record<string, string>
  readonly firstParty?: boolean
}

function headersOf(variant: Variant): RequestHeaders {
  const { format = 'openai', authScheme = { kind: 'bearer' }, headers = {}, firstParty = false } = variant
  return new RequestHeaders({
    settings: { id: asProviderId('p'), format, authScheme, accounts: [ACCOUNT], headers },
    firstParty,
    userAgent: 'switchback/1.2.3',
  })
}

function build(
  variant: Variant,
  client: Record<string, string> = {},
  clientFormat: WireFormat = variant.format ?? 'openai',
  betas?: string[],
): Record<string, string> {
  return headersOf(variant).build({ account: ACCOUNT, stream: false, clientHeaders: new Headers(client), clientFormat, betas })
}

describe('headers of upstream requests', () => {
  test('the gateway speaks in its own name and with its own key', () => {
    const client = {
      authorization: 'Bearer client',
      'x-api-key': 'client',
      cookie: 'a=b',
      'user-agent': 'client/1',
      host: 'gateway',
      connection: 'close',
    }
    expect(build({}, client)).toEqual({
      accept: 'application/json',
      'accept-encoding': 'gzip, deflate, br',
      'content-type': 'application/json',
      'user-agent': 'switchback/1.2.3',
      authorization: 'Bearer sk-own-key',
    })
  })

  test('a streaming call asks for events, unpacked', () => {
    const headers = headersOf({}).build({ account: ACCOUNT, stream: true, clientHeaders: new Headers(), clientFormat: 'openai' })
    expect(headers).toMatchObject({ accept: 'text/event-stream', 'accept-encoding': 'identity' })
  })

  test.each([
    [{ kind: 'bearer' }, { authorization: 'Bearer sk-own-key' }],
    [{ kind: 'header', name: 'X-Api-Key' }, { 'x-api-key': 'sk-own-key' }],
    [{ kind: 'none' }, {}],
    [{ kind: 'query', name: 'key' }, {}],
  ] as const)('credential %o', (authScheme, expected) => {
    const headers = build({ authScheme })
    const { accept: _accept, 'accept-encoding': _encoding, 'content-type': _type, 'user-agent': _agent, ...rest } = headers
    expect(rest).toEqual(expected)
  })

  test("OpenAI's own choices go to OpenAI only, and only from a client of the same format", () => {
    const client = {
      'openai-organization': 'org-1',
      'openai-project': 'proj-1',
      'x-client-request-id': 'abc',
      'x-stainless-lang': 'js',
      'idempotency-key': 'k',
    }
    expect(build({ firstParty: true }, client)).toMatchObject({
      'openai-organization': 'org-1',
      'openai-project': 'proj-1',
      'x-client-request-id': 'abc',
    })
    expect(build({ firstParty: true }, client)).not.toHaveProperty('x-stainless-lang')
    expect(build({ firstParty: true }, client)).not.toHaveProperty('idempotency-key')
    expect(build({ firstParty: false }, client)).not.toHaveProperty('openai-organization')
    expect(build({ firstParty: true }, client, 'anthropic')).not.toHaveProperty('openai-organization')
  })

  test('what the configuration sets wins over the client', () => {
    const headers = build(
      { firstParty: true, headers: { 'OpenAI-Organization': 'org-ours', 'User-Agent': 'ours' } },
      { 'openai-organization': 'org-theirs' },
    )
    expect(headers).toMatchObject({ 'openai-organization': 'org-ours', 'user-agent': 'ours' })
  })

  test('the trace context goes on in every case, its baggage does not', () => {
    const client = { traceparent: '00-abc-def-01', tracestate: 'v=1', baggage: 'user=me' }
    const headers = build({ format: 'anthropic' }, client, 'openai')
    expect(headers['traceparent']).toBe('00-abc-def-01')
    expect(headers).not.toHaveProperty('tracestate')
    expect(headers).not.toHaveProperty('baggage')
  })

  test("Anthropic's version is the client's, else the known one", () => {
    expect(build({ format: 'anthropic' })['anthropic-version']).toBe('2023-06-01')
    expect(build({ format: 'anthropic' }, { 'anthropic-version': '2024-10-22' })['anthropic-version']).toBe('2024-10-22')
    expect(build({ format: 'anthropic' }, { 'anthropic-version': '2024-10-22' }, 'openai')['anthropic-version']).toBe(
      '2023-06-01',
    )
  })

  test('betas of configuration, encoder and client are joined, each once, without those of a login', () => {
    const variant: Variant = { format: 'anthropic', firstParty: true, headers: { 'anthropic-beta': 'context-1m' } }
    const client = { 'anthropic-beta': 'claude-code-20250219, oauth-2025-04-20,context-1m' }
    expect(build(variant, client, 'anthropic', ['files-api', 'claude-code-20250219'])['anthropic-beta']).toBe(
      'context-1m,claude-code-20250219,files-api',
    )
  })

  test('betas of a client stay away from upstreams that are not Anthropic', () => {
    const client = { 'anthropic-beta': 'claude-code-20250219' }
    expect(build({ format: 'anthropic' }, client)).not.toHaveProperty('anthropic-beta')
    expect(build({ format: 'anthropic', headers: { 'anthropic-beta': 'ours' } }, client)['anthropic-beta']).toBe('ours')
    expect(build({ format: 'openai', firstParty: true }, client, 'anthropic')).not.toHaveProperty('anthropic-beta')
  })

  test('one call does not change the headers of the next', () => {
    const headers = headersOf({ firstParty: true })
    const choice = { account: ACCOUNT, stream: false, clientFormat: 'openai' } as const
    headers.build({ ...choice, clientHeaders: new Headers({ traceparent: 'one' }) })['x-added'] = 'by the caller'
    expect(Object.keys(headers.build({ ...choice, clientHeaders: new Headers() }))).not.toContain('traceparent')
    expect(Object.keys(headers.build({ ...choice, clientHeaders: new Headers() }))).not.toContain('x-added')
  })

  test.each(['Authorization', 'x-api-key', 'Cookie', 'Content-Length', 'Transfer-Encoding', 'Host'])(
    '%s cannot be a static header',
    (name) => {
      expect(() => headersOf({ headers: { [name]: 'x' } })).toThrow(GatewayError)
    },
  )

  test('the header that carries the credential cannot be a static one either', () => {
    expect(() => headersOf({ authScheme: { kind: 'header', name: 'X-Token' }, headers: { 'x-token': 'x' } })).toThrow(
      /credential/,
    )
  })
})
