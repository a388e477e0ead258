import { afterEach, describe, expect, test } from 'bun:test'
import { CHAT, CLIENT_FORMATS, MESSAGES, type ClientFormat } from '../support/client-formats.ts'
import type { FakeUpstream, Step } from '../support/fake-upstream.ts'
import { accountsNamed, compiledConfig, eventually, providerAt, TestWorld, type TestGateway } from '../support/gateway-fixture.ts'
import { jsonReply, sseReply } from '../support/upstream-answers.ts'

const world = new TestWorld()
afterEach(() => world.closeAll())

type Json = Record<string, unknown>

const EACH = CLIENT_FORMATS.map((client): [string, ClientFormat] => [client.format, client])
const bearing = (key: string): { readonly headers: Record<string, string> } => ({ headers: { authorization: `Bearer ${key}` } })
const SERVER = {
  api_keys: [
    { key: 'boss-key', role: 'admin', prefix: 'boss' },
    { key: 'watch-key', role: 'operator' },
  ],
}

async function ask(gateway: TestGateway, path: string, body?: Json, key = 'boss-key'): Promise<{ status: number; body: Json }> {
  const headers = { authorization: `Bearer ${key}` }
  const response =
    body === undefined ? await fetch(`${gateway.url}${path}`, { headers }) : await gateway.post(path, body, { headers })
  return { status: response.status, body: (await response.json()) as Json }
}

async function issue(gateway: TestGateway, body: Json = {}): Promise<{ readonly id: string; readonly secret: string }> {
  const { status, body: answer } = await ask(gateway, '/v1/keys', { owner: 'alice', ...body })
  expect([status, answer['error']]).toEqual([200, undefined])
  return { id: (answer['key'] as Json)['id'] as string, secret: answer['secret'] as string }
}

async function setup(client: ClientFormat, steps: readonly Step[], more: Json = {}) {
  const upstream = await world.upstream(sseReply(steps))
  const gateway = await world.gateway({ ...SERVER, providers: [providerAt('up', upstream, client.format, more)] })
  return { upstream, gateway }
}

const aborted = (upstream: FakeUpstream): Promise<void> =>
  eventually(() => upstream.requests[0]?.aborted === true, 'the upstream is let go')

describe.each(EACH)('revoking the key of a %s client', (_name, client) => {
  const BEGIN = client.frames({ text: 'one two three' }).slice(0, -2)

  test('ends its stream with an error in its own format, and lets the upstream go', async () => {
    const { upstream, gateway } = await setup(client, [...BEGIN, { stall: true }])
    const { id, secret } = await issue(gateway)
    const response = await gateway.post(client.path, client.call('up/m', { stream: true }), bearing(secret))
    const reader = response.body!.getReader()
    const decoder = new TextDecoder()
    let stream = ''
    while (!client.streamText(stream).includes('one')) stream += decoder.decode((await reader.read()).value, { stream: true })
    expect((await ask(gateway, `/v1/keys/${id}/revoke`, { reason: 'leaked' })).body).toMatchObject({ key: { state: 'revoked' } })
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) stream += decoder.decode(piece.value)
    expect(client.inBandError(stream)?.message).toContain(`The key ${id} was revoked`)
    expect(client.inBandError(stream)?.message).toContain('leaked')
    await aborted(upstream)
    const record = await gateway.recordOf(response)
    expect(record).toMatchObject({
      status: 200,
      error_code: 'api_key_revoked',
      owner: 'alice',
      api_key_id: id,
      attempts: [{ outcome: 'cancelled', cancelled_because: 'stopped' }],
    })
    expect(gateway.gateway.engine.active).toBe(0)
  })

  test('ends a call that still waits for its answer, which is not tried elsewhere', async () => {
    const { upstream, gateway } = await setup(client, [{ stall: true }], accountsNamed('one', 'two'))
    const { id, secret } = await issue(gateway)
    for (const stream of [true, false]) {
      const call = gateway.post(client.path, client.call('up/m', { stream }), bearing(secret))
      await upstream.request(stream ? 0 : 1)
      if (stream) await ask(gateway, `/v1/keys/${id}/disable`, {})
      else await ask(gateway, `/v1/keys/${id}/revoke`, {})
      const response = await call
      expect(response.status).toBe(stream ? 403 : 401)
      expect(client.errorOf(await response.json()).message).toContain(id)
      if (stream) await ask(gateway, `/v1/keys/${id}/enable`, {})
    }
    expect(upstream.requests).toHaveLength(2)
    // The account is not to blame, and is not locked.
    const { secret: other } = await issue(gateway)
    upstream.otherwise(jsonReply(client.whole({ text: 'fine' })))
    expect((await gateway.post(client.path, client.call('up/m'), bearing(other))).status).toBe(200)
    expect(upstream.requests[2]?.headers['authorization']).toBe('Bearer key-one')
  })

  test('with drain lets its stream finish, and refuses the next call', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const frames = client.frames({ text: 'one two three' })
    const { gateway } = await setup(client, [...frames.slice(0, -2), { until: promise }, ...frames.slice(-2)])
    const { id, secret } = await issue(gateway)
    const response = await gateway.post(client.path, client.call('up/m', { stream: true }), bearing(secret))
    await ask(gateway, `/v1/keys/${id}/revoke`, { drain: true })
    const refused = await gateway.post(client.path, client.call('up/m'), bearing(secret))
    expect([refused.status, client.errorOf(await refused.json()).message]).toEqual([401, expect.stringContaining('revoked')])
    resolve()
    const stream = await response.text()
    expect(client.inBandError(stream)).toBeUndefined()
    expect(client.hasEnd(stream)).toBe(true)
    expect(client.streamText(stream)).toBe('one two three')
  })
})

