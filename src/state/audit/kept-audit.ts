import type { Clock } from '../../lib/clock.ts'
import type { ClosingList } from '../../lib/closing-list.ts'
import { startRetention } from '../records/retention.ts'
import type { StoreWarning } from '../records/store.ts'
import type { AuditStore } from './store.ts'

export interface KeptAuditOptions {
  readonly clock: Clock
  readonly warn: StoreWarning
  /** Age at which entries are deleted, in milliseconds; undefined keeps them. */
  readonly auditRetentionMs: number | undefined
  /** What is opened here goes onto it. */
  readonly opened: ClosingList
}

/** An audit with its retention running until everything is closed. */
export function keptAudit(store: AuditStore, { clock, warn, auditRetentionMs, opened }: KeptAuditOptions) {
  let keepMs = auditRetentionMs
  opened.add(store)
  opened.addEnd(startRetention({ store, clock, keepMs: () => keepMs, warn, what: 'audit entries' }))
  return {
    audit: store,
    /** From now on entries are deleted at this age, in milliseconds; undefined keeps them. */
    keepAuditFor: (ageMs: number | undefined): void => void (keepMs = ageMs),
  }
}
