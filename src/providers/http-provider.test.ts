import { describe, expect, test } from 'bun:test'
import { ManualClock } from '../../test/support/manual-clock.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import { asAccountId, asProviderId } from '../ir/ids.ts'
import { Secret } from '../lib/secret.ts'
import type { Transport, UpstreamRequest } from '../transport/transport.ts'
import type { ProviderSettings } from './provider.settings.schema.ts'
import type { BuildOptions, Provider } from './provider.types.ts'
import { createProvider } from './registry.ts'

const FIRST = { id: asAccountId('first'), priority: 0, apiKey: new Secret('key-1') }
const SECOND = { id: asAccountId('second'), priority: 1, apiKey: new Secret('key 2&') }

const SETTINGS: ProviderSettings = {
  id: asProviderId('acme'),
  type: 'openai_compatible',
  format: 'openai',
  baseUrl: 'https://llm.acme.test/v1',
  authScheme: { kind: 'bearer' },
  accounts: [FIRST, SECOND],
  capabilities: {},
  quirks: {},
  headers: {},
  mockModels: [],
  offers: ['embeddings'],
}

interface FakeTransport extends Transport {
  readonly sent: UpstreamRequest[]
  readonly probed: string[]
  warm: boolean
}

function fakeTransport(): FakeTransport {
  const sent: UpstreamRequest[] = []
  const probed: string[] = []
  return {
    sent,
    probed,
    warm: false,
    send: (request) => Promise.resolve(new Response(String(sent.push(request)))),
    isReachable: (origin) => Promise.resolve(probed.push(origin) > 99),
    isWarm() {
      return this.warm
    },
  }
}

function provider(overrides: Partial<ProviderSettings> = {}, transport: Transport = fakeTransport()): Provider {
  return createProvider({ ...SETTINGS, ...overrides }, { transport, clock: new ManualClock(), userAgent: 'switchback/test' })
}

const call = (overrides: Partial<BuildOptions> = {}): BuildOptions => ({
  operation: 'generate',
  model: 'm',
  body: '{}',
  account: FIRST,
  stream: false,
  clientHeaders: new Headers(),
  clientFormat: 'openai',
  ...overrides,
})

describe('a provider behind HTTP', () => {
  test('builds a request of address, headers and the body as it is', () => {
    const body = [Buffer.from('{"a":'), Buffer.from('1}')]
    const request = provider().buildRequest(call({ body }))
    expect(request).toMatchObject({
      url: 'https://llm.acme.test/v1/chat/completions',
      method: 'POST',
      headers: { authorization: 'Bearer key-1' },
    })
    expect(request.body).toBe(body)
  })

  test('each account brings its own credential', () => {
    expect(provider().buildRequest(call({ account: SECOND })).headers['authorization']).toBe('Bearer key 2&')
  })

  test('a key in the query is encoded and stays out of the headers', () => {
    const request = provider({ authScheme: { kind: 'query', name: 'key' } }).buildRequest(call({ account: SECOND }))
    expect(request.url).toBe('https://llm.acme.test/v1/chat/completions?key=key+2%26')
    expect(request.headers).not.toHaveProperty('authorization')
  })

  test('counts tokens where the format has a counter, and says so where not', () => {
    const anthropic = provider({ format: 'anthropic', baseUrl: 'https://llm.acme.test' })
    expect(anthropic.buildRequest(call({ operation: 'count-tokens' })).url).toBe('https://llm.acme.test/v1/messages/count_tokens')
    const refused = (): unknown => provider().buildRequest(call({ operation: 'count-tokens' }))
    expect(refused).toThrow(GatewayError)
    expect(refused).toThrow(/no token counter/)
  })

  test('sends with the origin at hand and its own name on errors', async () => {
    const transport = fakeTransport()
    const acme = provider({}, transport)
    const { signal } = new AbortController()
    await acme.send(acme.buildRequest(call()), signal)
    expect(transport.sent[0]).toMatchObject({ origin: 'https://llm.acme.test', provider: 'acme', method: 'POST', body: '{}' })
    expect(transport.sent[0]?.signal).toBe(signal)
  })

  test('an origin that answered lately is not probed', async () => {
    const transport = fakeTransport()
    const acme = provider({}, transport)
    const { signal } = new AbortController()
    expect(await acme.isReachable(100, signal)).toBe(false)
    expect(transport.probed).toEqual(['https://llm.acme.test'])
    transport.warm = true
    expect(await acme.isReachable(100, signal)).toBe(true)
    expect(transport.probed).toHaveLength(1)
  })

  test('quirks and vendor follow type, host and configuration', () => {
    expect(provider()).toMatchObject({ firstParty: false, quirks: { maxTokensField: 'max_tokens', developerRole: false } })
    expect(provider({ type: 'openai', baseUrl: 'https://api.openai.com/v1' })).toMatchObject({
      firstParty: true,
      quirks: { developerRole: true, customTools: true },
    })
    expect(provider({ quirks: { firstParty: true } }).quirks.firstParty).toBe(true)
    expect(provider({ type: 'anthropic', format: 'anthropic', baseUrl: 'https://api.anthropic.com' }).firstParty).toBe(true)
  })

  test('a bad address is refused when the provider is made, not when it is called', () => {
    expect(() => provider({ baseUrl: 'llm.acme.test/v1' })).toThrow(/base_url/)
  })
})
