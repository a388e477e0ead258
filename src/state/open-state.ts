import type { HealthSettings, HealthStore } from './health/store.ts'
import type { Clock } from '../lib/clock.ts'
import { createMemoryAffinity } from './affinity/memory.ts'
import type { AffinityStore } from './affinity/store.ts'
import { openDisables } from './disables/open.ts'
import type { DisableStore } from './disables/store.ts'
import { createMemoryHealth } from './health/memory.ts'
import { keepScorecards, type ScorecardKeeping } from './health/scorecard-keeper.ts'
import { openSqliteScorecards } from './health/sqlite-scorecards.ts'
import { openRecords } from './records/open.ts'
import type { RecordStore, StoreWarning, UnpackRecord } from './records/store.ts'

export interface OpenStateOptions {
  /** `memory`, or the path of an SQLite file. */
  readonly store: string
  /** Age at which records are deleted, in milliseconds; undefined keeps them. */
  readonly retentionMs: number | undefined
  readonly health: HealthSettings
  readonly scorecards: ScorecardKeeping
  readonly clock: Clock
  readonly unpack: UnpackRecord
  readonly warn: StoreWarning
}

/** Everything a gateway remembers. */
export interface GatewayState {
  readonly records: RecordStore
  readonly health: HealthStore
  readonly affinity: AffinityStore
  readonly disables: DisableStore
  /** Writes what is left and releases everything. */
  close(): Promise<void>
}

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
    return {
      records,
      health,
      affinity: createMemoryAffinity({ clock }),
      disables,
      async close() {
        scorecards?.close()
        await disables.close()
        await records.close()
      },
    }
  } catch (error) {
    void records.close()
    throw error
  }
}
