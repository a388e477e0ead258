import { afterEach, describe, expect, test } from 'bun:test'
import { compileOverrides } from '../../src/catalog/prices/override-prices.ts'
import type { RouteDecision } from '../../src/ir/decision.ts'
import { CHAT, CLIENT_FORMATS, GEMINI, refusing, serving } from '../support/client-formats.ts'
import { providerAt, TestWorld, type TestGateway } from '../support/gateway-fixture.ts'

const world = new TestWorld()
afterEach(() => world.closeAll())

const MOCKS = [
  { id: 'a', type: 'mock' },
  { id: 'b', type: 'mock' },
]

async function preview(gateway: TestGateway, body: object, headers: Record<string, string> = {}): Promise<RouteDecision> {
  const response = await gateway.post('/v1/route-preview', body, { headers })
  return ((await response.json()) as { decision: RouteDecision }).decision
}

const servedBy = async (gateway: TestGateway, model: string): Promise<string | undefined> => {
  const response = await gateway.post(CHAT.path, CHAT.call(model))
  await response.text()
  return (await gateway.recordOf(response)).served
}

test('targets of a round robin begin in turn, and a preview takes nobody’s turn', async () => {
  const gateway = await world.gateway({
    providers: MOCKS,
    combos: { both: { strategy: 'round_robin', models: ['a/echo', 'b/echo'] } },
  })
  const served: (string | undefined)[] = []
  for (let call = 0; call < 4; call++) {
    const planned = await preview(gateway, CHAT.call('combo/both'))
    expect(await preview(gateway, CHAT.call('combo/both'))).toMatchObject({ selected: planned.selected })
    served.push(await servedBy(gateway, 'combo/both'))
    expect(served.at(-1)).toBe(planned.selected?.target_id)
  }
  expect(served).toEqual(['a/echo', 'b/echo', 'a/echo', 'b/echo'])
})

test('auto works without a route, over what the configuration names', async () => {
  const gateway = await world.gateway({ providers: [{ id: 'a', type: 'mock', models: ['x', 'echo'] }] })
  expect(await preview(gateway, CHAT.call('auto/fast'))).toMatchObject({
    route: 'auto/fast',
    strategy: 'auto/fast',
    selected: { target_id: 'a/x' },
    fallbacks: [{ target_id: 'a/echo' }],
  })
})

test('the first preview knows the prices that the first call will know', async () => {
  const gateway = await world.gateway({ providers: MOCKS.map((mock) => ({ ...mock, models: ['echo'] })) })
  gateway.gateway.prices.replaceOverrides(
    compileOverrides({ 'a/echo': { input: 9, output: 9 }, 'b/echo': { input: 1, output: 1 } }),
  )
  const planned = await preview(gateway, CHAT.call('auto/cheap'))
  expect(planned.selected?.target_id).toBe('b/echo')
  expect(await servedBy(gateway, 'auto/cheap')).toBe('b/echo')
})

describe('a list of models', () => {
  test.each(CLIENT_FORMATS.map((client) => [client.format, client] as const))(
    'in a %s body is tried in order, and no upstream ever sees it',
    async (_format, client) => {
      const first = await world.upstream(refusing(client, 503))
      const second = await world.upstream(serving(client, { text: 'from the second' }))
      const gateway = await world.gateway({
        server: { retry: { max_retries: 0 } },
        providers: [providerAt('one', first, client.format), providerAt('two', second, client.format)],
      })
      const response = await gateway.post(client.path, { models: ['two/n', 'nobody-knows'], ...client.call('one/m') })
      expect(response.status).toBe(200)
      await response.text()
      const record = await gateway.recordOf(response)
      expect(record.served).toBe('two/n')
      expect(record.attempts.at(-1)?.passthrough).toBe(true)
      expect(record.decision.inputs.hints).toEqual({ models: ['two/n', 'nobody-knows'] })
      expect(record.decision.rejected).toMatchObject([{ target_id: 'nobody-knows', code: 'unknown_model' }])
      for (const [upstream, model] of [
        [first, 'm'],
        [second, 'n'],
      ] as const) {
        expect(upstream.requests.length).toBeGreaterThan(0)
        for (const { body } of upstream.requests)
          expect(JSON.parse(Buffer.from(body).toString())).toEqual(client.call(client === GEMINI ? `models/${model}` : model))
      }
    },
  )
})

describe('hints in headers', () => {
  test.each(CLIENT_FORMATS.map((client) => [client.format, client] as const))(
    'that make no sense are refused in the %s envelope, with a record',
    async (_format, client) => {
      const gateway = await world.gateway({ providers: MOCKS })
      const response = await gateway.post(client.path, client.call('a/echo'), { headers: { 'x-switchback-deadline-ms': 'soon' } })
      expect(response.status).toBe(400)
      expect(client.errorOf(await response.json())).toMatchObject({
        message: expect.stringContaining('x-switchback-deadline-ms'),
      })
      expect(await gateway.recordOf(response)).toMatchObject({ status: 400, error_code: 'invalid_body' })
    },
  )
})

test('operators preview the decision of anybody', async () => {
  const gateway = await world.gateway({
    providers: MOCKS,
    routes: [
      { name: 'team', match: { model: 'm', principal: { tenant: 'core' } }, targets: ['a/echo'] },
      { name: 'rest', match: { model: 'm' }, targets: ['b/echo'] },
    ],
  })
  const request = CHAT.call('m')
  expect((await preview(gateway, { request })).route).toBe('rest')
  const decision = await preview(gateway, { request, principal: { role: 'client', tenant: 'core' } })
  expect(decision).toMatchObject({ route: 'team', inputs: { principal: { role: 'client', tenant: 'core' } } })
  const response = await gateway.post('/v1/route-preview', { request, principal: { role: 'root' } })
  expect(response.status).toBe(400)
})
