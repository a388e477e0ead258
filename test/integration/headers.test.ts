import { afterEach, describe, expect, test } from 'bun:test'
import { CHAT, CLIENT_FORMATS, MESSAGES, refusing, serving, type ClientFormat } from '../support/client-formats.ts'
import type { FakeUpstream } from '../support/fake-upstream.ts'
import { accountsNamed, providerAt, TestWorld, type TestGateway } from '../support/gateway-fixture.ts'
import { jsonReply, sseReply } from '../support/upstream-answers.ts'

const world = new TestWorld()
afterEach(() => world.closeAll())

const PAIRS = CLIENT_FORMATS.flatMap((upstream) =>
  CLIENT_FORMATS.map((client): [string, ClientFormat, ClientFormat] => [
    `${client.format} clients and ${upstream.format} upstreams`,
    upstream,
    client,
  ]),
)
const EACH_STREAM = PAIRS.flatMap(([name, upstream, client]) =>
  [false, true].map((stream): [string, ClientFormat, ClientFormat, boolean] => [
    `${name}${stream ? ', streaming' : ''}`,
    upstream,
    client,
    stream,
  ]),
)

async function setup(
  upstream: ClientFormat,
  extra: Record<string, unknown> = {},
  config: Record<string, unknown> = {},
): Promise<{ fake: FakeUpstream; gateway: TestGateway }> {
  const fake = await world.upstream(serving(upstream, { model: 'm-2026-01' }))
  const gateway = await world.gateway({
    ...config,
    providers: [providerAt('up', fake, upstream.format, { ...accountsNamed('own'), ...extra })],
  })
  return { fake, gateway }
}

const CREDENTIALS = {
  authorization: 'Bearer client-secret',
  'x-api-key': 'client-secret',
  'api-key': 'client-secret',
  'x-goog-api-key': 'client-secret',
  cookie: 'client-secret',
  'proxy-authorization': 'client-secret',
}
const CONNECTION = {
  te: 'trailers',
  'keep-alive': 'timeout=99',
  'proxy-connection': 'x-conn',
  upgrade: 'h2c',
  trailer: 'x-trailer',
  connection: 'x-hop',
  'x-hop': 'hop-value',
}
const PRIVATE = {
  'x-forwarded-for': '10.1.2.3',
  forwarded: 'for=10.1.2.3',
  'x-real-ip': '10.1.2.3',
  baggage: 'user=alice',
  tracestate: 'a=b',
  'x-stainless-os': 'Linux',
  referer: 'http://secret.test/',
  origin: 'http://127.0.0.1',
  'user-agent': 'client/1.0',
  'idempotency-key': 'idem',
  'x-custom': 'custom-value',
}

