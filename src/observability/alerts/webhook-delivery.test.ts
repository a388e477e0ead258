import { describe, expect, test } from 'bun:test'
import { ManualClock } from '../../../test/support/manual-clock.ts'
import { GatewayError } from '../../errors/gateway-error.ts'
import { Secret } from '../../lib/secret.ts'
import type { UpstreamRequest } from '../../transport/transport.ts'
import { silentLogger } from '../logger.ts'
import type { Notice } from './alert.ts'
import type { Webhook } from './alerts.schema.ts'
import { anyWay } from '../../transport/egress.settings.schema.ts'
import { WebhookDelivery } from './webhook-delivery.ts'

const notice = (summary: string, more: Partial<Notice> = {}): Notice => ({
  state: 'firing',
  rule: 'provider_down',
  subject: 'openai',
  severity: 'critical',
  summary,
  facts: { provider: 'openai' },
  startedAt: 1_700_000_000_000,
  at: 1_700_000_010_000,
  ...more,
})

/** A webhook whose answers the test decides. */
class FakeWebhook {
  readonly clock = new ManualClock()
  readonly requests: UpstreamRequest[] = []
  readonly warnings: string[] = []
  answer: () => Response | Promise<Response> = () => new Response('ok')
  readonly delivery: WebhookDelivery

  constructor(webhook: Partial<Webhook> = {}) {
    this.delivery = new WebhookDelivery({
      webhook: {
        id: 'ops',
        url: new Secret('https://hooks.example/SECRET'),
        format: 'json',
        headers: { Authorization: new Secret('Bearer token') },
        egress: anyWay(true),
        only: undefined,
        resolved: true,
        ...webhook,
      },
      transport: {
        send: async (request) => {
          this.requests.push(request)
          const aborted = new Promise<never>((_resolve, reject) =>
            request.signal.addEventListener('abort', () => reject(request.signal.reason as Error), { once: true }),
          )
          return Promise.race([this.answer(), aborted])
        },
      },
      clock: this.clock,
      logger: { ...silentLogger, warn: (facts, message) => void this.warnings.push(`${message} ${JSON.stringify(facts)}`) },
      identity: () => ({ instance: 'eu-1', version: '9.9.9' }),
    })
  }

  get summaries(): unknown[] {
    return this.requests.map(({ body }) => (JSON.parse(body as string) as { summary: string }).summary)
  }
}

describe('a message to a webhook', () => {
  test('tells what, since when and by whom', async () => {
    const webhook = new FakeWebhook()
    webhook.delivery.send(notice('down'))
    await webhook.clock.advance(0)
    expect(webhook.requests[0]?.headers).toEqual({ authorization: 'Bearer token', 'content-type': 'application/json' })
    expect(JSON.parse(webhook.requests[0]?.body as string)).toEqual({
      schema: 'switchback.alert/v1',
      state: 'firing',
      key: 'provider_down:openai',
      rule: 'provider_down',
      subject: 'openai',
      severity: 'critical',
      summary: 'down',
      facts: { provider: 'openai' },
      started_at: '2023-11-14T22:13:20.000Z',
      at: '2023-11-14T22:13:30.000Z',
      gateway: { instance: 'eu-1', version: '9.9.9' },
    })
  })

  test('is what Slack takes, where that is wanted', async () => {
    const webhook = new FakeWebhook({ format: 'slack' })
    webhook.delivery.send(notice('<up> & down'))
    await webhook.clock.advance(0)
    const { text, blocks } = JSON.parse(webhook.requests[0]?.body as string) as { text: string; blocks: unknown[] }
    expect(text).toBe(':red_circle: &lt;up&gt; &amp; down')
    expect(blocks).toMatchObject([{ type: 'section' }, { type: 'context' }])
  })

  test('is tried again with growing pauses, and the next one waits for it', async () => {
    const webhook = new FakeWebhook()
    webhook.answer = () => new Response('no', { status: 503 })
    webhook.delivery.send(notice('first'))
    webhook.delivery.send(notice('second'))
    await webhook.clock.advance(1_000 + 4_000)
    expect(webhook.summaries).toEqual(['first', 'first', 'first'])
    webhook.answer = () => new Response('ok')
    await webhook.clock.advance(16_000)
    expect(webhook.summaries).toEqual(['first', 'first', 'first', 'first', 'second'])
    expect(webhook.warnings).toEqual([])
  })

  test('that is never taken is given up, and that is told once', async () => {
    const webhook = new FakeWebhook()
    webhook.answer = () => Promise.reject(new GatewayError('upstream_connect_failed', 'no', { details: { reason: 'refused' } }))
    webhook.delivery.send(notice('first'))
    webhook.delivery.send(notice('second'))
    await webhook.clock.advance(400_000)
    expect(webhook.requests).toHaveLength(10)
    expect(webhook.warnings).toHaveLength(1)
    expect(webhook.warnings[0]).toContain('refused')
    expect(webhook.warnings[0]).not.toContain('SECRET')
  })

  test('is not sent again after a refusal that lasts', async () => {
    for (const answer of [
      () => new Response('gone', { status: 410 }),
      () => Promise.reject(new GatewayError('address_not_allowed', 'no', { details: { reason: 'private_address' } })),
    ]) {
      const webhook = new FakeWebhook()
      webhook.answer = answer
      webhook.delivery.send(notice('first'))
      await webhook.clock.advance(400_000)
      expect(webhook.requests).toHaveLength(1)
    }
  })

  test('has ten seconds', async () => {
    const webhook = new FakeWebhook()
    webhook.answer = () => new Promise<Response>(() => undefined)
    const outcome = webhook.delivery.attempt(notice('first'))
    await webhook.clock.advance(10_000)
    expect(await outcome).toEqual({ ok: false, reason: 'timeout' })
  })

  test('is left out by rule and by state', async () => {
    const webhook = new FakeWebhook({ only: new Set(['budget']), resolved: false })
    webhook.delivery.send(notice('another rule'))
    webhook.delivery.send(notice('over', { rule: 'budget', state: 'resolved' }))
    webhook.delivery.send(notice('wanted', { rule: 'budget' }))
    await webhook.clock.advance(0)
    expect(webhook.summaries).toEqual(['wanted'])
  })

  test('waits among a hundred at most, of which the oldest go', async () => {
    const webhook = new FakeWebhook()
    webhook.answer = () => new Response('no', { status: 500 })
    for (let index = 0; index < 300; index++) webhook.delivery.send(notice(String(index)))
    webhook.answer = () => new Response('ok')
    await webhook.clock.advance(30_000)
    expect(webhook.summaries.at(-1)).toBe('299')
    expect(webhook.summaries.length).toBeLessThanOrEqual(102)
  })

  test('is not waited for when the gateway ends', async () => {
    const webhook = new FakeWebhook()
    webhook.answer = () => new Promise<Response>(() => undefined)
    webhook.delivery.send(notice('first'))
    await webhook.clock.advance(0)
    await webhook.delivery.close()
    expect([webhook.requests.length, webhook.clock.pending]).toEqual([1, 0])
  })
})
