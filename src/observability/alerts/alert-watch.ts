import type { Clock } from '../../lib/clock.ts'
import type { Notice } from './alert.ts'
import { AlertBook, type ActiveAlert } from './alert-book.ts'
import { alertConditions } from './alert-conditions.ts'
import type { AlertRule, AlertRules, AlertSettings } from './alerts.schema.ts'
import type { Observation } from './observation.ts'
import type { Delivered, WebhookDelivery } from './webhook-delivery.ts'

export interface AlertWatchOptions {
  readonly settings: Pick<AlertSettings, 'rules' | 'repeatMs'>
  readonly clock: Clock
  readonly deliveries: readonly WebhookDelivery[]
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
  private stopTicking: (() => void) | undefined = undefined
  private looking: Promise<void> | undefined = undefined

  constructor(options: AlertWatchOptions) {
    const { settings } = options
    this.options = options
    this.book = new AlertBook({ holdMs: (rule) => holdOf(settings.rules, rule), repeatMs: settings.repeatMs })
  }

  /** Without a webhook nothing is watched. */
  start(): void {
    if (this.options.deliveries.length === 0) return
    this.stopTicking ??= this.options.clock.every(INTERVAL_MS, () => {
      this.looking ??= this.look().finally(() => (this.looking = undefined))
    })
  }

  get active(): readonly ActiveAlert[] {
    return this.book.active
  }

  get webhooks(): readonly string[] {
    return this.options.deliveries.map(({ id }) => id)
  }

  /** Sends a test to every webhook, or to the one named, and tells what became of it. */
  async test(id?: string): Promise<readonly WebhookTest[]> {
    const chosen = this.options.deliveries.filter((delivery) => id === undefined || delivery.id === id)
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
    await Promise.all(this.options.deliveries.map((delivery) => delivery.close()))
  }

  private async look(): Promise<void> {
    const { observe, settings, clock, deliveries } = this.options
    const conditions = alertConditions(await observe(), settings.rules)
    for (const notice of this.book.update(conditions, clock.wall())) for (const delivery of deliveries) delivery.send(notice)
  }
}

function holdOf(rules: AlertRules, rule: AlertRule): number {
  const settings = rules[rule]
  return 'for_secs' in settings ? settings.for_secs * 1000 : 0
}