describe.each(PAIRS)('between %s', (_name, upstream, client) => {
  test('no credential, connection header or private word of the client reaches the upstream', async () => {
    const { fake, gateway } = await setup(upstream)
    const { origin: _own, ...rest } = PRIVATE
    const response = await gateway.post(client.path, client.call('up/m'), {
      headers: { ...CREDENTIALS, ...CONNECTION, ...rest, traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' },
    })
    expect(response.status).toBe(200)
    const { headers } = fake.requests[0]!
    const all = JSON.stringify(headers)
    for (const secret of [
      'client-secret',
      'hop-value',
      '10.1.2.3',
      'alice',
      'a=b',
      'Linux',
      'secret.test',
      'client/1.0',
      'idem',
      'custom-value',
      'x-trailer',
      'h2c',
      'trailers',
    ])
      expect(all).not.toContain(secret)
    expect(headers['authorization']).toBe('Bearer key-own')
    expect(headers['user-agent']).toStartWith('switchback/')
    expect(headers['traceparent']).toStartWith('00-0af7651916cd43dd8448eb211c80319c-')
    expect(headers['anthropic-version']).toBe(upstream === MESSAGES ? '2023-06-01' : undefined)
  })
})

describe('headers of a format', () => {
  test('betas and organisations go to the vendor itself, and nowhere else', async () => {
    const headers = {
      'anthropic-beta': 'context-1m, oauth-2025',
      'openai-organization': 'org-1',
      'openai-project': 'proj-1',
      'anthropic-version': '2024-01-01',
    }
    for (const [upstream, client] of [
      [MESSAGES, MESSAGES],
      [CHAT, CHAT],
      [MESSAGES, CHAT],
      [CHAT, MESSAGES],
    ] as const) {
      for (const firstParty of [true, false]) {
        const { fake, gateway } = await setup(upstream, { quirks: { first_party: firstParty } })
        await gateway.post(client.path, client.call('up/m'), { headers })
        const sent = fake.requests[0]!.headers
        const same = upstream === client
        expect(sent['anthropic-beta']).toBe(upstream === MESSAGES && same && firstParty ? 'context-1m' : undefined)
        expect(sent['openai-organization']).toBe(upstream === CHAT && same && firstParty ? 'org-1' : undefined)
        expect(sent['anthropic-version']).toBe(upstream === MESSAGES ? (same ? '2024-01-01' : '2023-06-01') : undefined)
      }
    }
  })

  test('limits and ids of the upstream come back; cookies, servers and accounts do not', async () => {
    const back = {
      'x-ratelimit-remaining-requests': '41',
      'x-ratelimit-reset-tokens': '6m0s',
      'x-request-id': 'up-1',
      'set-cookie': 'a=b',
      server: 'upstream/1',
      'openai-organization': 'org-of-the-operator',
      'x-anything': 'y',
      'openai-processing-ms': '12',
    }
    const upstream = await world.upstream()
    const gateway = await world.gateway({ providers: [providerAt('up', upstream, 'openai')] })
    for (const client of [CHAT, MESSAGES]) {
      for (const stream of [false, true]) {
        upstream.enqueue(stream ? sseReply(CHAT.frames(), back) : jsonReply(CHAT.whole(), 200, back))
        const { headers } = await gateway.post(client.path, client.call('up/m', { stream }))
        expect(headers.get('x-ratelimit-remaining-requests')).toBe('41')
        expect(headers.get('x-ratelimit-reset-tokens')).toBe('6m0s')
        expect(headers.get('x-switchback-upstream-request-id')).toBe('up-1')
        expect(headers.get(client.idHeader)).toBe(headers.get('x-switchback-request-id'))
        expect(headers.get('openai-processing-ms')).toBe(client === CHAT ? '12' : null)
        for (const name of ['set-cookie', 'server', 'openai-organization', 'x-anything']) expect(headers.get(name)).toBeNull()
      }
    }
  })
})

describe('what the gateway says about itself', () => {
  test.each(EACH_STREAM)(
    '%s: route, id, revision and overhead stand in every answer',
    async (_name, upstream, client, stream) => {
      const { gateway } = await setup(upstream)
      const startedAt = performance.now()
      const response = await gateway.post(client.path, client.call('up/m', { stream }))
      await response.text()
      const totalUs = (performance.now() - startedAt) * 1000
      expect(response.headers.get('x-switchback-route')).toBe(
        'strategy=ordered_fallback selected=up/m served=up/m fallbacks=[] rejected=0',
      )
      expect(response.headers.get('x-switchback-request-id')).toMatch(/^req_[0-9a-f]{32}$/)
      expect(response.headers.get('x-switchback-revision')).toBe('1')
      const overheadUs = Number(response.headers.get('x-switchback-overhead-us'))
      expect(overheadUs).toBeGreaterThan(0)
      expect(overheadUs).toBeLessThan(totalUs)
    },
  )

  test('the overhead leaves out the time of the upstream', async () => {
    const upstream = await world.upstream(async (request) => {
      await new Promise((resolve) => setTimeout(resolve, 150))
      return serving(CHAT)(request)
    })
    const gateway = await world.gateway({ providers: [providerAt('up', upstream, 'openai')] })
    const call = async (): Promise<number> =>
      Number((await gateway.post(CHAT.path, CHAT.call('up/m'))).headers.get('x-switchback-overhead-us'))
    await call()
    expect(await call()).toBeLessThan(50_000)
  })

  test('a route of very many targets still fits into its header', async () => {
    const upstream = await world.upstream(serving(CHAT))
    const targets = Array.from({ length: 100 }, (_unused, index) => `up/model-with-a-long-name-${index}`)
    const gateway = await world.gateway({
      providers: [providerAt('up', upstream, 'openai')],
      routes: [{ name: 'r', match: { model: 'r' }, targets }],
    })
    const route = (await gateway.post(CHAT.path, CHAT.call('r'))).headers.get('x-switchback-route') ?? ''
    expect(route.length).toBe(1024)
    expect(route).toStartWith(
      'strategy=ordered_fallback selected=up/model-with-a-long-name-0 served=up/model-with-a-long-name-0 fallbacks=[',
    )
  })

  test('errors carry them too, with nothing served', async () => {
    const upstream = await world.upstream(refusing(CHAT, 400))
    const gateway = await world.gateway({ providers: [providerAt('up', upstream, 'openai')] })
    const failed = await gateway.post(CHAT.path, CHAT.call('up/m'))
    expect(failed.headers.get('x-switchback-route')).toContain('selected=up/m served=none')
    const unknown = await gateway.post(CHAT.path, CHAT.call('nobody/m'))
    expect(unknown.headers.get('x-switchback-route')).toBe('strategy=denied selected=none served=none fallbacks=[] rejected=0')
    expect(await gateway.recordOf(unknown)).toMatchObject({ status: 404, error_code: 'model_not_found', attempts: [] })
  })
})

describe('the model an answer names', () => {
  const modelIn = (text: string): string[] => [
    ...new Set([...text.matchAll(/"model(?:Version)?":\s?"([^"]*)"/g)].map((match) => match[1]!)),
  ]

  test.each(EACH_STREAM)(
    '%s: is the requested one by default, and what served on demand',
    async (_name, upstream, client, stream) => {
      const routes = ['requested', 'served'].map((shown) => ({
        name: shown,
        match: { model: shown },
        targets: ['up/m'],
        response_model: shown,
      }))
      const { gateway } = await setup(upstream, {}, { routes })
      const requested = await gateway.post(client.path, client.call('requested', { stream }))
      expect(modelIn(await requested.text())).toEqual(['requested'])
      const served = await gateway.post(client.path, client.call('served', { stream }))
      const shown = modelIn(await served.text())
      // Passed through it is the upstream's own word; a translation names the target.
      expect(shown).toEqual([upstream === client ? 'm-2026-01' : 'm'])
      expect(await gateway.recordOf(served)).toMatchObject({
        requested_model: 'served',
        served: 'up/m',
        served_model: 'm-2026-01',
      })
    },
  )
})
