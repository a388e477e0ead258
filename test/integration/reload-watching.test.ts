import { afterEach, describe, expect, test } from 'bun:test'
import { generateIdentity, identityToRecipient } from 'age-encryption'
import { CHAT, serving } from '../support/client-formats.ts'
import type { FakeUpstream } from '../support/fake-upstream.ts'
import { compiledConfig, eventually, providerAt, TestWorld, type TestGateway } from '../support/gateway-fixture.ts'
import { ManualClock } from '../support/manual-clock.ts'

type Json = Record<string, unknown>

interface Span {
  readonly name: string
  readonly traceId: string
}

const world = new TestWorld()
afterEach(() => world.closeAll())

const MOCK = { providers: [{ id: 'mock', type: 'mock' }] }
const chat = (model: string): object => ({ model, messages: [{ role: 'user', content: 'hi' }] })
const call = async (gateway: TestGateway, model = 'mock/echo'): Promise<string> => {
  const response = await gateway.post('/v1/chat/completions', chat(model))
  await response.text()
  return response.headers.get('x-switchback-request-id') ?? ''
}
const reload = (gateway: TestGateway, config: Json): ReturnType<TestGateway['gateway']['reload']> =>
  gateway.gateway.reload(compiledConfig(config))

describe('telemetry of another configuration', () => {
  const exporting = (otlp: readonly object[], more: object = {}): Json => ({ ...MOCK, telemetry: { otlp, ...more } })
  const spansTo = ({ url }: FakeUpstream): object => ({ endpoint: url, metrics: false })
  /** Requests whose spans a collector got, as often as it got them. */
  const tracedAt = (collector: FakeUpstream): string[] =>
    collector.requests
      .flatMap(({ json }) => (json as { resourceSpans: { scopeSpans: { spans: Span[] }[] }[] }).resourceSpans)
      .flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans))
      .filter(({ name }) => name.startsWith('generate'))
      .map(({ traceId }) => `req_${traceId}`)

  test('goes to another collector from the next call on; the one before still gets what had ended', async () => {
    const [one, two] = [await world.upstream({ body: ['{}'] }), await world.upstream({ body: ['{}'] })]
    const gateway = await world.gateway(exporting([spansTo(one)]))
    const before = [await call(gateway), await call(gateway)]
    expect(await reload(gateway, exporting([spansTo(two)]))).toMatchObject({ kind: 'applied', restart: [] })
    const after = await call(gateway)
    await gateway.close()
    expect(tracedAt(one).toSorted()).toEqual(before.toSorted())
    expect(tracedAt(two)).toEqual([after])
  })

  test('keeps what waits for a collector that stays, and sends it once', async () => {
    const collector = await world.upstream({ body: ['{}'] })
    const gateway = await world.gateway(exporting([spansTo(collector)], { sample: 1 }))
    const ids = [await call(gateway)]
    await reload(gateway, exporting([spansTo(collector)], { sample: 0.999999999, propagate: false }))
    ids.push(await call(gateway))
    await gateway.close()
    expect(tracedAt(collector).toSorted()).toEqual(ids.toSorted())
  })

  test('begins and ends with its section', async () => {
    const collector = await world.upstream({ body: ['{}'] })
    const gateway = await world.gateway(MOCK)
    await call(gateway)
    await reload(gateway, exporting([spansTo(collector)]))
    const traced = await call(gateway)
    await reload(gateway, MOCK)
    await call(gateway)
    await gateway.close()
    expect(tracedAt(collector)).toEqual([traced])
  })

  test('counts on: the metrics of another collector began when the gateway did', async () => {
    const [one, two] = [await world.upstream({ body: ['{}'] }), await world.upstream({ body: ['{}'] })]
    const clock = new ManualClock(1_700_000_000_000)
    const metricsTo = ({ url }: FakeUpstream): Json => exporting([{ endpoint: url, traces: false }])
    const gateway = await world.gateway(metricsTo(one), { clock })
    await call(gateway)
    await clock.advance(5_000)
    await reload(gateway, metricsTo(two))
    await eventually(() => one.requests.length === 1, 'the collector that is given up gets what was counted')
    const closed = gateway.close()
    await eventually(async () => {
      await clock.advance(100)
      return two.requests.length === 1
    }, 'the other collector gets it too')
    await closed
    const facts = ({ requests }: FakeUpstream): unknown => [
      new Set(requests[0]?.text.match(/"startTimeUnixNano":"\d+"/g)),
      requests[0]?.text.match(/service.instance.id","value":\{"stringValue":"[^"]+"/g),
    ]
    expect(facts(two)).toEqual(facts(one))
    expect(one.requests[0]?.text).toContain('"startTimeUnixNano":"1700000000000000000"')
  })
})

