import { listLimit } from '../list-limit.ts'
import { matchesAudit } from './audit-filter.ts'
import type { AuditStore, KeptAuditEntry } from './store.ts'

/** Entries kept; the oldest go first. */
const CAPACITY = 1_000

/** The audit in memory: for a gateway without a data directory. It ends with the process. */
export function createMemoryAudit(): AuditStore {
  let entries: KeptAuditEntry[] = []
  let sequence = 0
  return {
    async append(entry) {
      entries.push({ ...structuredClone(entry), sequence: ++sequence })
      if (entries.length > CAPACITY) entries.shift()
    },
    async list(filter = {}) {
      const { before = Number.POSITIVE_INFINITY } = filter
      return entries
        .filter((entry) => entry.sequence < before && matchesAudit(entry, filter))
        .slice(-listLimit(filter.limit))
        .reverse()
    },
    async prune(beforeMs) {
      const kept = entries.filter(({ at }) => at >= beforeMs)
      const deleted = entries.length - kept.length
      entries = kept
      return deleted
    },
    async close() {
      // Nothing is held open.
    },
  }
}
