import { afterEach, describe, expect, test } from 'bun:test'
import { eventually, TestWorld } from '../support/gateway-fixture.ts'
import { KEY, openLimits, setPrices } from '../support/limits-world.ts'
import { jsonReply } from '../support/upstream-answers.ts'

const world = new TestWorld()
afterEach(() => world.closeAll())

const headers = { authorization: `Bearer ${KEY}` }
const usage = { prompt_tokens: 250_000, completion_tokens: 0, total_tokens: 250_000 }
const reply = jsonReply({ object: 'chat.completion', model: 'm', choices: [{ index: 0, message: { content: 'x' } }], usage })

/** Calls of which nobody can tell beforehand that they say what they used. */
const UNMETERED = [
  ['/v1/images/generations', { model: 'up/m', prompt: 'x' }],
  ['/v1/audio/speech', { model: 'up/m', input: 'x' }],
  ['/v1/rerank', { model: 'up/m', query: 'x', documents: [] }],
  ['/v1/moderations', { model: 'up/m', input: 'x' }],
  ['/passthrough/up/chat/completions', { model: 'm' }],
] as const

describe('an address that tells no costs', () => {
  test.each(UNMETERED)('%s is refused to a caller with a budget, with what to do', async (path, body) => {
    const { gateway, upstream } = await openLimits(world, { tenants: [{ id: 'team', budget_usd: 1 }] }, { reply })
    const response = await gateway.post(path, body, { headers })
    expect(response.status).toBe(402)
    expect(response.headers.get('x-should-retry')).toBe('false')
    const { error } = (await response.json()) as { error: { code: string; message: string } }
    expect(error.code).toBe('unmetered_refused')
    expect(error.message).toContain('budget.unmetered: allow')
    expect(upstream.requests).toHaveLength(0)
    expect(await gateway.recordOf(response)).toMatchObject({ status: 402, error_code: 'unmetered_refused' })
  })

  test.each(UNMETERED)('%s is served where the budget allows it, and to callers without a budget', async (path, body) => {
    const allowed = { tenants: [{ id: 'team', budget: { max_usd: 1, unmetered: 'allow' } }] }
    for (const config of [allowed, { server: { budget: { max_usd: 1, unmetered: 'allow' } } }, {}]) {
      const { gateway } = await openLimits(world, config, { reply })
      expect((await gateway.post(path, body, { headers })).status).toBe(200)
    }
  })

  test('is refused by the budget of the provider, too', async () => {
    const { gateway, upstream } = await openLimits(world, { server: { budget: { per_provider_usd: { up: 1 } } } }, { reply })
    expect((await gateway.post('/passthrough/up/models', {}, { headers })).status).toBe(402)
    expect(upstream.requests).toHaveLength(0)
  })

  test('is not opened by the budget of another who allows it: each must', async () => {
    const config = {
      tenants: [{ id: 'team', budget: { max_usd: 1 } }],
      owners: [{ id: 'alice', budget: { max_usd: 1, unmetered: 'allow' } }],
    }
    const { gateway } = await openLimits(world, config, { reply })
    expect((await gateway.post('/passthrough/up/models', {}, { headers })).status).toBe(402)
  })

  test('counts what it does tell, at the price of the model that answered', async () => {
    const config = { tenants: [{ id: 'team', budget: { max_usd: 0.3, unmetered: 'allow' } }] }
    const { gateway, spent } = await openLimits(world, config, { reply })
    await setPrices(gateway, ['up/m'])
    const ask = () => gateway.post('/passthrough/up/chat/completions', { model: 'm' }, { headers })
    await (await ask()).text()
    await eventually(async () => (await spent()) === 0.25, 'the call is counted')
    await (await ask()).text()
    await eventually(async () => (await spent()) === 0.5, 'the second call is counted')
    const refused = await ask()
    expect(refused.status).toBe(402)
    expect(await refused.json()).toMatchObject({ error: { code: 'budget_exceeded' } })
  })
})

test('embeddings and legacy completions are metered like any other call', async () => {
  const { gateway } = await openLimits(world, { tenants: [{ id: 'team', budget_usd: 1 }] }, { reply })
  const answer = await gateway.post('/v1/completions', { model: 'up/m', prompt: 'x', max_tokens: 5 }, { headers })
  expect(answer.status).toBe(200)
})
