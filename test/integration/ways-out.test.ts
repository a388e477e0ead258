import { afterEach, describe, expect, test } from 'bun:test'
import { CHAT, serving } from '../support/client-formats.ts'
import { startHttpProxy, startSocksProxy } from '../support/fake-proxy.ts'
import { compiledConfig, providerAt, TestWorld } from '../support/gateway-fixture.ts'

const world = new TestWorld()
afterEach(() => world.closeAll())

const account = (id: string, egress?: string): Record<string, unknown> => ({
  id,
  api_key: `key-${id}`,
  ...(egress === undefined ? {} : { egress }),
})
const bearer = { auth_scheme: { kind: 'bearer' } }
const call = { path: CHAT.path, body: CHAT.call('one/m') }

describe('ways out of the gateway', () => {
  test('may differ between the accounts of one provider, and are in the record', async () => {
    const upstream = await world.upstream(serving(CHAT))
    const http = world.keep(await startHttpProxy({ login: 'me:secret-of-the-proxy' }))
    const socks = world.keep(await startSocksProxy())
    const gateway = await world.gateway({
      egress: [
        { id: 'berlin', url: `http://me:secret-of-the-proxy@127.0.0.1:${http.port}` },
        { id: 'paris', kind: 'proxy', url: `socks5h://127.0.0.1:${socks.port}` },
      ],
      providers: [
        providerAt('one', upstream, 'openai', {
          ...bearer,
          egress: 'berlin',
          selection: 'round_robin',
          accounts: [account('a'), account('b', 'paris'), account('c', 'direct')],
        }),
      ],
    })
    for (const [id, egress] of [
      ['a', 'berlin'],
      ['b', 'paris'],
      ['c', undefined],
    ]) {
      const response = await gateway.post(call.path, call.body)
      expect(response.status).toBe(200)
      const record = await gateway.recordOf(response)
      expect(record.attempts).toMatchObject([{ account_id: id }])
      expect(record.attempts[0]?.egress).toBe(egress)
      expect(JSON.stringify(record)).not.toContain('secret-of-the-proxy')
    }
    expect([http.asked.length, socks.asked.length, upstream.requests.length]).toEqual([1, 1, 3])
  })

  test('are taken by providers that name none, when there is a default', async () => {
    const upstream = await world.upstream(serving(CHAT))
    const proxy = world.keep(await startHttpProxy())
    const gateway = await world.gateway({
      server: { default_egress: 'berlin' },
      egress: [{ id: 'berlin', url: `http://127.0.0.1:${proxy.port}` }],
      providers: [providerAt('one', upstream, 'openai'), providerAt('two', upstream, 'openai', { egress: 'direct' })],
    })
    for (const provider of ['one', 'two']) expect((await gateway.post(CHAT.path, CHAT.call(`${provider}/m`))).status).toBe(200)
    expect(proxy.asked).toHaveLength(1)
  })

  test('carry an identity of their own, which never stands in for a credential', async () => {
    const upstream = await world.upstream(serving(CHAT))
    const gateway = await world.gateway({
      egress: [{ id: 'plain', kind: 'direct', user_agent: 'acme/1', headers: { 'X-Office': 'berlin' } }],
      providers: [
        providerAt('one', upstream, 'openai', {
          egress: 'plain',
          accounts: [account('a')],
          ...bearer,
          headers: { 'x-own': '1' },
        }),
      ],
    })
    await gateway.post(call.path, call.body)
    expect(upstream.requests[0]?.headers).toMatchObject({
      'user-agent': 'acme/1',
      'x-office': 'berlin',
      'x-own': '1',
      authorization: 'Bearer key-a',
    })
    for (const name of ['Authorization', 'X-Api-Key', 'x-goog-api-key', 'api-key', 'Proxy-Authorization', 'cookie', 'host'])
      expect(() => compiledConfig({ egress: [{ id: 'x', kind: 'direct', headers: { [name]: 'x' } }] })).toThrow(name)
  })

  test('that fail are not the fault of the provider: the next account goes another way', async () => {
    const upstream = await world.upstream(serving(CHAT))
    const dead = await startHttpProxy()
    await dead.close()
    const gateway = await world.gateway({
      server: { circuit_breaker: { enabled: true, failure_threshold: 1 } },
      egress: [{ id: 'dead', url: `socks5://127.0.0.1:${dead.port}` }],
      providers: [providerAt('one', upstream, 'openai', { ...bearer, accounts: [account('a', 'dead'), account('b', 'direct')] })],
    })
    const first = await gateway.post(call.path, call.body)
    expect(first.status).toBe(200)
    expect((await gateway.recordOf(first)).attempts).toMatchObject([
      { account_id: 'a', egress: 'dead', error_code: 'egress_failed', next: 'next-account', usage_known: 'unused' },
      { account_id: 'b', outcome: 'success' },
    ])
    // The circuit of the target opens at the first failure of its own; this was none. The account is left alone for a while.
    const second = await gateway.post(call.path, call.body)
    expect((await gateway.recordOf(second)).attempts).toMatchObject([{ account_id: 'b', outcome: 'success' }])
  })

  test.each([
    ['http://', startHttpProxy],
    ['http://a:other@', startHttpProxy],
    ['socks5://', startSocksProxy],
    ['socks5://a:other@', startSocksProxy],
  ])('that fail and have no other beside them are told by name (%s)', async (scheme, start) => {
    const upstream = await world.upstream(serving(CHAT))
    const proxy = world.keep(await start({ login: 'a:b' }))
    const gateway = await world.gateway({
      egress: [{ id: 'locked', url: `${scheme}127.0.0.1:${proxy.port}` }],
      providers: [providerAt('one', upstream, 'openai', { egress: 'locked' })],
    })
    const response = await gateway.post(call.path, call.body)
    expect(response.status).toBe(502)
    expect(await response.json()).toMatchObject({
      error: { code: 'egress_failed', message: expect.stringContaining('egress locked') },
    })
    expect(upstream.requests).toEqual([])
  })

  test('that are switched off, or have no address, are never gone around', async () => {
    const upstream = await world.upstream(serving(CHAT))
    const gateway = await world.gateway({
      egress: [
        { id: 'off', url: 'http://127.0.0.1:1', enabled: false },
        { id: 'nowhere', url_env: 'NO_SUCH_VARIABLE' },
      ],
      providers: [
        providerAt('one', upstream, 'openai', { egress: 'off' }),
        providerAt('two', upstream, 'openai', { egress: 'nowhere' }),
      ],
    })
    for (const [provider, why] of [
      ['one', 'off is switched off'],
      ['two', 'nowhere has no address'],
    ] as const) {
      const response = await gateway.post(CHAT.path, CHAT.call(`${provider}/m`))
      expect(response.status).toBe(503)
      expect(await response.json()).toMatchObject({ error: { code: 'egress_disabled', message: expect.stringContaining(why) } })
    }
    expect(upstream.requests).toHaveLength(0)
  })

  test('are all closed at once while it runs, but for this machine', async () => {
    const upstream = await world.upstream(serving(CHAT))
    const far = { id: 'far', type: 'openai_compatible', base_url: 'https://api.example.test/v1', auth_scheme: { kind: 'none' } }
    const config = { providers: [providerAt('one', upstream, 'openai'), far] }
    const gateway = await world.gateway({ ...config, server: { egress_enabled: false } })
    const refused = await gateway.post(CHAT.path, CHAT.call('far/m'))
    expect(refused.status).toBe(503)
    expect(await refused.json()).toMatchObject({ error: { code: 'egress_disabled' } })
    expect((await gateway.post(call.path, call.body)).status).toBe(200)
    expect((await gateway.post(CHAT.path, CHAT.call('mock/echo'))).status).toBe(404)
  })
})

describe('private networks', () => {
  test('are closed to providers, but for those that may', async () => {
    const upstream = await world.upstream(serving(CHAT))
    const gateway = await world.gateway({
      server: { block_private_networks: true },
      providers: [
        providerAt('one', upstream, 'openai'),
        providerAt('two', upstream, 'openai', { allow_private: true }),
        { id: 'mock', type: 'mock' },
      ],
      routes: [{ name: 'r', match: { model: 'r' }, targets: ['one/m', 'two/m'] }],
    })
    const refused = await gateway.post(CHAT.path, CHAT.call('one/m'))
    expect(refused.status).toBe(502)
    const told = await refused.text()
    expect(JSON.parse(told)).toMatchObject({ error: { code: 'address_not_allowed' } })
    expect(told).not.toContain('127.0.0.1')
    const served = await gateway.post(CHAT.path, CHAT.call('r'))
    expect((await gateway.recordOf(served)).attempts).toMatchObject([
      { provider_id: 'one', error_code: 'address_not_allowed', next: 'next-target' },
      { provider_id: 'two', outcome: 'success' },
    ])
    expect((await gateway.post(CHAT.path, CHAT.call('mock/echo'))).status).toBe(200)
    expect(upstream.requests).toHaveLength(1)
  })
})
