import type { Spool } from '../observability/alerts/observation.ts'
import type { LedgerDurability } from '../state/ledger/store.ts'

/** Settlements on their way: entries in memory and in the local file wait for the ledger. */
export function ledgerSpool(durability: LedgerDurability): Spool {
  const { waiting, spooled, dropped_writes: dropped, last_outcome: last } = durability
  return {
    what: 'settlements',
    waiting: waiting + spooled,
    dropped,
    failing: spooled > 0 || last === 'spooled' || last === 'failed',
  }
}
