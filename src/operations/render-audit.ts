import { errorPhrase } from './error-phrases.ts'
import type { AuditEntryView } from './list-audit.ts'
import { countWords, safeText } from './story-words.ts'

/** Entries of the audit, a line each, newest first. */
export const renderAudit = (entries: readonly AuditEntryView[]): string =>
  entries.length === 0 ? 'Nothing was audited that fits.' : entries.map(renderEntry).join('\n')

function renderEntry({ at, action, outcome, actor, source, subject, error_code: code, details, times }: AuditEntryView): string {
  const who = actor.id ?? WHO[actor.kind]
  const from = source.address === undefined ? '' : ` from ${source.address}`
  const what = subject === undefined ? '' : ` ${subject.kind} ${subject.id}`
  const how = outcome === 'done' ? '' : ` ${outcome}${code === undefined ? '' : ` (${errorPhrase(code)})`}`
  const often = times === undefined ? '' : `, ${countWords(times)} times`
  const more = detailsText(details)
  return safeText(
    `${new Date(at).toISOString().replace(/\.\d{3}Z$/, 'Z')}  ${action}${what}${how}${often} by ${who}${from}${more}`,
  )
}

const WHO: Readonly<Record<AuditEntryView['actor']['kind'], string>> = {
  key: 'a key',
  open: 'somebody without a key',
  terminal: 'somebody at a terminal',
  stranger: 'a stranger',
  gateway: 'the gateway',
}

function detailsText(details: AuditEntryView['details']): string {
  const told = Object.entries(details ?? {}).filter(([, value]) => value !== null && value !== undefined && value !== false)
  return told.length === 0 ? '' : `: ${told.map(([name, value]) => `${name} ${valueText(value)}`).join(', ')}`
}

const valueText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))
