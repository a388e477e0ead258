import { asAccountId, asProviderId } from '../../ir/ids.ts'
import type { DisableChange, DisableEntry, DisableSubject } from './store.ts'

/** A row of the table of disables, or of their changes. */
export type DisableRow = Readonly<Record<string, unknown>>

/** Undefined for a scope that this version does not know. */
function subjectOfRow(row: DisableRow): DisableSubject | undefined {
  const provider = asProviderId(String(row['provider']))
  const name = String(row['name'])
  switch (row['scope']) {
    case 'provider':
      return { scope: 'provider', provider }
    case 'account':
      return { scope: 'account', provider, account: asAccountId(name) }
    case 'model':
      return { scope: 'model', provider, model: name }
    default:
      return undefined
  }
}

export function entryOfRow(row: DisableRow): DisableEntry | undefined {
  const subject = subjectOfRow(row)
  return subject === undefined ? undefined : { scope: subject.scope, subject, ...termsOf(row), since: Number(row['since']) }
}

export function changeOfRow(row: DisableRow): DisableChange | undefined {
  const subject = subjectOfRow(row)
  if (subject === undefined) return undefined
  return { at: Number(row['at']), action: row['action'] === 'enable' ? 'enable' : 'disable', subject, ...termsOf(row) }
}

const termsOf = (row: DisableRow): { reason: string | undefined; until: number | undefined; by: string } => ({
  reason: typeof row['reason'] === 'string' ? row['reason'] : undefined,
  until: row['until'] === null ? undefined : Number(row['until']),
  by: String(row['ordered_by']),
})
