import { GatewayError } from '../errors/gateway-error.ts'
import { alertKey } from '../observability/alerts/alert.ts'
import type { AlertWatch, WebhookTest } from '../observability/alerts/alert-watch.ts'

/** An alert that somebody was told of, as JSON. */
export interface AlertView {
  readonly key: string
  readonly rule: string
  readonly subject: string
  readonly severity: string
  readonly summary: string
  /** Unix milliseconds. */
  readonly started_at: number
}

/** What `GET /v1/alerts` answers. */
export interface AlertsView {
  readonly alerts: readonly AlertView[]
  /** Names of those who are told. */
  readonly webhooks: readonly string[]
}

/** The alerts that are not over, oldest first. */
export const listAlerts = (watch: Pick<AlertWatch, 'active' | 'webhooks'>): AlertsView => ({
  alerts: watch.active.map(({ condition, startedAt }) => ({
    key: alertKey(condition),
    rule: condition.rule,
    subject: condition.subject,
    severity: condition.severity,
    summary: condition.summary,
    started_at: startedAt,
  })),
  webhooks: watch.webhooks,
})

/** Sends a test to every webhook, or to the one named. Throws `subject_not_found` when there is none to send to. */
export async function testAlerts(
  watch: Pick<AlertWatch, 'test' | 'webhooks'>,
  webhook: string | undefined,
): Promise<{ readonly tests: readonly WebhookTest[] }> {
  const { webhooks } = watch
  if (webhooks.length === 0)
    throw new GatewayError('subject_not_found', 'The configuration has no webhook. Add one to alerts.webhooks.')
  if (webhook !== undefined && !webhooks.includes(webhook))
    throw new GatewayError('subject_not_found', `There is no webhook ${webhook}. There are: ${webhooks.join(', ')}.`)
  return { tests: await watch.test(webhook) }
}
