import { existsSync } from 'node:fs'
import type { CompiledConfig } from '../../config/compile.ts'
import type { Clock } from '../../lib/clock.ts'
import { onOwnDatabase } from '../../state/postgres/on-own-database.ts'
import { createPostgresRevisions } from '../../state/revisions/postgres.ts'
import { openSqliteRevisions } from '../../state/revisions/sqlite.ts'
import type { StorePlace } from '../../state/store-place.ts'
import { storePlace } from '../store-place.ts'

export interface PublishedRevisionOptions {
  readonly config: Pick<CompiledConfig, 'state'>
  readonly dataDir: string
  readonly clock: Clock
}

/** The revision that is published for all gateways of a configuration; undefined when none is, or when that cannot be told now. */
export async function publishedRevision({ config, dataDir, clock }: PublishedRevisionOptions): Promise<number | undefined> {
  const place = storePlace(config, dataDir)
  if (place === undefined || (place.kind === 'file' && !existsSync(place.path))) return undefined
  try {
    return await readPublished(place, clock)
  } catch {
    // Nobody changes a file less for that.
    return undefined
  }
}

const NOBODY = { announce: () => undefined, listen: () => undefined }

async function readPublished(place: StorePlace, clock: Clock): Promise<number | undefined> {
  const store =
    place.kind === 'file'
      ? openSqliteRevisions({ path: place.path, clock, readOnly: true })
      : onOwnDatabase(place.postgres, clock, (database) => createPostgresRevisions({ database, clock, coordination: NOBODY }), {
          readOnly: true,
        })
  try {
    return (await store.published())?.revision
  } finally {
    await store.close()
  }
}
