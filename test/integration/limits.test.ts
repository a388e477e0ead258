import { afterEach, describe, expect, test } from 'bun:test'
import {
  CHAT,
  CLIENT_FORMATS,
  type ClientFormat,
  GEMINI,
  MESSAGES,
  refusing,
  RESPONSES,
  serving,
} from '../support/client-formats.ts'
import { accountsNamed, compiledConfig, eventually, providerAt, TestWorld } from '../support/gateway-fixture.ts'
import { openLimits, setPrices } from '../support/limits-world.ts'
import { sseReply } from '../support/upstream-answers.ts'

const world = new TestWorld()
afterEach(() => world.closeAll())

const EACH = CLIENT_FORMATS.map((client): [string, ClientFormat] => [client.format, client])
/** Half a dollar of output. */
const DEAR = { outputTokens: 500_000, inputTokens: 0 }

describe('a budget', () => {
  test.each(EACH)(
    'that is spent is a 402 for clients of %s, with who, how much and when, and is not worth a retry',
    async (_format, client) => {
      const { upstream, post, spent, gateway } = await openLimits(
        world,
        { tenants: [{ id: 'team', budget: { daily_usd: 0.4, timezone: 'Asia/Tokyo' } }] },
        { reply: serving(CHAT, DEAR) },
      )
      expect((await post()).status).toBe(200)
      expect(await spent()).toBe(0.5)
      const response = await post(client, { max_tokens: 10 })
      expect(response.status).toBe(402)
      const retryAfter = Number(response.headers.get('retry-after'))
      expect(retryAfter).toBeGreaterThan(0)
      expect(retryAfter).toBeLessThanOrEqual(86_400)
      expect(response.headers.get('x-should-retry')).toBe('false')
      const { code, message, limit } = client.errorOf(await response.json())
      expect(code).toBe('budget_exceeded')
      expect(message).toMatch(
        /^The tenant team's daily budget of \$0\.4 is spent \(\$0\.5\)\. There is room again (at 20\d\d-[\dT:.-]+Z|in \d+ s)\.$/,
      )
      expect(limit).toMatchObject({
        scope: 'tenant',
        subject: 'team',
        measure: 'usd',
        period: 'day',
        limit_usd: 0.4,
        spent_usd: 0.5,
      })
      const resetsAt = (limit as { resets_at: string }).resets_at
      expect(new Date(resetsAt).getUTCHours()).toBe(15)
      expect(Math.abs(Date.parse(resetsAt) - Date.now() - retryAfter * 1000)).toBeLessThan(2_000)
      expect(upstream.requests.length).toBe(1)
      expect(await gateway.recordOf(response)).toMatchObject({ status: 402, error_code: 'budget_exceeded' })
    },
  )

  test('that is spent is told to Codex inside its stream: after an error status it would wait and try again, without end', async () => {
    const { gateway, post } = await openLimits(world, { tenants: [{ id: 'team', budget_usd: 0 }] })
    const codex = { headers: { 'user-agent': 'codex_exec/0.169.0 (Debian; x86_64)' } }
    const response = await post(RESPONSES, { stream: true }, codex)
    expect(response.status).toBe(200)
    expect(RESPONSES.inBandError(await response.text())).toMatchObject({
      type: 'invalid_prompt',
      message: expect.stringContaining("The tenant team's budget of $0 is spent"),
    })
    expect(await gateway.recordOf(response)).toMatchObject({ status: 200, error_code: 'budget_exceeded' })
    expect((await post(RESPONSES, {}, codex)).status).toBe(402)
    expect((await post(RESPONSES, { stream: true })).status).toBe(402)
  })

  test.each([
    ['the gateway', { server: { budget: { max_usd: 0.4 } } }, {}, "The gateway's budget"],
    ['a tenant', { tenants: [{ id: 'team', budget_usd: 0.4 }] }, {}, "The tenant team's budget"],
    [
      'a project',
      { projects: [{ id: 'app', tenant: 'team', budget: { weekly_usd: 0.4 } }] },
      {},
      "The project app's weekly budget",
    ],
    ['an owner', { owners: [{ id: 'alice', budget: { monthly_usd: 0.4 } }] }, {}, "The owner alice's monthly budget"],
    ['a key', {}, { budget: { max_usd: 0.4 } }, "This key's budget"],
  ])('can be that of %s', async (_whose, config, key, words) => {
    const { post } = await openLimits(world, config, { key, reply: serving(CHAT, DEAR) })
    expect((await post()).status).toBe(200)
    const response = await post()
    expect(response.status).toBe(402)
    expect(CHAT.errorOf(await response.json()).message).toStartWith(words)
  })

  test('counts what calls cost, streamed or not, and what is held for them until then', async () => {
    let go = (): void => undefined
    const wait = new Promise<void>((resolve) => (go = resolve))
    const facts = { inputTokens: 1_000, outputTokens: 2_000 }
    const { post, spent, status, upstream } = await openLimits(
      world,
      { owners: [{ id: 'alice', budget: { daily_usd: 1 } }] },
      { reply: serving(CHAT, facts) },
    )
    expect((await post()).status).toBe(200)
    expect(await spent()).toBe(0.003)
    await (await post(MESSAGES, { stream: true })).text()
    expect(await spent()).toBe(0.006)
    const [first = '', ...rest] = CHAT.frames(facts)
    upstream.otherwise(sseReply([first, { until: wait }, ...rest]))
    const running = post(CHAT, { stream: true, max_tokens: 4_000 })
    await upstream.request(2)
    const [budget] = await status()
    expect(budget).toMatchObject({ spent_usd: 0.006, scope: 'owner' })
    expect(budget?.measure === 'usd' ? budget.held_usd : 0).toBeGreaterThan(0.004)
    go()
    await (await running).text()
    expect(await spent()).toBe(0.009)
    expect((await status())[0]).toMatchObject({ held_usd: 0 })
  })

  test('is not spent by what an upstream refused, and by what nobody sent', async () => {
    const { post, spent, upstream } = await openLimits(
      world,
      { tenants: [{ id: 'team', budget_usd: 1 }] },
      { reply: refusing(CHAT, 400) },
    )
    expect((await post()).status).toBe(400)
    expect(await spent()).toBe(0)
    upstream.otherwise({ before: [{ reset: true }] })
    await post()
    expect(await spent()).toBeLessThan(0.0001)
  })

  test('counts a call whose client went away with what went by, and gives back what it held', async () => {
    const { post, spent, status, upstream } = await openLimits(
      world,
      { tenants: [{ id: 'team', budget_usd: 1 }] },
      { reply: sseReply([...CHAT.frames().slice(0, 2), { stall: true }]) },
    )
    const client = new AbortController()
    const response = await post(CHAT, { stream: true, max_tokens: 1_000 }, { signal: client.signal })
    const reader = response.body?.getReader()
    await reader?.read()
    client.abort()
    await upstream.requests[0]?.ended
    await eventually(async () => (await spent()) > 0, 'the aborted call is counted')
    // A few tokens, of the thousand that were held.
    expect(await spent()).toBeLessThan(0.001)
    expect((await status())[0]).toMatchObject({ held_usd: 0 })
  })

  test('outlives a restart', async () => {
    const dataDir = world.folder()
    const config = { tenants: [{ id: 'team', budget: { monthly_usd: 0.4 } }] }
    const options = { reply: serving(CHAT, DEAR), gateway: { dataDir } }
    const first = await openLimits(world, config, options)
    await first.post()
    await first.gateway.close()
    const second = await openLimits(world, config, options)
    expect(await second.spent()).toBe(0.5)
    expect((await second.post()).status).toBe(402)
  })

  test('refuses a model whose price nobody knows, with the command that sets it, unless told otherwise', async () => {
    const config = { tenants: [{ id: 'team', budget_usd: 1 }] }
    const strict = await openLimits(world, config, { isPriced: false })
    const response = await strict.post()
    expect(response.status).toBe(402)
    const { code, message } = CHAT.errorOf(await response.json())
    expect(code).toBe('price_required')
    expect(message).toContain('switchback price set up/m --input <USD per million tokens> --output <USD per million tokens>')
    expect(strict.upstream.requests.length).toBe(0)
    await setPrices(strict.gateway, ['up/m'])
    expect((await strict.post()).status).toBe(200)
    const lenient = await openLimits(
      world,
      { tenants: [{ id: 'team', budget: { max_usd: 1, unknown_price: 'allow' } }] },
      { isPriced: false },
    )
    expect((await lenient.post()).status).toBe(200)
    expect(await lenient.spent()).toBe(0)
  })

  test('falls back to a model whose price is known', async () => {
    const { gateway, post, upstream } = await openLimits(world, {
      tenants: [{ id: 'team', budget_usd: 1 }],
      routes: [{ name: 'r', match: { model: 'r' }, targets: ['up/unknown', 'up/m'] }],
    })
    const response = await post(CHAT, { model: 'r' })
    expect(response.status).toBe(200)
    expect(upstream.requests.length).toBe(1)
    expect(await gateway.recordOf(response)).toMatchObject({
      served: 'up/m',
      attempts: [{ target_id: 'up/unknown', error_code: 'price_required', next: 'next-target' }, { target_id: 'up/m' }],
    })
  })

  test('with 40 % left refuses none of 20 calls at once that ask for 64,000 tokens and take 800', async () => {
    // 800 tokens of output and about 29,000 of input, as Claude Code sends them, at Sonnet's price: $0.099 each.
    const facts = { inputTokens: 29_000, outputTokens: 800 }
    const { gateway, post, spent, upstream } = await openLimits(
      world,
      { tenants: [{ id: 'team', budget: { daily_usd: 6 } }] },
      { reply: serving(CHAT, facts) },
    )
    await setPrices(gateway, ['up/m'], 3, 15)
    const call = { max_tokens: 64_000, system: 'x'.repeat(115_000) }
    for (let index = 0; index < 36; index++) await post(MESSAGES, call)
    expect((await spent()) / 6).toBeCloseTo(0.594, 3)
    upstream.otherwise(async (request) => {
      await upstream.request(36 + 19) // all of them are under way
      return serving(CHAT, facts)(request)
    })
    const statuses = await Promise.all(Array.from({ length: 20 }, async () => (await post(MESSAGES, call)).status))
    expect(statuses).toEqual(Array(20).fill(200))
    expect(await spent()).toBeCloseTo(0.099 * 56, 6)
  })
})

