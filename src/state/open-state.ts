import type { HealthSettings, HealthStore } from './health/store.ts'
import type { Clock } from '../lib/clock.ts'
import { createMemoryAffinity } from './affinity/memory.ts'
import type { AffinityStore } from './affinity/store.ts'
import { openDisables } from './disables/open.ts'
import type { DisableStore } from './disables/store.ts'
import { createMemoryIdempotency } from './idempotency/memory.ts'
import type { IdempotencyStore } from './idempotency/store.ts'
import { keepPeriods } from './limits/period-keeper.ts'
import { createMemoryLimits } from './limits/memory.ts'
import { openSqlitePeriods } from './limits/sqlite-periods.ts'
import type { LimitStore } from './limits/store.ts'
import { createMemoryHealth } from './health/memory.ts'
import { keepScorecards, type ScorecardKeeping } from './health/scorecard-keeper.ts'
import { openSqliteScorecards } from './health/sqlite-scorecards.ts'
import { openRecords } from './records/open.ts'
import type { RecordStore, StoreWarning, UnpackRecord } from './records/store.ts'
import { createMemorySignatures } from './signatures/memory.ts'
import type { SignatureStore } from './signatures/store.ts'

export interface OpenStateOptions {
  /** `memory`, or the path of an SQLite file. */
  readonly store: string
  /** Age at which records are deleted, in milliseconds; undefined keeps them. */
  readonly retentionMs: number | undefined
  readonly health: HealthSettings
  readonly scorecards: ScorecardKeeping
  /** Milliseconds, and the most keys remembered. */
  readonly idempotency: { readonly leaseMs: number; readonly ttlMs: number; readonly maxKeys: number }
  readonly clock: Clock
  readonly unpack: UnpackRecord
  readonly warn: StoreWarning
}

/** Everything a gateway remembers. */
export interface GatewayState {
  readonly records: RecordStore
  readonly health: HealthStore
  readonly affinity: AffinityStore
  readonly signatures: SignatureStore
  readonly disables: DisableStore
  /** Takes the settings of a new configuration. What is known stays; the store stays the one that was opened. */
  configure(settings: StateChange): void
  readonly limits: LimitStore
  readonly idempotency: IdempotencyStore
  /** Writes what is left and releases everything. */
  close(): Promise<void>
}

export type StateChange = Pick<OpenStateOptions, 'retentionMs' | 'health' | 'scorecards'>

/** Opens the state a configuration asks for. Throws `state_unavailable` or `state_incompatible`, with nothing left open. */
export function openState(options: OpenStateOptions): GatewayState {
  const { store, clock, warn } = options
  const records = openRecords(options)
  try {
    const health = createMemoryHealth({ clock, settings: options.health })
    const isFile = store !== 'memory'
    const disables = openDisables({ store, clock })
    const scorecards = isFile
      ? keepScorecards({ health, file: openSqliteScorecards({ path: store, clock }), clock, keeping: options.scorecards, warn })
      : undefined
    const limits = createMemoryLimits({ clock })
    const periods = isFile ? keepPeriods({ limits, file: openSqlitePeriods({ path: store, clock }), clock, warn }) : undefined
    return {
      records,
      health,
      affinity: createMemoryAffinity({ clock }),
      signatures: createMemorySignatures({ clock }),
      disables,
      configure(next) {
        records.keepFor(next.retentionMs)
        health.configure(next.health)
        scorecards?.configure(next.scorecards)
      },
      limits,
      idempotency: createMemoryIdempotency({ clock, ...options.idempotency, capacity: options.idempotency.maxKeys }),
      async close() {
        periods?.close()
        scorecards?.close()
        disables.close()
        await records.close()
      },
    }
  } catch (error) {
    void records.close()
    throw error
  }
}
