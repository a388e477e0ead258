import { afterEach, describe, expect, test } from 'bun:test'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadConfig } from '../../src/config/load.ts'
import { followConfig } from '../../src/operations/follow-config.ts'
import { CHAT, refusing, serving } from '../support/client-formats.ts'
import { compiledConfig, eventually, providerAt, TestWorld, type TestGateway } from '../support/gateway-fixture.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { jsonReply, sseReply } from '../support/upstream-answers.ts'

type Json = Record<string, unknown>

const world = new TestWorld()
afterEach(() => world.closeAll())

const MOCKS = [
  { id: 'a', type: 'mock' },
  { id: 'b', type: 'mock' },
]
const routed = (...targets: string[]): Json => ({ routes: [{ name: 'r', match: { model: 'r' }, targets }] })
const key = (id: string, role = 'admin'): Json => ({ prefix: id, key: `sk-gateway-${id}-0123456789abcdef`, role })
const as = (id: string): { headers: Record<string, string> } => ({
  headers: { authorization: `Bearer sk-gateway-${id}-0123456789abcdef` },
})
const keyed = (id: string, ...accounts: [name: string, key: string][]) => ({
  auth_scheme: { kind: 'bearer' },
  accounts: accounts.map(([name, apiKey], index) => ({ id: name, api_key: apiKey, priority: index })),
  id,
})

const ask = (gateway: TestGateway, init: RequestInit = {}, model = 'r'): Promise<Response> =>
  gateway.post(CHAT.path, CHAT.call(model), init)
async function served(gateway: TestGateway): Promise<{ by: string | undefined; revision: number }> {
  const response = await ask(gateway)
  await response.text()
  const { served: by, revision } = await gateway.recordOf(response)
  return { by, revision }
}
const reload = (gateway: TestGateway, config: Json): ReturnType<TestGateway['gateway']['reload']> =>
  gateway.gateway.reload(compiledConfig(config))

/** What a promise rejects with. */
const refusal = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'it was not refused',
    (error: unknown) => error,
  )

