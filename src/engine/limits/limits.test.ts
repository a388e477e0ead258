import { describe, expect, test } from 'bun:test'
import { CHAT } from '../../../test/support/client-formats.ts'
import {
  drained,
  errorOf,
  LiveBody,
  streamOf,
  testEngine,
  type Script,
  type TestEngine,
} from '../../../test/support/engine-fixture.ts'
import { asTenantId } from '../../ir/ids.ts'
import type { Principal } from '../../ir/principal.ts'

type Json = Record<string, unknown>

const provider = (id: string, extra: Json = {}): Json => ({
  id,
  type: 'openai_compatible',
  base_url: `http://${id}.test/v1`,
  auth_scheme: { kind: 'none' },
  ...extra,
})
const PROVIDERS = [provider('a'), provider('b')]
const of = (tenant: string): { principal: Principal } => ({ principal: { role: 'client', tenant: asTenantId(tenant) } })
const answer = (outputTokens: number): Response => Response.json(CHAT.whole({ inputTokens: 0, outputTokens }))
const spentBy = async ({ limiter }: TestEngine, tenant: string): Promise<{ spent: number; held: number } | undefined> => {
  const budget = (await limiter.statusOf(of(tenant).principal)).find(({ rule }) => rule.measure === 'usd')
  return budget && { spent: (budget.used - budget.held) / 1e9, held: budget.held / 1e9 }
}

describe('money that is held', () => {
  test('stays held as long as a stream lasts, and is settled when it ends', async () => {
    const body = new LiveBody()
    const gateway = testEngine({ providers: PROVIDERS, tenants: [{ id: 't', budget_usd: 1 }] }, () => body.answer())
    const [first = '', ...rest] = CHAT.frames({ inputTokens: 0, outputTokens: 1_000 })
    body.push(first, rest[0] ?? '')
    const stream = streamOf(await gateway.call(CHAT, CHAT.call('a/m', { stream: true, max_tokens: 2_000 }), of('t')))
    for (let minute = 0; minute < 4; minute++) await gateway.clock.advance(60_000)
    expect((await spentBy(gateway, 't'))?.held).toBeGreaterThan(0.02)
    body.push(...rest.slice(1))
    body.end()
    await drained(stream)
    expect(await spentBy(gateway, 't')).toEqual({ spent: 0.01, held: 0 })
    await gateway.clock.advance(60_000)
    expect(gateway.clock.pending).toBe(0)
  })

  test('is held anew for each attempt, and a failed one gives it back', async () => {
    const held: number[] = []
    const script: Script = async (_request, index) => {
      held.push((await spentBy(gateway, 't'))?.held ?? 0)
      return index === 0 ? new Response('{}', { status: 500 }) : answer(500)
    }
    const gateway = testEngine(
      {
        providers: PROVIDERS,
        routes: [{ name: 'r', match: { model: 'r' }, targets: ['a/m', 'b/m'], retry: { max_retries: 0 } }],
        tenants: [{ id: 't', budget_usd: 1 }],
      },
      script,
    )
    await gateway.call(CHAT, CHAT.call('r', { max_tokens: 1_000 }), of('t'))
    expect(held.length).toBe(2)
    expect(held[0] === held[1]).toBe(true)
    expect(await spentBy(gateway, 't')).toEqual({ spent: 0.005, held: 0 })
  })

  test('is what 95 of 100 calls came to as soon as that is known, and never more than the worst case', async () => {
    const held: number[] = []
    const gateway = testEngine({ providers: PROVIDERS, tenants: [{ id: 't', budget_usd: 100 }] }, async () => {
      held.push((await spentBy(gateway, 't'))?.held ?? 0)
      return answer(800)
    })
    for (let call = 0; call < 6; call++) await gateway.call(CHAT, CHAT.call('a/m', { max_tokens: 64_000 }), of('t'))
    await gateway.call(CHAT, CHAT.call('a/m', { max_tokens: 100 }), of('t'))
    expect(held.slice(0, 5).every((amount) => amount > 0.08 && amount < 0.09)).toBe(true)
    expect(held[5]).toBe(0.008)
    expect(held[6]).toBeLessThan(0.002)
  })

  test('is counted for the loser of a race as well', async () => {
    const slow = new LiveBody()
    const gateway = testEngine(
      {
        providers: PROVIDERS,
        server: { hedge: { enabled: true, delay_ms: 100 } },
        routes: [{ name: 'r', match: { model: 'r' }, targets: ['a/m', 'b/m'] }],
        tenants: [{ id: 't', budget_usd: 1 }],
      },
      (_request, index) => (index === 0 ? slow.answer('application/json') : answer(1_000)),
    )
    const call = gateway.call(CHAT, CHAT.call('r', { max_tokens: 2_000 }), of('t'))
    await gateway.clock.advance(200)
    expect((await call).kind).toBe('whole')
    const standing = await spentBy(gateway, 't')
    expect(standing?.held).toBe(0)
    // The winner's 1,000 tokens, and what was held for the loser, whose answer had begun.
    expect(standing?.spent).toBeGreaterThan(0.03)
  })

  test('is given back when the client leaves before anything was sent', async () => {
    const gone = new AbortController()
    const gateway = testEngine(
      { providers: PROVIDERS, tenants: [{ id: 't', budget_usd: 1, max_concurrency: 3 }] },
      () => answer(1),
      { limitsAreRemote: true },
    )
    const call = gateway.call(CHAT, CHAT.call('a/m'), { ...of('t'), signal: gone.signal })
    gone.abort()
    await call
    await gateway.clock.advance(0)
    expect(gateway.sent).toEqual([])
    expect(await spentBy(gateway, 't')).toEqual({ spent: 0, held: 0 })
    expect((await gateway.limiter.statusOf(of('t').principal)).map(({ used }) => used)).toEqual([0, 0])
  })
})

