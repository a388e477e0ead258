import { afterEach, describe, expect, test } from 'bun:test'
import { CHAT, serving } from '../support/client-formats.ts'
import type { FakeUpstream } from '../support/fake-upstream.ts'
import { providerAt, TestWorld, type TestGateway } from '../support/gateway-fixture.ts'
import { setPrices } from '../support/limits-world.ts'
import { AGENT_NAMES, KEY, runAgent, type AgentName } from './support/agent.ts'

type Json = Record<string, unknown>

const world = new TestWorld()
afterEach(() => world.closeAll())

const call = (gateway: TestGateway): Promise<Response> =>
  gateway.post(CHAT.path, CHAT.call('team'), { headers: { authorization: `Bearer ${KEY}` } })

interface World extends TestGateway {
  readonly upstream: FakeUpstream
}

/** A gateway whose only caller is the agent; each call costs 16 millionths of a dollar. */
async function gatewayWith(key: Json, server: Json = {}): Promise<World> {
  const upstream = await world.upstream(serving(CHAT))
  const gateway = await world.gateway({
    server,
    api_keys: [{ key: KEY, prefix: 'agent', ...key }],
    providers: [providerAt('up', upstream, 'openai')],
    routes: [{ name: 'team', match: { model: 'team' }, targets: ['up/priced'] }],
  })
  await setPrices(gateway, ['up/priced'])
  return { ...gateway, upstream }
}

/** Runs the agent as it comes; it must end by itself, with our sentence, after one call. */
async function refused(agent: AgentName, gateway: TestGateway, sentence: string): Promise<unknown> {
  const before = (await gateway.records()).length
  const { stdout, stderr, exitCode } = await runAgent(agent, {
    gatewayUrl: gateway.url,
    model: 'team',
    prompt: 'Say hello.',
    retries: true,
  })
  expect(`${stdout}${stderr}`).toContain(sentence)
  expect(exitCode).not.toBe(0)
  // In Bedrock's words Claude Code first asks, once each, which of its usual models are there.
  const made = (await gateway.records()).slice(before).filter((record) => record['requested_model'] === 'team')
  expect(made).toHaveLength(1)
  return made[0]?.error_code
}

describe.each([...AGENT_NAMES])('%s, with retries of its own, stops after one call and shows our sentence', (agent) => {
  test('when the budget is spent until next month', async () => {
    const gateway = await gatewayWith({ budget: { monthly_usd: 0.000_01 } })
    expect((await call(gateway)).status).toBe(200)
    expect(await refused(agent, gateway, "This key's monthly budget of $0 is spent ($0). There is room again")).toBe(
      'budget_exceeded',
    )
  })

  test('when the budget is spent for good', async () => {
    const gateway = await gatewayWith({ budget: { max_usd: 0 } })
    expect(await refused(agent, gateway, 'Ask the operator of this gateway to raise it.')).toBe('budget_exceeded')
  })

  test('when nobody knows the price', async () => {
    const gateway = await gatewayWith({ budget: { daily_usd: 5 } })
    await setPrices(gateway, [])
    expect(await refused(agent, gateway, 'switchback price set up/priced --input')).toBe('price_required')
  })

  test('when the gateway is full', async () => {
    const gateway = await gatewayWith({}, { max_concurrency: 1, admission_timeout_ms: 200 })
    const { promise: over, resolve: end } = Promise.withResolvers<void>()
    gateway.upstream.enqueue({ ...serving(CHAT)({ text: '{}' }), before: [{ until: over }] })
    const running = call(gateway)
    await gateway.upstream.request(0)
    expect(await refused(agent, gateway, 'The gateway is serving as many calls as it may')).toBe('admission_timeout')
    end()
    expect((await running).status).toBe(200)
  })
})
