import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { unpackRecord } from '../engine/record/unpack-record.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { Clock } from '../lib/clock.ts'
import type { Secret } from '../lib/secret.ts'
import { dataDirOwner } from '../state/data-dir.ts'
import { STATE_FILE } from '../state/records/open.ts'
import { openSharedRecords } from '../state/records/open-shared.ts'
import { openSqliteRecords } from '../state/records/sqlite.ts'
import type { StateSettings } from '../state/state.schema.ts'
import type { RecordSource } from './record-source.ts'
import { createRemoteRecords } from './remote-records.ts'

export type RecordPlace =
  | {
      readonly kind: 'gateway'
      readonly url: string
      readonly apiKey: Secret | undefined
      readonly fetch: typeof globalThis.fetch
    }
  | { readonly kind: 'files'; readonly dataDir: string; readonly state: RecordKeeping; readonly clock: Clock }

/** Where the configuration keeps records. `store` undefined is the usual file of the data directory. */
export type RecordKeeping = Pick<StateSettings, 'store' | 'shared'>

/** A running gateway writes a record within this time after the answer has ended. */
const WRITTEN_WITHIN_MS = 250

/**
 * Opens a place to read from. Waits a moment when a gateway is running there, so that a call made just before is seen. Throws
 * `record_not_found` when nothing has been recorded there.
 */
export async function openRecordSource(place: RecordPlace): Promise<RecordSource> {
  if (place.kind === 'gateway') return createRemoteRecords(place)
  const { store, shared } = place.state
  if (shared !== undefined) return openSharedRecords(shared.postgres, { clock: place.clock, unpack: unpackRecord })
  if (store === 'memory') {
    throw new GatewayError(
      'record_not_found',
      'This gateway keeps its records in memory only (state.store: memory). Ask the running one with --url.',
    )
  }
  const path = store ?? join(place.dataDir, STATE_FILE)
  if (!existsSync(path)) {
    throw new GatewayError(
      'record_not_found',
      `No request has been recorded yet: ${path} does not exist. Send a request first, or name another place with --data-dir or --url.`,
    )
  }
  if (dataDirOwner(place.dataDir) !== undefined) await place.clock.sleep(WRITTEN_WITHIN_MS)
  return openSqliteRecords({ path, clock: place.clock, warn: () => undefined, unpack: unpackRecord, readOnly: true })
}