describe('a refusal', () => {
  test('names the limit that lasts longest', async () => {
    const gateway = testEngine(
      {
        providers: PROVIDERS,
        server: { budget: { max_usd: 0.001 } },
        tenants: [{ id: 't', limits: { requests_per_minute: 1 }, budget: { daily_usd: 0.001 } }],
      },
      () => answer(1_000),
    )
    await gateway.call(CHAT, CHAT.call('a/m'), of('t'))
    expect(errorOf(await gateway.call(CHAT, CHAT.call('a/m'), of('t')))).toMatchObject({
      code: 'limit_exceeded',
      retryAfterMs: expect.any(Number),
    })
    await gateway.clock.advance(61_000)
    const error = errorOf(await gateway.call(CHAT, CHAT.call('a/m'), of('t')))
    expect(error).toMatchObject({ code: 'budget_exceeded', retryAfterMs: undefined, details: { limit: { scope: 'global' } } })
    expect(error.message).toBe("The gateway's budget of $0.001 is spent ($0.01). Ask the operator of this gateway to raise it.")
  })

  test('says how much is held when only calls under way stand in the way, and to come back soon', async () => {
    const body = new LiveBody()
    const gateway = testEngine({ providers: PROVIDERS, tenants: [{ id: 't', budget_usd: 0.03 }] }, () =>
      body.answer('application/json'),
    )
    void gateway.call(CHAT, CHAT.call('a/m', { max_tokens: 2_000 }), of('t'))
    await gateway.clock.advance(0)
    const error = errorOf(await gateway.call(CHAT, CHAT.call('a/m', { max_tokens: 2_000 }), of('t')))
    expect(error).toMatchObject({ code: 'budget_exceeded', retryAfterMs: 5_000 })
    expect(error.message).toMatch(
      /^The tenant t's budget of \$0\.03 does not cover this call: \$0 spent and \$0\.02\d* held for calls under way, about \$0\.02\d* needed\. There is room again in 5 s\.$/,
    )
  })

  test('of a day ends at midnight of its time zone', async () => {
    const gateway = testEngine(
      { providers: PROVIDERS, tenants: [{ id: 't', budget: { daily_usd: 0.001, timezone: 'America/New_York' } }] },
      () => answer(1_000),
    )
    await gateway.call(CHAT, CHAT.call('a/m'), of('t'))
    const { retryAfterMs = 0 } = errorOf(await gateway.call(CHAT, CHAT.call('a/m'), of('t')))
    expect(new Date(gateway.clock.wall() + retryAfterMs).toISOString()).toBe('2023-11-15T05:00:00.000Z')
    await gateway.clock.advance(retryAfterMs - 1)
    expect((await gateway.call(CHAT, CHAT.call('a/m'), of('t'))).kind).toBe('error')
    await gateway.clock.advance(1)
    expect((await gateway.call(CHAT, CHAT.call('a/m'), of('t'))).kind).toBe('whole')
  })
})

test('thresholds of a budget are told once a period, and its end too', async () => {
  const gateway = testEngine({ providers: PROVIDERS, tenants: [{ id: 't', budget: { daily_usd: 0.1, soft: [0.5, 0.8] } }] }, () =>
    answer(2_000),
  )
  const call = async (): Promise<void> => void (await gateway.call(CHAT, CHAT.call('a/m', { max_tokens: 2_000 }), of('t')))
  for (let turn = 0; turn < 5; turn++) await call()
  expect(gateway.crossings.map(({ share, spent }) => [share, spent])).toEqual([
    [0.5, 6e7],
    [0.8, 8e7],
  ])
  await gateway.clock.advance(86_400_000)
  for (let turn = 0; turn < 3; turn++) await call()
  expect(gateway.crossings.slice(2).map(({ share }) => share)).toEqual([0.5])
})

test('places are shared out evenly between tenants through the whole engine', async () => {
  const gateway = testEngine(
    { providers: PROVIDERS, server: { max_concurrency: 3, admission_timeout_ms: 600_000 } },
    async () => {
      await gateway.clock.sleep(300)
      return answer(1)
    },
  )
  const served: Record<string, number> = { flood: 0, some: 0, few: 0 }
  for (let turn = 0; turn < 30; turn++) {
    for (const [tenant, calls] of [
      ['flood', 8],
      ['some', 3],
      ['few', 1],
    ] as const) {
      for (let call = 0; call < calls; call++)
        void gateway.call(CHAT, CHAT.call('a/m'), of(tenant)).then(() => (served[tenant] = (served[tenant] ?? 0) + 1))
    }
    await gateway.clock.advance(300)
  }
  const shares = Object.values(served)
  const jain =
    shares.reduce((sum, share) => sum + share, 0) ** 2 / (shares.length * shares.reduce((sum, share) => sum + share ** 2, 0))
  expect(Math.min(...shares)).toBeGreaterThan(20)
  expect(jain).toBeGreaterThanOrEqual(0.95)
})
