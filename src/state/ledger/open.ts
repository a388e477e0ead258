import type { Clock } from '../../lib/clock.ts'
import type { StoreWarning } from '../records/store.ts'
import { LedgerWriter } from './ledger-writer.ts'
import { createMemoryLedger } from './memory.ts'
import { openSpool } from './spool.ts'
import { openSqliteLedger } from './sqlite.ts'
import { startLedgerRetention, type LedgerAges } from './retention.ts'
import type { LedgerStore } from './store.ts'

export interface OpenLedgerOptions extends LedgerAges {
  /** `memory`, or the path of an SQLite file. */
  readonly store: 'memory' | (string & {})
  readonly required: boolean
  readonly clock: Clock
  readonly warn: StoreWarning
  /** Asked before entries are made. Never rejects. */
  readonly prepare?: (() => Promise<void>) | undefined
}

/** A ledger to read from, and the way into it. */
export interface OpenLedger {
  readonly store: LedgerStore
  readonly writer: LedgerWriter
  /** From now on entries and sums are deleted at these ages. */
  keepFor(ages: LedgerAges): void
  /** Writes what is left and releases everything. */
  close(): Promise<void>
}

/** Opens the ledger a configuration asks for. Throws `state_unavailable` or `state_incompatible`. */
export function openLedger(options: OpenLedgerOptions): OpenLedger {
  const { store: place, clock, required } = options
  const isDurable = place !== 'memory'
  const store = isDurable ? openSqliteLedger({ path: place, clock, required }) : createMemoryLedger()
  return ledgerOn(store, { ...options, spoolPath: isDurable ? `${place}${SPOOL_SUFFIX}` : undefined, isDurable })
}

export interface LedgerOnOptions extends Omit<OpenLedgerOptions, 'store'> {
  /** The local file for what the store cannot take; undefined when there is no disk for it. */
  readonly spoolPath: string | undefined
  readonly isDurable: boolean
}

/** A ledger on a store that is open, with its writer and its retention running until it is closed. */
export function ledgerOn(store: LedgerStore, options: LedgerOnOptions): OpenLedger {
  const { clock, warn, required, prepare, isDurable, spoolPath } = options
  const spool = spoolPath === undefined ? undefined : openSpool({ path: spoolPath })
  const writer = new LedgerWriter({ store, spool, clock, warn, required, isDurable, prepare })
  let ages: LedgerAges = options
  const stopRetention = startLedgerRetention({ store, clock, warn, ages: () => ages })
  return {
    store,
    writer,
    keepFor: (next) => void (ages = next),
    async close() {
      stopRetention()
      await writer.close()
      await store.close()
    },
  }
}

/** The local file stands beside the database. */
export const SPOOL_SUFFIX = '.ledger-spool.jsonl'
