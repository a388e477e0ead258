import { afterEach, expect, test } from 'bun:test'
import { describeWithServers } from '../support/describe-with-servers.ts'
import { suiteServers } from '../support/suite-servers.ts'
import { accountsNamed, eventually, providerAt, TestWorld, type TestGateway } from '../support/gateway-fixture.ts'
import { freshName } from '../support/shared-state.ts'
import { chatAnswer, jsonReply } from '../support/upstream-answers.ts'

type Json = Record<string, unknown>

describeWithServers(['postgres', 'redis'], 'gateways that share their state', () => {
  const servers = suiteServers()
  const world = new TestWorld()
  afterEach(() => world.closeAll())

  const sharedState = (): Json => {
    const name = freshName('gateways')
    return { store: servers.postgres.url(`?schema=${name}`), coordination: servers.redis.url(`?prefix=${name}`) }
  }
  const pair = async (config: Json): Promise<[TestGateway, TestGateway]> => {
    const whole = { ...config, state: sharedState() }
    return [await world.gateway(whole), await world.gateway(whole)]
  }
  const chat = (gateway: TestGateway, model: string, headers: Record<string, string> = {}): Promise<Response> =>
    gateway.post('/v1/chat/completions', { model, messages: [{ role: 'user', content: 'hi' }] }, { headers })

  test('either explains what the other one has served', async () => {
    const [one, two] = await pair({ providers: [{ id: 'mock', type: 'mock' }] })
    const first = await chat(one, 'mock/echo')
    const answers = [first, await chat(two, 'mock/echo')]
    expect(answers.map(({ status }) => status)).toEqual([200, 200])
    await one.gateway.records.flush()
    expect((await two.recordOf(first)).served).toBe('mock/echo')
    expect(await two.records()).toHaveLength(2)
  })

  test('a conversation that its client does not name has the same name at both', async () => {
    const [one, two] = await pair({
      server: { sessions: { hash_first_message: true } },
      providers: [{ id: 'mock', type: 'mock' }],
    })
    const sessions = await Promise.all(
      [one, two].map(async (gateway) => (await gateway.recordOf(await chat(gateway, 'mock/echo'))).session_id),
    )
    expect(sessions[0]).toBeString()
    expect(sessions[1]).toBe(sessions[0])
  })

  test('what an operator takes out of use at one is out of use at the other', async () => {
    const [one, two] = await pair({ providers: [{ id: 'mock', type: 'mock' }] })
    expect((await one.post('/v1/providers/mock/disable', { reason: 'outage' })).status).toBe(200)
    await eventually(async () => (await chat(two, 'mock/echo')).status === 503, 'the other refuses')
    expect((await two.post('/v1/providers/mock/enable', {})).status).toBe(200)
    await eventually(async () => (await chat(one, 'mock/echo')).status === 200, 'the first serves')
  })

  test('an account that one finds over its limit is passed over by the other', async () => {
    const upstream = await world.upstream(({ headers }) =>
      headers['authorization'] === 'Bearer key-a'
        ? jsonReply({ error: { message: 'slow down' } }, 429, { 'retry-after': '60' })
        : jsonReply(chatAnswer()),
    )
    const [one, two] = await pair({ providers: [providerAt('acme', upstream, 'openai', accountsNamed('a', 'b'))] })
    expect((await chat(one, 'acme/m')).status).toBe(200)
    const locks = async (gateway: TestGateway): Promise<number> => {
      const view = (await (await fetch(`${gateway.url}/v1/health/targets`)).json()) as {
        providers: { accounts: { locks: unknown[] }[] }[]
      }
      return view.providers.flatMap(({ accounts }) => accounts).flatMap((account) => account.locks).length
    }
    await eventually(async () => (await locks(two)) === 1, 'the other knows of the lock')
    const before = upstream.requests.length
    expect((await chat(two, 'acme/m')).status).toBe(200)
    expect(upstream.requests.length - before).toBe(1)
    expect((await two.post('/v1/accounts/acme/a/reset', {})).status).toBe(200)
    await eventually(async () => (await locks(one)) === 0, 'the first has released it')
  })

  test('a circuit that one opens is open at the other, and closes there when a call works again', async () => {
    let works = false
    const upstream = await world.upstream(() => (works ? jsonReply(chatAnswer()) : jsonReply({ error: { message: 'no' } }, 500)))
    const [one, two] = await pair({
      server: { circuit_breaker: { failure_threshold: 2, open_secs: 3 }, retry: { max_retries: 0, max_wait_ms: 0 } },
      providers: [providerAt('acme', upstream, 'openai')],
    })
    const circuitOf = async (gateway: TestGateway): Promise<string | undefined> => {
      const view = (await (await fetch(`${gateway.url}/v1/health/targets`)).json()) as {
        targets: { id: string; circuit: string }[]
      }
      return view.targets.find(({ id }) => id === 'acme/m')?.circuit
    }
    await chat(one, 'acme/m')
    await chat(one, 'acme/m')
    await eventually(async () => (await circuitOf(two)) === 'open', 'the other knows')
    works = true
    await eventually(async () => (await chat(one, 'acme/m')).status === 200, 'the probe works')
    await eventually(async () => (await circuitOf(two)) === 'closed', 'the other has closed it')
  })

  test('a conversation stays with its account at whichever gateway it goes on', async () => {
    const seen: string[] = []
    const upstream = await world.upstream(({ headers }) => {
      seen.push(String(headers['authorization']))
      return jsonReply(chatAnswer())
    })
    const accounts = accountsNamed('a', 'b', 'c')
    const equal = (accounts['accounts'] as Json[]).map((account) => ({ ...account, priority: 0 }))
    const [one, two] = await pair({
      providers: [providerAt('acme', upstream, 'openai', { ...accounts, accounts: equal, selection: 'round_robin' })],
      routes: [{ name: 'talk', match: { model: 'talk' }, targets: ['acme/m'], affinity: 'session' }],
    })
    const session = { 'x-switchback-session-id': 'talk' }
    await chat(one, 'talk')
    await chat(one, 'talk', session)
    const own = seen.at(-1)
    await chat(one, 'talk', session)
    expect(seen.at(-1)).toBe(own)
    const foreseen = async (): Promise<string> => {
      const body = { model: 'talk', messages: [{ role: 'user', content: 'hi' }] }
      return (await two.post('/v1/route-preview', body, { headers: session })).text()
    }
    await eventually(async () => (await foreseen()).includes('served this session before'), 'the other has heard of it')
    for (let turn = 0; turn < 4; turn++) {
      await chat(two, 'talk', session)
      expect(seen.at(-1)).toBe(own)
    }
  })

  test('serving goes on while both servers are gone, and what happened meanwhile is recorded afterwards', async () => {
    const [one, two] = await pair({ providers: [{ id: 'mock', type: 'mock' }] })
    await chat(one, 'mock/echo')
    await one.gateway.records.flush()
    await Promise.all([servers.postgres.kill(), servers.redis.kill()])
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_unused, index) => chat(index % 2 === 0 ? one : two, 'mock/echo')),
    )
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200))
    await Promise.all([servers.postgres.start(), servers.redis.start()])
    await eventually(
      async () => (await one.gateway.records.list({ limit: 100 }).catch(() => [])).length === 21,
      'everything is recorded',
      15_000,
    )
  })

  test('a limit is one limit for both, and each keeps its share while Redis is away', async () => {
    const [one, two] = await pair({
      providers: [{ id: 'mock', type: 'mock' }],
      server: { limits: { requests_per_minute: 10 } },
    })
    const statuses = async (calls: number): Promise<number[]> => {
      const answers: number[] = []
      for (let call = 0; call < calls; call++) answers.push((await chat(call % 2 === 0 ? one : two, 'mock/echo')).status)
      return answers
    }
    const together = await statuses(14)
    expect(together.filter((status) => status === 200)).toHaveLength(10)
    const known = async (gateway: TestGateway): Promise<number> => {
      const view = (await (await fetch(`${gateway.url}/v1/health/targets`)).json()) as { replicas: unknown[] }
      return view.replicas.length
    }
    await eventually(async () => (await known(one)) + (await known(two)) === 4, 'both know both')
    await servers.redis.kill()
    const apart = await statuses(14)
    // Two gateways were there last, so each admits half of the limit for itself.
    expect(apart.filter((status) => status === 200)).toHaveLength(10)
    await servers.redis.start()
  })

  test('a gateway does not start without its database, and says what to do', async () => {
    const state = { store: servers.postgres.url().replace(String(servers.postgres.port), '1'), coordination: servers.redis.url() }
    const error = await world.gateway({ providers: [{ id: 'mock', type: 'mock' }], state }).catch((thrown: unknown) => thrown)
    expect(String(error)).toMatch(/nothing listens there.*state\.store/)
    expect(String(error)).not.toContain('secret-word')
  })
})