describe('alerts of another configuration', () => {
  const told = (webhook: FakeUpstream): string[] =>
    webhook.requests.map(({ json }) => {
      const { state, key } = json as { state: string; key: string }
      return `${state} ${key}`
    })
  const hook = (id: string, { url }: FakeUpstream, more: object = {}): object => ({ id, url, allow_private: true, ...more })
  /** A gateway that is about to tell that a model has no price, and the way to look. */
  const unpriced = async (alerts: object) => {
    const clock = new ManualClock()
    const upstream = await world.upstream(serving(CHAT, { text: 'hi' }))
    const config = (next: object): Json => ({ providers: [providerAt('p', upstream, 'openai')], alerts: next })
    const gateway = await world.gateway(config(alerts), { clock })
    await call(gateway, 'p/m')
    return { gateway, clock, change: (next: object) => reload(gateway, config(next)) }
  }
  const pass = (clock: ManualClock, isSeen: () => boolean, what: string): Promise<void> =>
    eventually(async () => {
      await clock.advance(5_000)
      return isSeen()
    }, what)
  /** As `pass`, and the gateway has read the answer of the webhook: were more time to pass before, it would take it for late. */
  const look = async (clock: ManualClock, isSeen: () => boolean, what: string): Promise<void> => {
    const idle = clock.pending
    await pass(clock, isSeen, what)
    await eventually(() => clock.pending <= idle, 'the delivery has ended')
  }

  test('tell nothing twice, and a webhook that comes hears what happens from then on', async () => {
    const [one, two] = [await world.upstream({ body: ['ok'] }), await world.upstream({ body: ['ok'] })]
    const rules = { unknown_price: { quiet_secs: 600 } }
    const { clock, change } = await unpriced({ webhooks: [hook('one', one)], rules })
    await look(clock, () => one.requests.length === 1, 'it is told')
    expect(await change({ webhooks: [hook('one', one), hook('two', two)], rules })).toMatchObject({ restart: [] })
    await clock.advance(60_000)
    expect(told(one)).toEqual(['firing unknown_price:p/m'])
    expect(told(two)).toEqual([])
    await change({ webhooks: [hook('two', two)], rules: { unknown_price: { enabled: false, quiet_secs: 600 } } })
    await look(clock, () => two.requests.length === 1, 'that it is over is told')
    expect(told(two)).toEqual(['resolved unknown_price:p/m'])
    expect(one.requests).toHaveLength(1)
  })

  test('go by the rules and names of the new section', async () => {
    const webhook = await world.upstream({ body: ['ok'] })
    const rules = { unknown_price: { enabled: false } }
    const { clock, change } = await unpriced({ webhooks: [hook('ops', webhook)], rules })
    await clock.advance(60_000)
    expect(webhook.requests).toHaveLength(0)
    await change({ webhooks: [hook('ops', webhook)], instance: 'the-new-name' })
    await look(clock, () => webhook.requests.length === 1, 'the rule is in force')
    expect(webhook.requests[0]?.text).toContain('the-new-name')
  })

  test('still bring a webhook that is given up what waits for it', async () => {
    let isUp = false
    const statuses: number[] = []
    const old = await world.upstream(() => {
      statuses.push(isUp ? 200 : 503)
      return { status: isUp ? 200 : 503, body: ['-'] }
    })
    const { clock, change } = await unpriced({ webhooks: [hook('old', old)] })
    await pass(clock, () => statuses.length > 0, 'it is tried')
    await change({})
    isUp = true
    await pass(clock, () => statuses.includes(200), 'it is tried again')
    const tried = statuses.length
    await clock.advance(120_000)
    expect(statuses).toHaveLength(tried)
  })

  test('begin where there were none before', async () => {
    const webhook = await world.upstream({ body: ['ok'] })
    const { gateway, clock, change } = await unpriced({})
    await change({ webhooks: [hook('ops', webhook)] })
    await call(gateway, 'p/m')
    await look(clock, () => webhook.requests.length === 1, 'it is told')
    expect(told(webhook)).toEqual(['firing unknown_price:p/m'])
  })
})