test('disabling a tenant ends the calls of its keys, and of no others', async () => {
  const { upstream, gateway } = await setup(CHAT, [...CHAT.frames({ text: 'one' }).slice(0, -2), { stall: true }])
  await ask(gateway, '/v1/tenants', { id: 'acme' })
  const [inside, outside] = [await issue(gateway, { tenant: 'acme' }), await issue(gateway, { owner: 'robert' })]
  const [first, second] = await Promise.all(
    [inside, outside].map(({ secret }) => gateway.post(CHAT.path, CHAT.call('up/m', { stream: true }), bearing(secret))),
  )
  await ask(gateway, '/v1/tenants/acme/disable', { reason: 'unpaid' })
  expect(CHAT.inBandError(await first!.text())?.message).toContain('The tenant acme is out of use')
  expect(gateway.gateway.engine.active).toBe(1)
  await second!.body?.cancel()
  await eventually(() => upstream.requests.every((request) => request.aborted), 'both upstreams are let go')
})

describe('an issued key', () => {
  test('is confined to its models, providers and accounts', async () => {
    const upstream = await world.upstream(jsonReply(CHAT.whole({ text: 'fine' })))
    const other = await world.upstream(jsonReply(CHAT.whole({ text: 'fine' })))
    const gateway = await world.gateway({
      ...SERVER,
      providers: [
        providerAt('up', upstream, 'openai', { ...accountsNamed('one', 'two'), models: ['m', 'n'] }),
        providerAt('other', other, 'openai', { models: ['m'] }),
      ],
    })
    const call = async (key: string, model: string): Promise<number> =>
      (await gateway.post(CHAT.path, CHAT.call(model), bearing(key))).status
    const models = await issue(gateway, { allowed: { models: ['up/*'] } })
    expect([await call(models.secret, 'up/m'), await call(models.secret, 'other/m')]).toEqual([200, 403])
    const listed = await ask(gateway, '/v1/models', undefined, models.secret)
    expect((listed.body['data'] as Json[]).map(({ id }) => id)).toEqual(['up/m', 'up/n'])
    expect((await ask(gateway, '/v1/models/other/m', undefined, models.secret)).status).toBe(404)
    const providers = await issue(gateway, { allowed: { providers: ['other'] } })
    expect([await call(providers.secret, 'up/m'), await call(providers.secret, 'other/m')]).toEqual([503, 200])
    const accounts = await issue(gateway, { allowed: { accounts: ['up/two'] } })
    expect([await call(accounts.secret, 'up/m'), await call(accounts.secret, 'other/m')]).toEqual([200, 503])
    expect(upstream.requests.at(-1)?.headers['authorization']).toBe('Bearer key-two')
  })

  test('is confined to what the configuration allows its tenant, and to its own lists besides, also when that changes', async () => {
    const upstream = await world.upstream(jsonReply(CHAT.whole({ text: 'fine' })))
    const config = (tenant: Json): Json => ({
      ...SERVER,
      tenants: [{ id: 'acme', ...tenant }],
      api_keys: [...SERVER.api_keys, { key: 'key-of-acme', tenant: 'acme' }],
      providers: [
        providerAt('up', upstream, 'openai', { models: ['m', 'n'] }),
        providerAt('other', upstream, 'openai', { models: ['m'] }),
      ],
    })
    const gateway = await world.gateway(config({ allowed_models: ['up/*'] }))
    const own = await issue(gateway, { tenant: 'acme', allowed: { models: ['up/m', 'other/*'] } })
    const call = async (key: string, model: string): Promise<number> =>
      (await gateway.post(CHAT.path, CHAT.call(model), bearing(key))).status
    const all = async (key: string): Promise<number[]> => [
      await call(key, 'up/m'),
      await call(key, 'up/n'),
      await call(key, 'other/m'),
    ]
    expect(await all('key-of-acme')).toEqual([200, 200, 403])
    expect(await all(own.secret)).toEqual([200, 403, 403])
    await gateway.gateway.reload(compiledConfig(config({ allowed_providers: ['other'] })))
    expect(await all('key-of-acme')).toEqual([503, 503, 200])
    expect(await all(own.secret)).toEqual([503, 403, 200])
  })

  test('tells its holder about itself, its own calls and nobody else', async () => {
    const upstream = await world.upstream(jsonReply(MESSAGES.whole({ text: 'fine' })))
    const gateway = await world.gateway({ ...SERVER, providers: [providerAt('up', upstream, 'anthropic')] })
    const [laptop, phone] = [await issue(gateway, { name: 'laptop' }), await issue(gateway)]
    const stranger = await issue(gateway, { owner: 'robert' })
    const call = (key: string, init: Json = {}) => gateway.post(MESSAGES.path, MESSAGES.call('up/m', init), bearing(key))
    const mine = await call(laptop.secret)
    const alsoMine = await call(phone.secret)
    const theirs = await call(stranger.secret)
    for (const response of [mine, alsoMine, theirs]) await gateway.recordOf(response)
    const idOf = (response: Response): string => response.headers.get('x-switchback-request-id') ?? ''

    const me = await ask(gateway, '/v1/me', undefined, laptop.secret)
    expect(me.body).toMatchObject({
      schema: 'switchback.me/v1',
      role: 'client',
      owner: 'alice',
      key: { id: laptop.id, name: 'laptop' },
    })
    expect(JSON.stringify(me.body)).not.toContain('boss')
    const traces = await ask(gateway, '/v1/traces?owner=robert', undefined, laptop.secret)
    expect((traces.body['summaries'] as Json[]).map(({ request_id }) => request_id)).toEqual([idOf(alsoMine), idOf(mine)])
    expect((await ask(gateway, `/v1/traces/${idOf(mine)}`, undefined, phone.secret)).status).toBe(200)
    expect((await ask(gateway, '/v1/traces/last', undefined, laptop.secret)).body['request_id']).toBe(idOf(alsoMine))
    for (const id of [idOf(theirs), 'req_', 'last'])
      expect(
        (
          await ask(
            gateway,
            `/v1/traces/${id}`,
            undefined,
            id === 'last' ? (await issue(gateway, { owner: 'nobody' })).secret : laptop.secret,
          )
        ).status,
      ).toBe(404)
    // A configured key without an owner sees what was called with it.
    expect((await ask(gateway, '/v1/keys', undefined, laptop.secret)).status).toBe(403)
  })

  test('outlives a restart, and so does its end', async () => {
    const folder = world.folder()
    const upstream = await world.upstream(jsonReply(CHAT.whole({ text: 'fine' })))
    const config = { ...SERVER, providers: [providerAt('up', upstream, 'openai')] }
    const first = await world.gateway(config, { dataDir: folder })
    const [good, bad] = [await issue(first), await issue(first)]
    await ask(first, `/v1/keys/${bad.id}/revoke`, {})
    await first.close()
    const second = await world.gateway(config, { dataDir: folder })
    const status = async (key: string): Promise<number> => (await second.post(CHAT.path, CHAT.call('up/m'), bearing(key))).status
    expect([await status(good.secret), await status(bad.secret)]).toEqual([200, 401])
  })

  test('is judged on a gateway that wants no key, which stays open to everybody else', async () => {
    const upstream = await world.upstream(jsonReply(CHAT.whole({ text: 'fine' })))
    const gateway = await world.gateway({ providers: [providerAt('up', upstream, 'openai')] })
    const { id, secret } = await issue(gateway)
    const response = await gateway.post(CHAT.path, CHAT.call('up/m'), bearing(secret))
    expect(await gateway.recordOf(response)).toMatchObject({ api_key_id: id, owner: 'alice', role: 'client' })
    expect((await ask(gateway, '/v1/keys', undefined, secret)).status).toBe(403)
    await ask(gateway, `/v1/keys/${id}/revoke`, {})
    expect((await gateway.post(CHAT.path, CHAT.call('up/m'), bearing(secret))).status).toBe(401)
    expect((await gateway.post(CHAT.path, CHAT.call('up/m'))).status).toBe(200)
  })
})

