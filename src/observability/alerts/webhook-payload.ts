import { alertKey, type Notice } from './alert.ts'

export interface GatewayIdentity {
  readonly instance: string
  readonly version: string
}

/** The body of a message to a webhook. */
export function webhookPayload(format: 'json' | 'slack', notice: Notice, gateway: GatewayIdentity): string {
  return JSON.stringify(format === 'slack' ? slackMessage(notice, gateway) : alertMessage(notice, gateway))
}

const alertMessage = (notice: Notice, gateway: GatewayIdentity): unknown => ({
  schema: 'switchback.alert/v1',
  state: notice.state,
  key: alertKey(notice),
  rule: notice.rule,
  subject: notice.subject,
  severity: notice.severity,
  summary: notice.summary,
  facts: notice.facts,
  started_at: new Date(notice.startedAt).toISOString(),
  at: new Date(notice.at).toISOString(),
  gateway,
})

const SIGNS = { critical: ':red_circle:', warning: ':large_orange_circle:' } as const

function slackMessage({ state, severity, summary, rule }: Notice, { instance, version }: GatewayIdentity): unknown {
  const sign = state === 'firing' ? SIGNS[severity] : state === 'resolved' ? ':large_green_circle:' : ':white_circle:'
  const text = `${sign} ${escaped(summary)}`
  const context = escaped(`${rule} · ${instance} · Switchback ${version}`)
  return {
    text,
    blocks: [
      { type: 'section', text: { type: 'mrkdwn', text } },
      { type: 'context', elements: [{ type: 'mrkdwn', text: context }] },
    ],
  }
}

/** The three characters that mean something in such a message. */
const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