describe('another configuration, while the gateway serves', () => {
  test('is taken over as a whole, as the next revision, deletions included', async () => {
    const gateway = await world.gateway({ providers: MOCKS, ...routed('a/echo') })
    expect(await served(gateway)).toEqual({ by: 'a/echo', revision: 1 })
    expect(await reload(gateway, { providers: MOCKS, ...routed('b/echo') })).toEqual({
      kind: 'applied',
      revision: 2,
      restart: [],
    })
    const response = await ask(gateway)
    expect(response.headers.get('x-switchback-revision')).toBe('2')
    expect(await served(gateway)).toEqual({ by: 'b/echo', revision: 2 })
    await reload(gateway, { providers: [MOCKS[0]] })
    expect((await ask(gateway)).status).toBe(404)
    const models = await (await fetch(`${gateway.url}/v1/models`)).text()
    expect(models).not.toContain('b/')
  })

  test('leaves everything as it is when it means the same, however it is written', async () => {
    const gateway = await world.gateway({ providers: MOCKS, ...routed('a/echo') })
    expect(await reload(gateway, { ...routed('a/echo'), providers: MOCKS })).toEqual({
      kind: 'unchanged',
      revision: 1,
      restart: [],
    })
  })

  test('does not touch a stream under way, which ends with what it began with', async () => {
    const rest = Promise.withResolvers<void>()
    const [first = '', second = '', ...others] = CHAT.frames()
    const upstream = await world.upstream(sseReply([first, second, { until: rest.promise }, ...others]))
    const other = await world.upstream(serving(CHAT))
    const gateway = await world.gateway({ providers: [providerAt('x', upstream, 'openai')], ...routed('x/m') })
    const response = await gateway.post(CHAT.path, CHAT.call('r', { stream: true }))
    const reader = response.body!.getReader()
    let text = Buffer.from((await reader.read()).value ?? []).toString()
    await reload(gateway, { providers: [providerAt('y', other, 'openai')], ...routed('y/m') })
    expect(await served(gateway)).toEqual({ by: 'y/m', revision: 2 })
    rest.resolve()
    for (let part = await reader.read(); !part.done; part = await reader.read()) text += Buffer.from(part.value).toString()
    expect(CHAT.streamText(text)).toBe('Hello there!')
    expect(await gateway.recordOf(response)).toMatchObject({ revision: 1, served: 'x/m', status: 200 })
  })

  test('a request under way goes on among its own targets, as far as they are still configured', async () => {
    const held = Promise.withResolvers<void>()
    const first = await world.upstream(async () => {
      await held.promise
      return refusing(CHAT, 503)
    })
    const second = await world.upstream(serving(CHAT))
    const gateway = await world.gateway({
      server: { retry: { max_retries: 0 } },
      providers: [providerAt('x', first, 'openai'), providerAt('y', second, 'openai')],
      ...routed('x/m', 'y/m'),
    })
    const answer = ask(gateway)
    await first.request(0)
    await reload(gateway, { providers: MOCKS, ...routed('a/echo') })
    held.resolve()
    const response = await answer
    // Its second provider is not configured any more, so its accounts are gone with it.
    expect(response.status).toBe(503)
    expect((await gateway.recordOf(response)).revision).toBe(1)
  })

  test('rotates upstream credentials: the next request has the new one, and a late refusal of the old one locks nobody', async () => {
    const held = Promise.withResolvers<void>()
    const upstream = await world.upstream(async ({ headers }) => {
      if (headers['authorization'] !== 'Bearer old') return jsonReply(CHAT.whole())
      await held.promise
      return refusing(CHAT, 401, { type: 'authentication_error' })
    })
    const config = (secret: string): Json => ({
      providers: [{ ...providerAt('x', upstream, 'openai'), ...keyed('x', ['main', secret]) }],
      ...routed('x/m'),
    })
    const gateway = await world.gateway(config('old'))
    const late = ask(gateway)
    await upstream.request(0)
    expect(await reload(gateway, config('new'))).toMatchObject({ kind: 'applied' })
    expect((await ask(gateway)).status).toBe(200)
    held.resolve()
    expect((await late).status).toBe(401)
    expect((await ask(gateway)).status).toBe(200)
    expect(upstream.requests.map(({ headers }) => headers['authorization'])).toEqual(['Bearer old', 'Bearer new', 'Bearer new'])
  })

  test('admits and refuses keys of clients at once', async () => {
    const gateway = await world.gateway({ providers: MOCKS, ...routed('a/echo'), api_keys: [key('ann'), key('bob')] })
    expect((await ask(gateway, as('bob'))).status).toBe(200)
    await reload(gateway, { providers: MOCKS, ...routed('a/echo'), api_keys: [key('ann'), key('eve')] })
    expect((await ask(gateway, as('bob'))).status).toBe(401)
    expect((await ask(gateway, as('eve'))).status).toBe(200)
  })

  test('changes what the server allows: sizes, origins and paths', async () => {
    const gateway = await world.gateway({ providers: MOCKS, ...routed('a/echo') })
    await reload(gateway, {
      server: { max_request_bytes: 40, base_path: '/llm', cors: { origins: ['https://app.example'] } },
      providers: MOCKS,
      ...routed('a/echo'),
      api_keys: [key('ann')],
    })
    expect((await ask(gateway, as('ann'))).status).toBe(404)
    expect((await gateway.post(`/llm${CHAT.path}`, CHAT.call('r'), as('ann'))).status).toBe(413)
    const origin = { headers: { ...as('ann').headers, origin: 'https://app.example' } }
    const models = await fetch(`${gateway.url}/llm/v1/models`, origin)
    expect(models.headers.get('access-control-allow-origin')).toBe('https://app.example')
  })

  test('names what waits for a start, and serves the rest', async () => {
    const gateway = await world.gateway({ providers: MOCKS, ...routed('a/echo') })
    const other = { server: { bind: '127.0.0.1:1' }, state: { store: 'memory' }, providers: MOCKS, ...routed('b/echo') }
    expect(await reload(gateway, other)).toEqual({ kind: 'applied', revision: 2, restart: ['server.bind', 'state.store'] })
    expect((await served(gateway)).by).toBe('b/echo')
  })

  test('is not taken when it would open an address that others can reach', async () => {
    const gateway = await world.gateway({
      server: { bind: '0.0.0.0:0' },
      providers: MOCKS,
      ...routed('a/echo'),
      api_keys: [key('ann')],
    })
    expect(
      await refusal(reload(gateway, { server: { bind: '127.0.0.1:0' }, providers: MOCKS, ...routed('a/echo') })),
    ).toMatchObject({
      code: 'config_invalid',
      message: expect.stringContaining('without a key') as string,
    })
    expect((await fetch(`http://127.0.0.1:${gateway.port}/v1/models`)).status).toBe(401)
  })
})

describe('what is known survives another configuration', () => {
  test('locks and sessions, and goes with a provider’s address', async () => {
    const limited = await world.upstream(refusing(CHAT, 429, { headers: { 'retry-after': '60' } }))
    const other = await world.upstream(serving(CHAT))
    const third = await world.upstream(serving(CHAT))
    const config = (first: { url: string }, strategy: string): Json => ({
      server: { retry: { max_retries: 0 } },
      providers: [providerAt('x', first, 'openai'), providerAt('y', other, 'openai')],
      routes: [{ name: 'r', match: { model: 'r' }, targets: ['x/m', 'y/m'], strategy, affinity: 'session' }],
    })
    const session = { headers: { 'x-session-id': 's' } }
    const gateway = await world.gateway(config(limited, 'ordered_fallback'))
    await (await ask(gateway)).text()
    await (await ask(gateway, session)).text()
    expect(limited.requests).toHaveLength(1)
    await reload(gateway, config(limited, 'round_robin'))
    const after = await ask(gateway, session)
    await after.text()
    expect(await gateway.recordOf(after)).toMatchObject({
      revision: 2,
      served: 'y/m',
      decision: { inputs: { session: { target_id: 'y/m' } } },
    })
    await (await ask(gateway)).text()
    expect(limited.requests).toHaveLength(1)
    await reload(gateway, config(third, 'ordered_fallback'))
    expect(await served(gateway)).toMatchObject({ by: 'x/m' })
    expect(third.requests).toHaveLength(1)
  })

  test('circuits, outcomes and disables', async () => {
    const broken = await world.upstream(refusing(CHAT, 500))
    const config = (model: string): Json => ({
      server: { retry: { max_retries: 0, max_wait_ms: 0 }, circuit_breaker: { failure_threshold: 2 } },
      providers: [...MOCKS, providerAt('x', broken, 'openai')],
      routes: [
        { name: 'r', match: { model: 'r' }, targets: ['x/m'] },
        { name: 's', match: { model: model }, targets: ['a/echo', 'b/echo'] },
      ],
    })
    const gateway = await world.gateway(config('s'))
    for (let call = 0; call < 2; call++) await (await ask(gateway)).text()
    expect((await gateway.post('/v1/providers/a/disable', { reason: 'rest' })).status).toBe(200)
    await reload(gateway, config('t'))
    const health = (await (await fetch(`${gateway.url}/v1/health/targets`)).json()) as { revision: number }
    expect(health.revision).toBe(2)
    expect(JSON.stringify(health)).toContain('"circuit":"open"')
    const response = await ask(gateway, {}, 't')
    await response.text()
    expect(await gateway.recordOf(response)).toMatchObject({ served: 'b/echo' })
  })
})