describe('the audit', () => {
  test('tells who did what to which key, from where, and never its secret', async () => {
    const upstream = await world.upstream(jsonReply(CHAT.whole({ text: 'fine' })))
    const gateway = await world.gateway({ ...SERVER, providers: [providerAt('up', upstream, 'openai')] })
    const { id, secret } = await issue(gateway, { allowed: { models: ['up/m'] } })
    const rotated = await ask(gateway, `/v1/keys/${id}/rotate`, { grace: '1h' })
    await ask(gateway, '/v1/providers/up/disable', { reason: 'outage' })
    await ask(gateway, `/v1/keys/${id}/revoke`, { reason: 'left' })
    await ask(gateway, '/v1/me', undefined, secret)
    await ask(gateway, '/v1/me', undefined, 'guess')
    const { body } = await ask(gateway, '/v1/audit?limit=20', undefined, 'watch-key')
    const entries = body['entries'] as Json[]
    const told = entries.map(({ action, outcome, error_code }) => [action, outcome, error_code].filter(Boolean).join(' '))
    expect(told.slice(0, -1)).toEqual([
      'authentication refused invalid_api_key',
      'authentication refused api_key_revoked',
      'key.revoke done',
      'provider.disable done',
      'key.rotate done',
      'key.create done',
      'owner.create done',
    ])
    expect(told.at(-1)).toStartWith('config.load')
    expect(entries[2]).toMatchObject({
      actor: { kind: 'key', id: 'boss', role: 'admin' },
      source: { via: 'http', address: expect.stringMatching(/127\.0\.0\.1/), request_id: expect.stringMatching(/^req_/) },
      subject: { kind: 'key', id },
      details: { reason: 'left' },
    })
    const text = JSON.stringify(entries)
    for (const hidden of [secret, rotated.body['secret'] as string, 'boss-key', 'guess']) expect(text).not.toContain(hidden)
    expect((await ask(gateway, `/v1/audit?subject=${id}&action=key.`)).body['entries']).toHaveLength(3)
  })
})

