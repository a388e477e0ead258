import { afterEach, describe, expect, test } from 'bun:test'
import type { FakeUpstream } from '../support/fake-upstream.ts'
import { eventually, providerAt, TestWorld } from '../support/gateway-fixture.ts'
import { CHAT, serving } from '../support/client-formats.ts'
import { ManualClock } from '../support/manual-clock.ts'

const world = new TestWorld()
afterEach(() => world.closeAll())

const chat = (model: string): object => ({ model, messages: [{ role: 'user', content: 'CANARY' }] })
const told = (webhook: FakeUpstream): string[] =>
  webhook.requests.map(({ json }) => {
    const { state, key } = json as { state: string; key: string }
    return `${state} ${key}`
  })

/** Lets time go by until the webhook has been called so often. What rules look at settles beside the answers, so a later look may be the one that sees it. */
const calledAfter = (clock: ManualClock, webhook: FakeUpstream, times: number): Promise<void> =>
  eventually(async () => {
    await clock.advance(5_000)
    return webhook.requests.length === times
  }, `the webhook is called ${times} times`)

describe('alerts', () => {
  test('are told to nobody who operates a tenant alone', async () => {
    const webhook = await world.upstream({ body: ['ok'] })
    const gateway = await world.gateway({
      tenants: [{ id: 'team' }],
      api_keys: [
        { key: 'operator-of-team', role: 'operator', tenant: 'team' },
        { key: 'operator-of-all', role: 'operator' },
      ],
      alerts: { webhooks: [{ id: 'ops', url: `${webhook.url}/hook`, allow_private: true }] },
    })
    const statuses = async (key: string): Promise<number[]> => {
      const headers = { authorization: `Bearer ${key}` }
      const listed = await fetch(`${gateway.url}/v1/alerts`, { headers })
      const tested = await fetch(`${gateway.url}/v1/alerts/test`, { method: 'POST', headers })
      return [listed.status, tested.status]
    }
    expect(await statuses('operator-of-team')).toEqual([403, 403])
    expect(webhook.requests).toEqual([])
    expect(await statuses('operator-of-all')).toEqual([200, 200])
  })

  test('tell that a provider is down, once, and that it is back', async () => {
    const clock = new ManualClock()
    const webhook = await world.upstream({ body: ['ok'] })
    let isDown = true
    const upstream = await world.upstream((request) =>
      isDown ? { status: 500, body: ['{"error":{"message":"CANARY"}}'] } : serving(CHAT, { text: 'hi' })(request),
    )
    const gateway = await world.gateway(
      {
        server: { circuit_breaker: { failure_threshold: 2, open_secs: 30 }, retry: { max_retries: 0, max_wait_ms: 1 } },
        providers: [providerAt('p', upstream, 'openai')],
        alerts: {
          webhooks: [{ id: 'ops', url: `${webhook.url}/hook`, allow_private: true }],
          rules: { accounts_locked: { enabled: false }, unknown_price: { enabled: false } },
        },
      },
      { clock },
    )
    const call = async (): Promise<number> => {
      const response = await gateway.post('/v1/chat/completions', chat('p/m'))
      await response.text()
      return response.status
    }
    await call()
    await clock.advance(31_000) // the account is locked for half a minute after a failure
    await call()
    await calledAfter(clock, webhook, 1)
    expect(told(webhook)).toEqual(['firing provider_down:p'])
    const { alerts } = (await (await fetch(`${gateway.url}/v1/alerts`)).json()) as { alerts: { key: string }[] }
    expect(alerts.map(({ key }) => key)).toEqual(['provider_down:p'])

    await clock.advance(31_000)
    isDown = false
    expect(await call()).toBe(200)
    await calledAfter(clock, webhook, 2)
    expect(told(webhook)).toEqual(['firing provider_down:p', 'resolved provider_down:p'])
    expect(webhook.requests.map(({ text }) => text).join()).not.toContain('CANARY')
  })

  test('tell that a model without a known price was used', async () => {
    const clock = new ManualClock()
    const webhook = await world.upstream({ body: ['ok'] })
    const upstream = await world.upstream(serving(CHAT, { text: 'hi' }))
    const gateway = await world.gateway(
      {
        providers: [providerAt('p', upstream, 'openai')],
        alerts: { webhooks: [{ id: 'ops', url: `${webhook.url}/hook`, allow_private: true }] },
      },
      { clock },
    )
    await (await gateway.post('/v1/chat/completions', chat('p/m'))).text()
    await calledAfter(clock, webhook, 1)
    expect(told(webhook)).toEqual(['firing unknown_price:p/m'])
  })

  test('can be tested, and tell what became of each webhook', async () => {
    const good = await world.upstream({ body: ['ok'] })
    const bad = await world.upstream({ status: 404, body: ['no'] })
    const gateway = await world.gateway({
      providers: [{ id: 'mock', type: 'mock' }],
      alerts: {
        webhooks: [
          { id: 'good', url: good.url, allow_private: true, format: 'slack' },
          { id: 'bad', url: bad.url, allow_private: true },
          { id: 'inside', url: good.url },
        ],
      },
    })
    const answer = await gateway.post('/v1/alerts/test', {})
    expect(await answer.json()).toEqual({
      tests: [
        { webhook: 'good', ok: true, status: 200 },
        { webhook: 'bad', ok: false, status: 404 },
        { webhook: 'inside', ok: false, reason: 'private_address' },
      ],
    })
    expect(good.requests).toHaveLength(1)
    const unknown = await gateway.post('/v1/alerts/test', { webhook: 'nobody' })
    expect(unknown.status).toBe(404)
    expect(await unknown.text()).toContain('There is no webhook nobody. There are: good, bad, inside.')
  })

  test('cost nothing and say so when nobody is to be told', async () => {
    const clock = new ManualClock()
    const gateway = await world.gateway({ providers: [{ id: 'mock', type: 'mock' }] }, { clock })
    expect(await (await fetch(`${gateway.url}/v1/alerts`)).json()).toEqual({ alerts: [], webhooks: [] })
    const unknown = await gateway.post('/v1/alerts/test', {})
    expect([unknown.status, await unknown.text()]).toEqual([404, expect.stringContaining('alerts.webhooks')])
  })
})
