import { timeSpanText } from '../lib/time-span.ts'
import type { WebhookTest } from '../observability/alerts/alert-watch.ts'
import type { AlertsView } from './alerts.ts'

/** Alerts for people: a line each. `now` is Unix milliseconds. */
export function renderAlerts({ alerts, webhooks }: AlertsView, now: number): string {
  const told = webhooks.length === 0 ? 'Nobody is told: alerts.webhooks is empty.' : `Told: ${webhooks.join(', ')}.`
  if (alerts.length === 0) return `Nothing is wrong. ${told}`
  const lines = alerts.map(
    ({ severity, summary, started_at: startedAt }) => `${severity}  for ${timeSpanText(now - startedAt)}  ${summary}`,
  )
  return [...lines, told].join('\n')
}

/** What became of a test of webhooks: a line each. */
export const renderWebhookTests = (tests: readonly WebhookTest[]): string =>
  tests
    .map(({ webhook, ok, status, reason }) => {
      const answer = status === undefined ? '' : ` (status ${status})`
      return ok
        ? `${webhook}: delivered${answer}`
        : `${webhook}: not delivered${answer}${reason === undefined ? '' : `: ${reason}`}`
    })
    .join('\n')