test('limits of an issued key and of its owner hold, are told to it, and change at once', async () => {
  const upstream = await world.upstream(jsonReply(CHAT.whole()))
  const gateway = await world.gateway({ ...SERVER, providers: [providerAt('up', upstream, 'openai')] })
  const { id, secret } = await issue(gateway, { limits: { requests_per_minute: 1 } })
  const call = async (): Promise<{ status: number; body: Json }> => {
    const response = await gateway.post('/v1/chat/completions', CHAT.call('up/m'), bearing(secret))
    return { status: response.status, body: (await response.json()) as Json }
  }
  expect((await call()).status).toBe(200)
  const refused = await call()
  expect(refused.status).toBe(429)
  expect(JSON.stringify(refused.body)).toContain('1 requests a minute')

  const { body: me } = await ask(gateway, '/v1/me', undefined, secret)
  expect(me['limits']).toMatchObject({
    rules: [{ scope: 'key', subject: id, measure: 'requests', limit: 1, used: 1, remaining: 0 }],
  })
  expect(me['spend']).toMatchObject({ this_hour: { requests: 1 } })

  await ask(gateway, `/v1/keys/${id}/change`, { limits: { requests_per_minute: 2 } })
  expect((await call()).status).toBe(200)
  await ask(gateway, '/v1/owners/alice/change', { limits: { requests_per_minute: 1 } })
  expect((await call()).status).toBe(429)
  expect((await ask(gateway, `/v1/keys/${id}/change`, { limits: { requests_per_hour: 2 } })).status).toBe(400)
})
