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

/** Alerts of a gateway, before it is known what they look at. */
export interface GatewayAlerts {
  /** What has to be told of ended requests; empty when nobody is told of anything. */
  readonly listeners: readonly EndedRequestListener[]
  readonly noteCost: SettledCostListener
  watch(parts: Omit<AlertedParts, 'fallbacks' | 'unpriced'>): AlertWatch
}

/** Without a webhook nothing is counted and nothing is looked at. */
export function createGatewayAlerts(options: GatewayAlertsOptions): GatewayAlerts {
  const { settings, transport, clock, logger, version, address } = options
  const { rules, webhooks } = settings
  const fallbacks = new FallbackRate(clock, rules.fallback_rate.window_secs * 1000)
  const unpriced = new UnpricedModels(clock, rules.unknown_price.quiet_secs * 1000)
  const identity = (): { instance: string; version: string } => ({ instance: settings.instance ?? address(), version })
  return {
    listeners: webhooks.length === 0 ? [] : [fallbacks.count],
    noteCost: unpriced.note,
    watch: (parts) =>
      new AlertWatch({
        settings,
        clock,
        deliveries: webhooks.map((webhook) => new WebhookDelivery({ webhook, transport, clock, logger, identity })),
        observe: () => observeForAlerts({ ...parts, fallbacks: () => fallbacks.read(), unpriced: () => unpriced.read() }),
      }),
  }
}
