import type { Clock } from '../../lib/clock.ts'
import { sameData } from '../../lib/same-data.ts'
import type { Notice } from './alert.ts'
import { AlertBook, type ActiveAlert, type AlertBookOptions } from './alert-book.ts'
import { alertConditions } from './alert-conditions.ts'
import type { AlertRule, AlertRules, AlertSettings, Webhook } from './alerts.schema.ts'
import type { Observation } from './observation.ts'
import type { Delivered, WebhookDelivery } from './webhook-delivery.ts'

export interface AlertWatchOptions {
  readonly settings: AlertSettings
  readonly clock: Clock
  readonly deliveryTo: (webhook: Webhook) => WebhookDelivery
  readonly observe: () => Promise<Observation>
}

/** How often the gateway looks at itself. */
const INTERVAL_MS = 10_000

/** A test of one webhook. */
export interface WebhookTest extends Delivered {
  readonly webhook: string
}

/** Looks at the state of the gateway now and then, and tells the webhooks what is new, what lasts and what is over. */
export class AlertWatch {
  private readonly options: AlertWatchOptions
  private readonly book: AlertBook
  private rules: AlertRules
  private deliveries: readonly WebhookDelivery[]
  /** Those to webhooks that are given up and still get what waits for them. */
  private readonly leaving = new Set<WebhookDelivery>()
  private isStarted = false
  private stopTicking: (() => void) | undefined = undefined
  private looking: Promise<void> | undefined = undefined

  constructor(options: AlertWatchOptions) {
    const { settings, deliveryTo } = options
    this.options = options
    this.rules = settings.rules
    this.deliveries = settings.webhooks.map((webhook) => deliveryTo(webhook))
    this.book = new AlertBook(bookOptions(settings))
  }

  /** Without a webhook nothing is watched. */
  start(): void {
    this.isStarted = true
    if (this.deliveries.length === 0) return
    this.stopTicking ??= this.options.clock.every(INTERVAL_MS, () => {
      this.looking ??= this.look().finally(() => (this.looking = undefined))
    })
  }

  /** Goes by other settings from now on. What is wrong is not told again; a webhook that is given up still gets what waits for it. */
  configure(settings: AlertSettings): void {
    const { deliveryTo } = this.options
    const before = this.deliveries
    this.rules = settings.rules
    this.book.configure(bookOptions(settings))
    this.deliveries = settings.webhooks.map(
      (webhook) => before.find((delivery) => sameData(delivery.webhook, webhook)) ?? deliveryTo(webhook),
    )
    for (const delivery of before) if (!this.deliveries.includes(delivery)) this.leave(delivery)
    if (this.deliveries.length === 0) {
      this.stopTicking?.()
      this.stopTicking = undefined
    } else if (this.isStarted) this.start()
  }

  get active(): readonly ActiveAlert[] {
    return this.book.active
  }

  get webhooks(): readonly string[] {
    return this.deliveries.map(({ id }) => id)
  }

  /** Sends a test to every webhook, or to the one named, and tells what became of it. */
  async test(id?: string): Promise<readonly WebhookTest[]> {
    const chosen = this.deliveries.filter((delivery) => id === undefined || delivery.id === id)
    const at = this.options.clock.wall()
    const notice: Notice = {
      state: 'test',
      rule: 'test',
      subject: '',
      severity: 'warning',
      summary: 'This is a test of alerts. Nothing is wrong.',
      facts: {},
      startedAt: at,
      at,
    }
    return Promise.all(chosen.map(async (delivery) => ({ webhook: delivery.id, ...(await delivery.attempt(notice)) })))
  }

  async close(): Promise<void> {
    this.stopTicking?.()
    await this.looking
    await Promise.all([...this.deliveries, ...this.leaving].map((delivery) => delivery.close()))
  }

  private leave(delivery: WebhookDelivery): void {
    this.leaving.add(delivery)
    void delivery.finish().finally(() => this.leaving.delete(delivery))
  }

  private async look(): Promise<void> {
    const { observe, clock } = this.options
    const conditions = alertConditions(await observe(), this.rules)
    for (const notice of this.book.update(conditions, clock.wall())) for (const delivery of this.deliveries) delivery.send(notice)
  }
}

const bookOptions = ({ rules, repeatMs }: AlertSettings): AlertBookOptions => ({
  holdMs: (rule) => holdOf(rules, rule),
  repeatMs,
})

function holdOf(rules: AlertRules, rule: AlertRule): number {
  const settings = rules[rule]
  return 'for_secs' in settings ? settings.for_secs * 1000 : 0
}
