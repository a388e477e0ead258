import type { FieldDifference } from './field-differences.ts'
import type { ReplayedDecision } from './replay-decision.ts'
import type { ReplayReport } from './replay-records.ts'
import { listWords, plural, safeText } from './story-words.ts'
import { nanoToUsd } from '../catalog/prices/usd.ts'

/** A decision made again, as lines for a terminal. `by` names the configuration. */
export function renderReplayed(requestId: string, replayed: ReplayedDecision, by: string): string {
  const lines = [`${VERDICTS[replayed.verdict]} (${requestId}, decided again by ${safeText(by)})`]
  if (replayed.config_changed) lines.push('The configuration is not the one the request was served with.')
  const { was, now } = replayed.engine_version
  if (was !== now) lines.push(`Version ${safeText(was)} decided then and ${now} now, so meanings were compared, not every field.`)
  for (const input of replayed.undetermined) lines.push(`undetermined: ${safeText(input)} was not kept`)
  if (replayed.refusal !== undefined) lines.push(`The request would be refused: ${replayed.refusal}.`)
  for (const difference of replayed.differences) lines.push(`  ${differenceWords(difference)}`)
  const { decision } = replayed
  if (decision !== undefined && decision.selected !== null) {
    const order = [decision.selected, ...decision.fallbacks].map(({ target_id: id }) => safeText(id))
    lines.push(`Order now: ${order.join(', ')}.`)
  }
  for (const { target_id: id, reason, code } of decision?.rejected ?? [])
    lines.push(`Ruled out ${safeText(id)}: ${safeText(reason)} (${code}).`)
  return lines.join('\n')
}

const VERDICTS = {
  identical: 'Identical: every field of the decision is the same.',
  same: 'The same decision.',
  different: 'A different decision.',
  undetermined: 'Undetermined: something the decision needs was not recorded.',
} as const

const differenceWords = ({ field, was, now }: FieldDifference): string => `${safeText(field)}: ${shown(was)} → ${shown(now)}`

const shown = (value: unknown): string =>
  value === undefined || value === '' ? 'nothing' : safeText(typeof value === 'string' ? value : JSON.stringify(value))

/** A replay of many requests, as lines for a terminal. */
export function renderReplayReport(report: ReplayReport): string {
  const lines = [
    `${plural(report.requests, 'request')}: ${report.same} the same, ${report.changed} changed, ${report.failing} would fail, ${report.undetermined} undetermined, ${report.skipped} without a decision.`,
  ]
  for (const group of report.groups) {
    const notes = [group.certain ? '' : 'if the new target is well']
    if (group.cost.known > 0)
      notes.push(`cost ${signed(group.cost.delta_nanos)} over ${plural(group.cost.known, 'request')} with known cost`)
    if (group.cost.unknown > 0) notes.push(`cost unknown for ${group.cost.unknown}`)
    if (group.latency.known > 0)
      notes.push(
        `about ${Math.round(group.latency.delta_ms / group.latency.known)} ms each, by recorded averages of ${group.latency.known}`,
      )
    lines.push(
      `  ${group.count} × ${safeText(group.from)} → ${safeText(group.to)}: ${safeText(group.reason)} (such as ${group.example})`,
    )
    const told = notes.filter((note) => note !== '')
    if (told.length > 0) lines.push(`      ${listWords(told)}`)
  }
  for (const { input, count } of report.not_kept) lines.push(`  undetermined: ${safeText(input)} was not kept (${count} ×)`)
  return lines.join('\n')
}

const signed = (nanos: number): string => `${nanos < 0 ? '-' : '+'}$${nanoToUsd(Math.abs(nanos))}`
