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
        : `${webhook}: not delivered${answer}${reason === undefined ? '' : `: ${REASONS[reason] ?? reason}`}`
    })
    .join('\n')

/** Reasons of the transport, in words. */
const REASONS: Readonly<Record<string, string>> = {
  private_address: 'its address is on this machine or a private network; `allow_private: true` permits that',
  redirect: 'it answers with a redirect, which is not followed; name the final address',
  dns: 'its host name could not be resolved',
  refused: 'the connection was refused',
  unreachable: 'it cannot be reached from this machine',
  tls: 'the TLS handshake failed',
  proxy: 'the proxy refused to open a tunnel to it',
  timeout: 'it did not answer in time',
  connect_timeout: 'no connection in time',
  reset: 'it closed the connection before it answered',
}
