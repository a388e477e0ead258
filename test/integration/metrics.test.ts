import { afterEach, describe, expect, test } from 'bun:test'
import { CHAT, serving } from '../support/client-formats.ts'
import { accountsNamed, eventually, providerAt, TestWorld, type TestGateway } from '../support/gateway-fixture.ts'
import { openLimits } from '../support/limits-world.ts'
import { sseReply } from '../support/upstream-answers.ts'

const world = new TestWorld()
afterEach(() => world.closeAll())

const chat = (model: string, extra: object = {}): object => ({ model, messages: [{ role: 'user', content: 'hi' }], ...extra })

async function metricsOf(gateway: TestGateway, headers: Record<string, string> = {}): Promise<string> {
  const response = await fetch(`${gateway.url}/metrics`, { headers })
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
  return response.text()
}

/** Value of one series. */
const valueOf = (text: string, series: string): number | undefined => {
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${series} `))
  return line === undefined ? undefined : Number(line.slice(series.length + 1))
}

describe('GET /metrics', () => {
  test('counts a call at once, streamed or not', async () => {
    const gateway = await world.gateway({ providers: [{ id: 'mock', type: 'mock' }] })
    await (await gateway.post('/v1/chat/completions', chat('mock/echo'))).text()
    await (await gateway.post('/v1/messages', chat('mock/echo', { max_tokens: 9, stream: true }))).text()
    const text = await metricsOf(gateway)
    expect(valueOf(text, 'switchback_requests_total{route="direct",format="openai",status="2xx"}')).toBe(1)
    expect(valueOf(text, 'switchback_requests_total{route="direct",format="anthropic",status="2xx"}')).toBe(1)
    expect(valueOf(text, 'switchback_http_responses_total{route="chatCompletions",status="2xx"}')).toBe(1)
    expect(valueOf(text, 'switchback_provider_circuit{provider="mock"}')).toBe(0)
    expect(valueOf(text, 'process_resident_memory_bytes')).toBeGreaterThan(1e6)
  })

  test('shows fallbacks, errors, locks and circuits', async () => {
    const bad = await world.upstream({
      status: 429,
      headers: { 'retry-after': '60' },
      body: ['{"error":{"message":"slow down"}}'],
    })
    const gateway = await world.gateway({
      providers: [providerAt('bad', bad, 'openai', accountsNamed('one', 'two')), { id: 'mock', type: 'mock' }],
      routes: [{ name: 'r', match: { model: 'r' }, targets: ['bad/m', 'mock/echo'] }],
    })
    expect((await gateway.post('/v1/chat/completions', chat('r'))).status).toBe(200)
    expect((await gateway.post('/v1/chat/completions', chat('nobody-knows'))).status).toBe(404)
    const text = await metricsOf(gateway)
    expect(valueOf(text, 'switchback_fallbacks_total{provider="bad",cause="upstream_rate_limited",next="next-account"}')).toBe(1)
    expect(valueOf(text, 'switchback_fallbacks_total{provider="bad",cause="upstream_rate_limited",next="next-target"}')).toBe(1)
    expect(valueOf(text, 'switchback_attempts_total{provider="bad",target="bad/m",outcome="failed",class="rate-limited"}')).toBe(
      2,
    )
    expect(valueOf(text, 'switchback_request_errors_total{route="denied",class="no-route",code="model_not_found"}')).toBe(1)
    expect(valueOf(text, 'switchback_account_locks{provider="bad",scope="model",cause="upstream_rate_limited"}')).toBe(2)
    expect(valueOf(text, 'switchback_accounts{provider="bad"}')).toBe(2)
  })

  test('is for operators of everybody', async () => {
    const gateway = await world.gateway({
      api_keys: [
        { key: 'client-key', prefix: 'c', role: 'client' },
        { key: 'operator-key', prefix: 'o', role: 'operator' },
        { key: 'tenant-key', prefix: 't', role: 'operator', tenant: 'a' },
      ],
      providers: [{ id: 'mock', type: 'mock' }],
    })
    const statusFor = async (key?: string): Promise<number> =>
      (await fetch(`${gateway.url}/metrics`, { headers: key === undefined ? {} : { authorization: `Bearer ${key}` } })).status
    expect([await statusFor(), await statusFor('client-key'), await statusFor('tenant-key')]).toEqual([401, 403, 403])
    const text = await metricsOf(gateway, { authorization: 'Bearer operator-key' })
    expect(valueOf(text, 'switchback_http_responses_total{route="metrics",status="4xx"}')).toBe(3)
  })

  test('gets no series from what callers make up', async () => {
    const gateway = await world.gateway({
      providers: [{ id: 'mock', type: 'mock' }],
      api_keys: [{ key: 'k', prefix: 'k', role: 'admin' }],
    })
    const headers = { authorization: 'Bearer k' }
    const call = async (index: number): Promise<void> => {
      await (
        await gateway.post('/v1/chat/completions', chat(`mock/made-up-${index}`, { user: `user-${index}` }), { headers })
      ).text()
      await (await gateway.post('/v1/chat/completions', chat(`made-up-${index}`), { headers })).text()
      await (await fetch(`${gateway.url}/made/up/${index}`, { headers })).text()
    }
    await call(0)
    await metricsOf(gateway, headers)
    // What the first call cost is settled a moment later.
    await eventually(
      async () => /^switchback_(cost_usd|unpriced_attempts)_total\{/m.test(await metricsOf(gateway, headers)),
      'a settlement',
    )
    const before = (await metricsOf(gateway, headers)).split('\n').length
    for (let index = 1; index < 50; index++) await call(index)
    const after = await metricsOf(gateway, headers)
    expect(after.split('\n').length).toBe(before)
    expect(after).not.toContain('made-up')
    expect(after).not.toContain('user-')
  })
})

test('cost, budgets and what waits for the ledger come from what was settled', async () => {
  const { gateway, post, spent } = await openLimits(
    world,
    { tenants: [{ id: 'team', budget: { daily_usd: 2 } }] },
    { reply: serving(CHAT, { outputTokens: 500_000, inputTokens: 0 }), key: { role: 'admin' } },
  )
  expect((await post()).status).toBe(200)
  expect(await spent()).toBe(0.5)
  const headers = { authorization: 'Bearer key-of-the-caller' }
  const cost = 'switchback_cost_usd_total{provider="up",target="other"}'
  await eventually(async () => valueOf(await metricsOf(gateway, headers), cost) !== undefined, 'the attempt is settled')
  const text = await metricsOf(gateway, headers)
  expect(valueOf(text, cost)).toBe(0.5)
  expect(text).toMatch(/^switchback_budget_used_ratio\{scope="tenant",id="team",window="\w+"\} 0\.25$/m)
  expect(valueOf(text, 'switchback_spool_waiting{what="settlements"}')).toBe(0)
})

test('an attempt of which nobody knows what it used is no model without a price', async () => {
  const upstream = await world.upstream((request) =>
    request.index === 0 ? sseReply([{ stall: true }]) : serving(CHAT, { text: 'hi' })(request),
  )
  const gateway = await world.gateway({ providers: [providerAt('up', upstream, 'openai')] })
  const leaving = new AbortController()
  const answer = gateway.post('/v1/chat/completions', chat('up/m', { stream: true }), { signal: leaving.signal })
  await eventually(() => upstream.requests.length === 1, 'the upstream is called')
  leaving.abort()
  await answer.catch(() => undefined)
  const cancelled = 'switchback_attempts_total{provider="up",target="other",outcome="cancelled",class="none"}'
  await eventually(async () => valueOf(await metricsOf(gateway), cancelled) === 1, 'the first attempt has ended')
  await (await gateway.post('/v1/chat/completions', chat('up/m'))).text()
  // Settlements are made in their order: when the second is there, the first was passed over.
  const unpriced = 'switchback_unpriced_attempts_total{provider="up",target="other"}'
  await eventually(async () => valueOf(await metricsOf(gateway), unpriced) !== undefined, 'the second attempt is settled')
  expect(valueOf(await metricsOf(gateway), unpriced)).toBe(1)
})