describe('capture settings of another configuration', () => {
  const capturing = async (capture: object) => {
    const [mine, other] = await Promise.all([1, 2].map(async () => identityToRecipient(await generateIdentity())))
    const dataDir = world.folder()
    const gateway = await world.gateway({ ...MOCK, capture }, { dataDir })
    const start = (span: string): Promise<Response> => gateway.post('/v1/captures', { key: 'none', for: span, recipient: mine })
    const isCaptured = async (): Promise<boolean> => {
      const response = await gateway.post('/v1/chat/completions', chat('mock/echo'))
      await response.text()
      return response.headers.has('x-switchback-capture')
    }
    return { gateway, other: other!, start, isCaptured, change: (next: object) => reload(gateway, { ...MOCK, capture: next }) }
  }

  test('allow and bound what is ordered from then on', async () => {
    const { start, change, isCaptured } = await capturing({ enabled: false })
    expect((await start('15m')).status).toBe(403)
    expect(await change({ longest: '10m' })).toMatchObject({ kind: 'applied', restart: [] })
    expect((await start('15m')).status).toBe(400)
    expect((await start('10m')).status).toBe(200)
    expect(await isCaptured()).toBe(true)
  })

  test('end what they do not allow any more, which is audited', async () => {
    for (const next of [{ enabled: false }, 'other recipients'] as const) {
      const { gateway, other, start, change, isCaptured } = await capturing({})
      await start('15m')
      expect(await isCaptured()).toBe(true)
      await change(typeof next === 'string' ? { recipients: [other] } : next)
      expect(await isCaptured()).toBe(false)
      const { captures } = (await (await fetch(`${gateway.url}/v1/captures`)).json()) as { captures: { ended: object }[] }
      expect(captures).toMatchObject([{ ended: { why: 'stopped' } }])
      const audit = (await (await fetch(`${gateway.url}/v1/audit?action=capture.end`)).json()) as { entries: object[] }
      expect(audit.entries).toMatchObject([{ actor: { kind: 'gateway' } }])
    }
  })

  test('leave a capture in force that they allow, with its new bounds', async () => {
    const { start, change, isCaptured } = await capturing({ max_mb: 1 })
    await start('15m')
    await change({ max_mb: 2, retention: '1d' })
    expect(await isCaptured()).toBe(true)
  })
})

test('what holds until the next start is named key by key', async () => {
  const gateway = await world.gateway(MOCK)
  const { restart } = await reload(gateway, {
    ...MOCK,
    server: { bind: '127.0.0.1:1', idempotency: { max_keys: 7 } },
    state: { store: '/somewhere/else.db' },
    ledger: { enabled: false },
    telemetry: { resource: { a: 'b' } },
  })
  expect(restart).toEqual(['server.bind', 'server.idempotency', 'state.store', 'ledger.enabled'])
})
