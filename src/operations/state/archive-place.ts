import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { unpackRecord } from '../../engine/record/unpack-record.ts'
import { GatewayError } from '../../errors/gateway-error.ts'
import type { Clock } from '../../lib/clock.ts'
import type { ArchivableStore } from '../../state/archive/archive.ts'
import { certificationFilePart } from '../../state/archive/certification-file-part.ts'
import { createPostgresArchive } from '../../state/archive/postgres.ts'
import { openSqliteArchive } from '../../state/archive/sqlite.ts'
import { priceFilePart } from '../../state/archive/price-file-part.ts'
import { withFileParts } from '../../state/archive/with-file-parts.ts'
import { CERTIFICATION_FILE } from '../../state/certifications/file.ts'
import { takeDataDir } from '../../state/data-dir.ts'
import { migratePostgres } from '../../state/postgres/migrate.ts'
import { openPostgres } from '../../state/postgres/postgres.ts'
import { PRICE_FILE } from '../../state/prices/price-file.ts'
import { STATE_FILE } from '../../state/records/open.ts'
import { SHARED_DOMAINS } from '../../state/shared-domains.ts'
import type { StatePlace } from './state-file.ts'

/** Where a configuration keeps its state. */
export interface ArchivePlace extends StatePlace {
  readonly clock: Clock
}

/** The store as a whole, for reading. Throws `state_unavailable` when there is nothing. */
export async function openForExport(place: ArchivePlace): Promise<ArchivableStore> {
  if (place.shared !== undefined) return openDatabase(place)
  const path = fileOf(place)
  if (existsSync(path)) return openFiles(place, true)
  throw new GatewayError(
    'state_unavailable',
    `There is no state to export: ${path} does not exist. Name another --data-dir or --config.`,
  )
}

/** The store as a whole, to be filled. Throws `data_dir_locked` while a gateway works with the file. */
export async function openForImport(place: ArchivePlace): Promise<ArchivableStore> {
  if (place.shared !== undefined) return openDatabase(place)
  const held = takeDataDir({ path: place.dataDir, pid: process.pid, startedAt: place.clock.wall() })
  try {
    const store = openFiles(place, false)
    return {
      ...store,
      async close() {
        await store.close()
        held.release()
      },
    }
  } catch (error) {
    held.release()
    throw error
  }
}

async function openDatabase({ shared, clock }: ArchivePlace): Promise<ArchivableStore> {
  const { postgres } = shared!
  const database = openPostgres({ address: postgres, clock, connections: 1 })
  try {
    await migratePostgres(database, { schema: postgres.schema, domains: SHARED_DOMAINS })
    return createPostgresArchive(database, unpackRecord)
  } catch (error) {
    await database.close()
    throw error
  }
}

function openFiles(place: ArchivePlace, readOnly: boolean): ArchivableStore {
  const { dataDir, clock } = place
  const store = openSqliteArchive({ path: fileOf(place), readOnly, unpack: unpackRecord, appliedAt: clock.wall() })
  const beside = [priceFilePart(join(dataDir, PRICE_FILE)), certificationFilePart(join(dataDir, CERTIFICATION_FILE))]
  return withFileParts(store, beside)
}

function fileOf({ store, dataDir }: StatePlace): string {
  if (store !== 'memory') return store ?? join(dataDir, STATE_FILE)
  throw new GatewayError(
    'state_unavailable',
    'This configuration keeps its state in memory only (state.store: memory): there is nothing to export, and an import would be lost.',
  )
}
