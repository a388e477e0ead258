import type { LedgerEntry } from '../../ir/settlement.ts'
import type { Clock } from '../../lib/clock.ts'
import { openWhole } from '../../lib/closing-list.ts'
import { buryOrphans } from '../open-attempts/bury-orphans.ts'
import { openSqliteOpenAttempts } from '../open-attempts/sqlite.ts'
import type { OpenAttempts } from '../open-attempts/store.ts'
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
  /** Notes of attempts under way, in case this process dies; undefined where nothing outlives it anyway. */
  readonly openAttempts: OpenAttempts | undefined
  /** From now on attempts of processes that have died are written down as lost. */
  join(): void
  /** From now on entries and sums are deleted at these ages. */
  keepFor(ages: LedgerAges): void
  /** Writes what is left and releases everything. */
  close(): Promise<void>
}

/** Opens the ledger a configuration asks for. Throws `state_unavailable` or `state_incompatible`. */
export function openLedger(options: OpenLedgerOptions): OpenLedger {
  const { store: place, clock, warn, required } = options
  const isDurable = place !== 'memory'
  if (!isDurable) return ledgerOn(createMemoryLedger(), { ...options, isDurable, spoolPath: undefined, openAttempts: undefined })
  return openWhole((opened) => {
    const store = opened.add(openSqliteLedger({ path: place, clock, required }))
    const openAttempts = openSqliteOpenAttempts({ path: place, clock, warn })
    return ledgerOn(store, { ...options, isDurable, spoolPath: `${place}${SPOOL_SUFFIX}`, openAttempts })
  })
}

export interface LedgerOnOptions extends Omit<OpenLedgerOptions, 'store'> {
  /** The local file for what the store cannot take; undefined when there is no disk for it. */
  readonly spoolPath: string | undefined
  readonly isDurable: boolean
  readonly openAttempts: OpenAttempts | undefined
}

/** A ledger on a store that is open, with its writer and its retention running until it is closed. */
export function ledgerOn(store: LedgerStore, options: LedgerOnOptions): OpenLedger {
  const { clock, warn, required, prepare, isDurable, spoolPath, openAttempts } = options
  const spool = spoolPath === undefined ? undefined : openSpool({ path: spoolPath })
  const kept = openAttempts && ((entries: readonly LedgerEntry[]) => openAttempts.kept(entries.map(({ id }) => id)))
  const writer = new LedgerWriter({ store, spool, clock, warn, required, isDurable, prepare, kept })
  let ages: LedgerAges = options
  const stopRetention = startLedgerRetention({ store, clock, warn, ages: () => ages })
  let stopBurying: (() => void) | undefined
  return {
    store,
    writer,
    openAttempts,
    join() {
      if (openAttempts !== undefined) stopBurying ??= buryOrphans({ attempts: openAttempts, ledger: store, clock, warn })
    },
    keepFor: (next) => void (ages = next),
    async close() {
      stopBurying?.()
      stopRetention()
      await writer.close()
      await openAttempts?.close()
      await store.close()
    },
  }
}

/** The local file stands beside the database. */
export const SPOOL_SUFFIX = '.ledger-spool.jsonl'
