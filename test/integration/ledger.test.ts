import { afterEach, describe, expect, test } from 'bun:test'
import { DatabaseSync } from 'node:sqlite'
import { join } from 'node:path'
import { CHAT, CLIENT_FORMATS, MESSAGES, refusing, serving } from '../support/client-formats.ts'
import { eventually, providerAt, TestWorld, type TestGateway } from '../support/gateway-fixture.ts'

type Json = Record<string, unknown>

const world = new TestWorld()
afterEach(() => world.closeAll())

const newDataDir = (): string => join(world.folder(), 'data')

const get = async (gateway: TestGateway, path: string): Promise<Json> =>
  (await (await fetch(`${gateway.url}${path}`)).json()) as Json
const totals = async (gateway: TestGateway): Promise<Json> => (await get(gateway, '/v1/usage'))['totals'] as Json
const events = async (gateway: TestGateway): Promise<Json[]> =>
  (await get(gateway, '/v1/usage/events?limit=1000'))['events'] as Json[]

describe('each call', () => {
  test('leaves exactly one settlement for each attempt, in every format, whole and streamed', async () => {
    const good = await world.upstream(serving(CHAT))
    const bad = await world.upstream(refusing(CHAT, 500))
    const gateway = await world.gateway({
      providers: [providerAt('bad', bad, 'openai'), providerAt('good', good, 'openai')],
      routes: [{ name: 'r', match: { model: 'r' }, targets: ['bad/m', 'good/m'], retry: { max_retries: 0 } }],
      server: { circuit_breaker: { enabled: false } },
    })
    for (const client of CLIENT_FORMATS)
      for (const stream of [false, true]) await (await gateway.post(client.path, client.call('r', { stream }))).text()
    const all = await events(gateway)
    const records = await gateway.records()
    const attempts = records.flatMap(({ request_id, attempts: tried }) =>
      tried.map((_attempt, index) => `${request_id}.${index}`),
    )
    expect(all.map(({ id }) => String(id)).toSorted()).toEqual(attempts.toSorted())
    expect(all.filter(({ outcome }) => outcome === 'success')).toHaveLength(8)
    expect(await totals(gateway)).toMatchObject({ requests: 8, attempts: all.length, input_tokens: 96, output_tokens: 32 })
  })

  test('that the client leaves in the middle is accounted for', async () => {
    const [first = '', ...rest] = MESSAGES.frames({ inputTokens: 50 })
    const upstream = await world.upstream({
      headers: { 'content-type': 'text/event-stream' },
      body: [first, ...rest.slice(0, 3), { stall: true }],
    })
    const gateway = await world.gateway({ providers: [providerAt('a', upstream, 'anthropic')] })
    const abort = new AbortController()
    const response = await gateway.post(MESSAGES.path, MESSAGES.call('a/m', { stream: true }), { signal: abort.signal })
    await response.body?.getReader().read()
    abort.abort()
    await eventually(async () => (await events(gateway)).length === 1, 'a settlement')
    expect((await events(gateway))[0]).toMatchObject({ outcome: 'cancelled', complete: false, usage: { inputTokens: 50 } })
  })
})

describe('a database that another program keeps locked', () => {
  test('stops no call, and loses nothing: entries go through the local file', async () => {
    const dataDir = newDataDir()
    const upstream = await world.upstream(serving(CHAT))
    const gateway = await world.gateway({ providers: [providerAt('a', upstream, 'openai')] }, { dataDir })
    await (await gateway.post(CHAT.path, CHAT.call('a/m'))).text()
    expect(await totals(gateway)).toMatchObject({ attempts: 1 })
    const blocker = new DatabaseSync(join(dataDir, 'switchback.db'))
    blocker.exec('PRAGMA busy_timeout = 2000; BEGIN IMMEDIATE')
    for (let call = 0; call < 5; call++) expect((await gateway.post(CHAT.path, CHAT.call('a/m'))).status).toBe(200)
    await eventually(
      async () => ((await get(gateway, '/v1/usage/reconcile'))['status'] as string) === 'degraded',
      'it is noticed',
    )
    expect(await get(gateway, '/v1/usage/reconcile')).toMatchObject({
      billing_grade: false,
      durability: { status: 'degraded', spooled: 5, dropped_writes: 0 },
      issues: [{ code: 'spooled_entries' }],
    })
    blocker.exec('ROLLBACK')
    blocker.close()
    await eventually(async () => (await get(gateway, '/v1/usage/reconcile'))['billing_grade'] === true, 'it has caught up')
    expect(await totals(gateway)).toMatchObject({ attempts: 6 })
  })
})

describe('a gateway that starts again', () => {
  test('knows what was spent, and takes over what the last one had to put aside', async () => {
    const dataDir = newDataDir()
    const upstream = await world.upstream(serving(CHAT))
    const config = { providers: [providerAt('a', upstream, 'openai')], ledger: { required: true } }
    const first = await world.gateway(config, { dataDir })
    await (await first.post(CHAT.path, CHAT.call('a/m'))).text()
    const blocker = new DatabaseSync(join(dataDir, 'switchback.db'))
    blocker.exec('PRAGMA busy_timeout = 2000; BEGIN IMMEDIATE')
    expect((await first.post(CHAT.path, CHAT.call('a/m'))).status).toBe(200)
    await first.close()
    blocker.exec('ROLLBACK')
    blocker.close()
    const second = await world.gateway(config, { dataDir })
    await eventually(async () => (await totals(second))['attempts'] === 2, 'it has caught up')
    expect(await get(second, '/v1/usage/reconcile')).toMatchObject({
      status: 'ok',
      durability: { required: true, recovered_writes: 1 },
    })
  })
})
