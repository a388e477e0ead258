import type { Clock } from '../lib/clock.ts'
import { AlertWatch } from '../observability/alerts/alert-watch.ts'
import type { AlertSettings } from '../observability/alerts/alerts.schema.ts'
import { FallbackRate } from '../observability/alerts/fallback-rate.ts'
import { UnpricedModels } from '../observability/alerts/unpriced-models.ts'
import { WebhookDelivery } from '../observability/alerts/webhook-delivery.ts'
import type { EndedRequestListener } from '../observability/ended-request.ts'
import type { Logger } from '../observability/logger.ts'
import type { SettledCostListener } from '../observability/settled-cost.ts'
import type { Transport } from '../transport/transport.ts'
import { observeForAlerts, type AlertedParts } from './observe-alerts.ts'

export interface GatewayAlertsOptions {
  readonly settings: AlertSettings
  readonly transport: Pick<Transport, 'send'>
  readonly clock: Clock
  readonly logger: Logger
  readonly version: string
  /** How the gateway calls itself where the configuration gives it no name. */
  readonly address: () => string
}

/** Alerts of a gateway. What they look at is brought in once, with `watch`. */
export class GatewayAlerts {
  private readonly options: GatewayAlertsOptions
  private settings: AlertSettings
  private fallbacks: FallbackRate
  private unpriced: UnpricedModels
  private alertWatch: AlertWatch | undefined

  constructor(options: GatewayAlertsOptions) {
    const { settings, clock } = options
    this.options = options
    this.settings = settings
    this.fallbacks = fallbackRateOf(settings, clock)
    this.unpriced = unpricedModelsOf(settings, clock)
  }

  /** What has to be told of ended requests; empty when nobody is told of anything. */
  get listeners(): readonly EndedRequestListener[] {
    return this.settings.webhooks.length === 0 ? [] : [this.fallbacks.count]
  }

  readonly noteCost: SettledCostListener = (cost) => this.unpriced.note(cost)

  /** Without a webhook nothing is counted and nothing is looked at. */
  watch(parts: Omit<AlertedParts, 'fallbacks' | 'unpriced'>): AlertWatch {
    const { transport, clock, logger, version, address } = this.options
    const identity = (): { instance: string; version: string } => ({ instance: this.settings.instance ?? address(), version })
    this.alertWatch = new AlertWatch({
      settings: this.settings,
      clock,
      deliveryTo: (webhook) => new WebhookDelivery({ webhook, transport, clock, logger, identity }),
      observe: () => observeForAlerts({ ...parts, fallbacks: () => this.fallbacks.read(), unpriced: () => this.unpriced.read() }),
    })
    return this.alertWatch
  }

  /** Goes by other settings from now on. What was counted stays, unless it is to be counted over another time. */
  configure(settings: AlertSettings): void {
    const { clock } = this.options
    const { rules } = this.settings
    this.settings = settings
    if (rules.fallback_rate.window_secs !== settings.rules.fallback_rate.window_secs)
      this.fallbacks = fallbackRateOf(settings, clock)
    if (rules.unknown_price.quiet_secs !== settings.rules.unknown_price.quiet_secs)
      this.unpriced = unpricedModelsOf(settings, clock)
    this.alertWatch?.configure(settings)
  }
}

const fallbackRateOf = ({ rules }: AlertSettings, clock: Clock): FallbackRate =>
  new FallbackRate(clock, rules.fallback_rate.window_secs * 1000)
const unpricedModelsOf = ({ rules }: AlertSettings, clock: Clock): UnpricedModels =>
  new UnpricedModels(clock, rules.unknown_price.quiet_secs * 1000)