test('counting tokens is a request like any other, and uses up neither tokens nor money', async () => {
  const { post, gateway, status } = await openLimits(world, {
    tenants: [{ id: 'team', limits: { requests_per_minute: 3, tokens_per_minute: 5_000 }, budget: { daily_usd: 1 } }],
  })
  const headers = { authorization: 'Bearer key-of-the-caller' }
  const count = (): Promise<Response> => gateway.post('/v1/messages/count_tokens', MESSAGES.call('up/m'), { headers })
  expect([(await count()).status, (await count()).status]).toEqual([200, 200])
  expect(await status()).toMatchObject([
    { measure: 'requests', used: 2 },
    { measure: 'tokens', used: 0 },
    { measure: 'usd', spent_usd: 0 },
  ])
  expect((await post()).status).toBe(200)
  const refused = await count()
  expect([refused.status, MESSAGES.errorOf(await refused.json()).code]).toEqual([429, 'limit_exceeded'])
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
  expect(await gateway.recordOf(refused)).toMatchObject({ status: 429, operation: 'count-tokens', error_code: 'limit_exceeded' })
})

describe('a provider or account over its cap', () => {
  test('is a rejected candidate with evidence, and another one serves', async () => {
    const capped = await world.upstream(serving(CHAT, DEAR))
    const spare = await world.upstream(serving(CHAT))
    const { gateway, post } = await openLimits(
      world,
      {
        providers: [providerAt('capped', capped, 'openai', { budget: { daily_usd: 0.4 } }), providerAt('spare', spare, 'openai')],
        routes: [{ name: 'r', match: { model: 'r' }, targets: ['capped/m', 'spare/m'] }],
      },
      { models: ['capped/m', 'spare/m'] },
    )
    expect((await post(CHAT, { model: 'r' })).headers.get('x-switchback-route')).toContain('served=capped/m')
    const response = await post(CHAT, { model: 'r' })
    expect(response.headers.get('x-switchback-route')).toContain('selected=spare/m served=spare/m fallbacks=[] rejected=1')
    const { decision } = await gateway.recordOf(response)
    expect(decision.rejected).toMatchObject([
      {
        target_id: 'capped/m',
        code: 'over_limit',
        reason: expect.stringMatching(/^provider capped has used up its daily budget of \$0\.4; there is room again in \d+ s$/),
        evidence: { scope: 'provider', subject: 'capped', measure: 'usd', period: 'day', limit: 4e8, used: 5e8 },
      },
    ])
    const alone = await post(CHAT, { model: 'capped/m' })
    expect(alone.status).toBe(429)
    expect(Number(alone.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(CHAT.errorOf(await alone.json()).code).toBe('all_targets_rate_limited')
    expect([capped.requests.length, spare.requests.length]).toEqual([1, 1])
  })

  test('leaves the other accounts in use', async () => {
    const upstream = await world.upstream(serving(CHAT, DEAR))
    const accounts = accountsNamed('a', 'b')['accounts'] as object[]
    const { gateway, post } = await openLimits(
      world,
      {
        providers: [
          providerAt('two', upstream, 'openai', {
            auth_scheme: { kind: 'bearer' },
            accounts: [{ ...accounts[0], budget: { max_usd: 0.4 } }, accounts[1]],
          }),
        ],
      },
      { models: ['two/m'] },
    )
    const served = async (): Promise<unknown> =>
      (await gateway.recordOf(await post(CHAT, { model: 'two/m' }))).attempts.map(({ account_id }) => account_id)
    expect([await served(), await served(), await served()]).toEqual([['a'], ['b'], ['b']])
  })

  test('is noticed when the decision could not know of it, and the next place serves', async () => {
    const capped = await world.upstream(serving(CHAT))
    const spare = await world.upstream(serving(CHAT))
    const { gateway, post } = await openLimits(
      world,
      {
        providers: [
          providerAt('capped', capped, 'openai', { limits: { requests_per_minute: 1 } }),
          providerAt('spare', spare, 'openai'),
        ],
        routes: [{ name: 'r', match: { model: 'r' }, targets: ['capped/m', 'spare/m'] }],
      },
      { models: [] },
    )
    await post(CHAT, { model: 'r' })
    expect(await gateway.recordOf(await post(CHAT, { model: 'r' }))).toMatchObject({
      served: 'spare/m',
      attempts: [{ target_id: 'capped/m', error_code: 'target_over_limit', outcome: 'failed' }, { outcome: 'success' }],
    })
    expect(await gateway.recordOf(await post(CHAT, { model: 'r' }))).toMatchObject({
      decision: { rejected: [{ target_id: 'capped/m', code: 'over_limit' }] },
      attempts: [{ target_id: 'spare/m' }],
    })
    expect(capped.requests.length).toBe(1)
  })
})

describe('a limit of the caller', () => {
  test.each(EACH)(
    'of requests a minute is told to clients of %s in their own headers, and refuses with the time',
    async (_format, client) => {
      const { post, upstream } = await openLimits(
        world,
        { tenants: [{ id: 'team', limits: { requests_per_minute: 2 } }] },
        { key: { limits: { requests_per_minute: 50 } } },
      )
      const names =
        client === MESSAGES
          ? ['limit', 'remaining', 'reset'].map((part) => `anthropic-ratelimit-requests-${part}`)
          : ['limit', 'remaining', 'reset'].map((part) => `x-ratelimit-${part}-requests`)
      const told = (response: Response): (string | null)[] => names.map((name) => response.headers.get(name))
      expect(told(await post(client)).slice(0, 2)).toEqual(['2', '1'])
      const second = await post(client)
      expect(told(second).slice(0, 2)).toEqual(['2', '0'])
      expect(told(second)[2]).toMatch(client === MESSAGES ? /^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$/ : /^(5\d|6[01])s$/)
      const refused = await post(client)
      expect(refused.status).toBe(429)
      expect(told(refused).slice(0, 2)).toEqual(['2', '0'])
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(59)
      const { code, message } = client.errorOf(await refused.json())
      expect(code).toBe('limit_exceeded')
      expect(message).toMatch(
        /^The tenant team's limit of 2 requests a minute is reached\. There is room again in \d+ s\.( Left within the limit: 0\.)?$/,
      )
      expect(upstream.requests.length).toBe(2)
    },
  )

  test('of tokens counts the usage that was reported, by weight', async () => {
    const { post, status } = await openLimits(
      world,
      {},
      {
        key: { limits: { tokens_per_minute: 10_000, token_weights: { input: 1, output: 2 } } },
        reply: serving(CHAT, { inputTokens: 3_000, outputTokens: 4_000 }),
      },
    )
    const first = await post()
    expect(first.status).toBe(200)
    expect(first.headers.get('x-ratelimit-limit-tokens')).toBe('10000')
    expect(await status()).toMatchObject([{ measure: 'tokens', limit: 10_000, used: 11_000, remaining: 0 }])
    const refused = await post()
    expect(refused.status).toBe(429)
    expect(CHAT.errorOf(await refused.json()).message).toContain('limit of 10000 tokens a minute is reached: 11000 are used')
  })

  test('of calls at once refuses at once, and the place is free when the stream has ended', async () => {
    let go = (): void => undefined
    const wait = new Promise<void>((resolve) => (go = resolve))
    const [first = '', ...rest] = CHAT.frames()
    const { post, status } = await openLimits(
      world,
      { tenants: [{ id: 'team', max_concurrency: 1 }] },
      { reply: sseReply([first, { until: wait }, ...rest]) },
    )
    const running = post(CHAT, { stream: true })
    await eventually(
      async () => (await status()).some(({ measure, ...row }) => measure === 'concurrency' && 'used' in row && row.used === 1),
      'the call is under way',
    )
    const refused = await post()
    expect(refused.status).toBe(429)
    expect(CHAT.errorOf(await refused.json()).message).toBe(
      "The tenant team's limit of 1 calls at once is reached. There is room again in 1 s.",
    )
    go()
    await (await running).text()
    expect(await status()).toMatchObject([{ used: 0 }])
  })

  test('costs a caller without limits nothing, and is not told', async () => {
    const { post, status } = await openLimits(world, { tenants: [{ id: 'other', budget_usd: 0 }, { id: 'team' }] })
    const response = await post()
    expect(response.status).toBe(200)
    expect(response.headers.get('x-ratelimit-limit-requests')).toBeNull()
    expect(await status()).toEqual([])
  })
})

test('limits follow a new configuration, and what was spent stays', async () => {
  const capped = await world.upstream(serving(CHAT, DEAR))
  const config = (tenantUsd: number, providerUsd: number): Parameters<typeof compiledConfig>[0] => ({
    api_keys: [{ key: 'key-of-the-caller', prefix: 'caller', tenant: 'team' }],
    providers: [providerAt('capped', capped, 'openai', { budget: { max_usd: providerUsd } })],
    tenants: [{ id: 'team', budget: { max_usd: tenantUsd } }],
  })
  const { gateway, post, spent } = await openLimits(world, config(0.4, 0.4), { models: ['capped/m'] })
  const call = async (): Promise<number> => (await post(CHAT, { model: 'capped/m' })).status
  expect([await call(), await call()]).toEqual([200, 429])
  await gateway.gateway.reload(compiledConfig(config(0.4, 10)))
  expect(await call()).toBe(402)
  await gateway.gateway.reload(compiledConfig(config(10, 10)))
  expect(await call()).toBe(200)
  expect(await spent()).toBe(1)
})

describe('places of the gateway', () => {
  test('are waited for, and the answer says how long', async () => {
    let go = (): void => undefined
    const wait = new Promise<void>((resolve) => (go = resolve))
    const { post, upstream, gateway } = await openLimits(world, { server: { max_concurrency: 1 } })
    upstream.enqueue({ ...serving(CHAT)({ text: '{}' }), before: [{ until: wait }] })
    const first = post()
    await upstream.request(0)
    const second = post()
    await eventually(() => gateway.gateway.engine.active === 2, 'the second call waits')
    expect(upstream.requests.length).toBe(1)
    go()
    expect((await first).headers.get('x-switchback-queue-ms')).toBeNull()
    const waited = await second
    expect(waited.status).toBe(200)
    expect(Number(waited.headers.get('x-switchback-queue-ms'))).toBeGreaterThan(0)
  })

  test.each(EACH)('that do not come free in time are a 503 for clients of %s', async (_format, client) => {
    const { post, upstream, gateway } = await openLimits(
      world,
      { server: { max_concurrency: 1, admission_timeout_ms: 50 } },
      { reply: { before: [{ stall: true }] } },
    )
    const gone = new AbortController()
    const first = post(CHAT, {}, { signal: gone.signal })
    await upstream.request(0)
    const response = await post(client)
    expect(response.status).toBe(503)
    expect(response.headers.get('retry-after')).toBe('1')
    expect(response.headers.get('x-should-retry')).toBe('false')
    const { code, type } = client.errorOf(await response.json())
    expect([code, type]).toEqual([
      'admission_timeout',
      client === MESSAGES ? 'api_error' : client === GEMINI ? 'UNAVAILABLE' : 'overloaded',
    ])
    expect(await gateway.recordOf(response)).toMatchObject({ status: 503, error_code: 'admission_timeout' })
    gone.abort()
    await first.catch(() => undefined)
    upstream.otherwise(serving(CHAT))
    expect((await post(client)).status).toBe(200)
  })
})