describe('policy tests', () => {
  const folder = (): string => {
    return world.folder()
  }
  const promise = (name: string, target: string): string =>
    JSON.stringify({ tests: [{ name, request: { model: 'r' }, expect: { selected: target } }] })

  test('keep a configuration from being taken, and the refusal says which', async () => {
    const policies = join(folder(), 'policies.yaml')
    writeFileSync(policies, promise('r is served by a', 'a/echo'))
    const config = (...targets: string[]): Json => ({ providers: MOCKS, ...routed(...targets), policy_tests: [policies] })
    const gateway = await world.gateway(config('a/echo'))
    expect(await refusal(reload(gateway, config('b/echo')))).toMatchObject({
      code: 'config_invalid',
      message: `1 policy test of the configuration fails:\n  ${policies}:1: r is served by a: selected is b/echo, expected a/echo`,
    })
    expect(await served(gateway)).toEqual({ by: 'a/echo', revision: 1 })
    writeFileSync(policies, promise('r is served by b', 'b/echo'))
    expect(await reload(gateway, config('b/echo'))).toMatchObject({ kind: 'applied', revision: 2 })
  })

  test('keep a gateway from being opened', async () => {
    const policies = join(folder(), 'policies.yaml')
    writeFileSync(policies, promise('r is served by a', 'a/echo'))
    const opened = world.gateway({ providers: MOCKS, ...routed('b/echo'), policy_tests: [policies] })
    expect(await refusal(opened)).toMatchObject({ message: expect.stringContaining('r is served by a') as string })
  })
})

describe('a configuration file', () => {
  const write = (path: string, ...targets: string[]): void =>
    writeFileSync(path, JSON.stringify({ server: { bind: '127.0.0.1:0' }, providers: MOCKS, ...routed(...targets) }))

  test('read ten thousand times, and changed a hundred times, leaves nothing behind', async () => {
    const path = join(world.folder(), 'switchback.yaml')
    write(path, 'a/echo')
    const clock = new ManualClock()
    const load = (): ReturnType<typeof loadConfig> => loadConfig({ path, env: {}, cwd: '/', home: '/' })
    const first = load()
    if (!first.ok) throw new Error('the configuration is no good')
    const gateway = await world.gateway({ providers: MOCKS, ...routed('a/echo') }, { clock })
    const told: string[] = []
    const follower = followConfig({
      gateway: {
        async refresh() {
          const loaded = load()
          return { loaded, outcome: loaded.ok ? await gateway.gateway.reload(loaded.compiled) : undefined, refusal: undefined }
        },
      },
      path,
      clock,
      tell: (line) => void (told[0] = line),
    })
    const change = async (round: number): Promise<void> => {
      write(path, ...(round % 2 === 0 ? ['b/echo', 'a/echo'] : ['a/echo', 'b/echo']))
      await follower.reload()
      expect(told[0]).toContain('was taken over')
    }
    const handles = (): number => readdirSync('/proc/self/fd').length
    const heap = (): number => {
      Bun.gc(true)
      return process.memoryUsage().heapUsed
    }
    for (let round = 0; round < 50; round++) await change(round)
    for (let round = 0; round < 500; round++) await follower.reload()
    const before = { handles: handles(), timers: clock.pending, heap: heap() }
    for (let round = 0; round < 10_000; round++) await follower.reload()
    expect(told[0]).toBe('The configuration is the one in force (revision 3).')
    for (let round = 0; round < 100; round++) await change(round)
    expect(clock.pending).toBe(before.timers)
    await eventually(() => handles() <= before.handles, 'all files are closed again')
    expect(heap() - before.heap).toBeLessThan(4_000_000)
    follower.stop()
    expect(clock.pending).toBe(before.timers - 1)
    expect((await ask(gateway)).status).toBe(200)
  }, 60_000)
})
