import { afterEach, expect, test } from 'bun:test'
import { describeWithServers } from '../support/describe-with-servers.ts'
import { suiteServers } from '../support/suite-servers.ts'
import type { Reply } from '../support/fake-upstream.ts'
import { eventually, providerAt, TestWorld, type TestGateway } from '../support/gateway-fixture.ts'
import { freshName } from '../support/shared-state.ts'
import { chatAnswer, jsonReply } from '../support/upstream-answers.ts'

/** Waves of calls at both gateways while the probe is out. */
const WAVES = 10

describeWithServers(['postgres', 'redis'], 'a circuit of several gateways after its pause', () => {
  const servers = suiteServers()
  const world = new TestWorld()
  afterEach(() => world.closeAll())

  /** Two gateways whose circuit is open, and what the upstream answers the probe, once it is there. */
  const behindOpenCircuit = async () => {
    const failing = jsonReply({ error: { message: 'no' } }, 500)
    let reply: () => Reply | Promise<Reply> = () => failing
    const upstream = await world.upstream(() => reply())
    const name = freshName('half_open')
    const config = {
      server: { circuit_breaker: { failure_threshold: 2, open_secs: 1 }, retry: { max_retries: 0, max_wait_ms: 0 } },
      providers: [providerAt('acme', upstream, 'openai')],
      state: { store: servers.postgres.url(`?schema=${name}`), coordination: servers.redis.url(`?prefix=${name}`) },
    }
    const gateways = [await world.gateway(config), await world.gateway(config)]
    const call = async (gateway: TestGateway): Promise<number> => {
      const response = await gateway.post('/v1/chat/completions', {
        model: 'acme/m',
        messages: [{ role: 'user', content: 'hi' }],
      })
      await response.text()
      return response.status
    }
    const circuits = (): Promise<(string | undefined)[]> =>
      Promise.all(
        gateways.map(async ({ url }) => {
          const view = (await (await fetch(`${url}/v1/health/targets`)).json()) as {
            targets: { id: string; circuit: string }[]
          }
          return view.targets.find(({ id }) => id === 'acme/m')?.circuit
        }),
      )
    const are = (state: string) => async () => (await circuits()).every((circuit) => circuit === state)

    const probe = Promise.withResolvers<Reply>()
    for (let failure = 0; failure < 2; failure++) await call(gateways[0]!)
    await eventually(are('open'), 'the circuit is open at both')
    const before = upstream.requests.length
    reply = () => probe.promise
    const probes = (): number => upstream.requests.length - before
    /** One call at each gateway, again and again, until the upstream has a probe. */
    const waiting: Promise<number>[] = []
    await eventually(() => {
      waiting.push(...gateways.map(call))
      return probes() > 0
    }, 'a probe is sent')
    return { gateways, call, are, probes, waiting, answer: probe.resolve, replyWith: (next: Reply) => (reply = () => next) }
  }

  test('lets one probe through for all of them, and closes at all when it works', async () => {
    const { gateways, call, are, probes, waiting, answer, replyWith } = await behindOpenCircuit()
    for (let wave = 0; wave < WAVES; wave++) expect(await Promise.all(gateways.map(call))).toEqual([503, 503])
    expect(probes()).toBe(1)
    replyWith(jsonReply(chatAnswer()))
    answer(jsonReply(chatAnswer()))
    expect((await Promise.all(waiting)).filter((status) => status === 200)).toHaveLength(1)
    await eventually(are('closed'), 'the circuit is closed at both')
    expect(await Promise.all(gateways.map(call))).toEqual([200, 200])
  })

  test('stays open at all when the probe fails, and lets another one through after the next pause', async () => {
    const { gateways, call, are, waiting, answer, replyWith } = await behindOpenCircuit()
    answer(jsonReply({ error: { message: 'still no' } }, 500))
    expect((await Promise.all(waiting)).filter((status) => status === 200)).toEqual([])
    await eventually(are('open'), 'the circuit is open again at both')
    replyWith(jsonReply(chatAnswer()))
    await eventually(async () => (await Promise.all(gateways.map(call))).includes(200), 'the next probe works')
    await eventually(are('closed'), 'the circuit is closed at both')
  })
})
