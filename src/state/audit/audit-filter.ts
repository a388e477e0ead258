import type { AuditEntry, AuditFilter } from './store.ts'

/** Whether an entry passes a filter; limit and cursor aside. */
export function matchesAudit(entry: AuditEntry, { sinceMs, action, actor, subject, tenant }: AuditFilter): boolean {
  if (sinceMs !== undefined && entry.at < sinceMs) return false
  if (action !== undefined && !(action.endsWith('.') ? entry.action.startsWith(action) : entry.action === action)) return false
  if (actor !== undefined && entry.actor.id !== actor) return false
  if (subject !== undefined && entry.subject?.id !== subject) return false
  return tenant === undefined || entry.subject?.tenant === tenant || entry.actor.tenant === tenant
}
