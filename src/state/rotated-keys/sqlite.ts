import type { Clock } from '../../lib/clock.ts'
import { openSqliteDatabase } from '../sqlite-database.ts'
import { sealedKeyOf } from './key-row.ts'
import { ROTATED_KEY_MIGRATIONS } from './migrations.ts'
import type { RotatedKeyStore } from './store.ts'
import { unavailable } from '../unavailable.ts'

export interface SqliteRotatedKeysOptions {
  /** File path, or `:memory:`. The file may hold other parts of the state. */
  readonly path: string
  readonly clock: Pick<Clock, 'wall'>
  /** For reading beside a gateway that runs. */
  readonly readOnly?: boolean | undefined
}

/** Rotated keys in an SQLite file, which belongs to one gateway. Throws `state_unavailable` or `state_incompatible`. */
export function openSqliteRotatedKeys({ path, clock, readOnly = false }: SqliteRotatedKeysOptions): RotatedKeyStore {
  const database = openSqliteDatabase({
    path,
    domain: 'rotated_keys',
    migrations: ROTATED_KEY_MIGRATIONS,
    appliedAt: clock.wall(),
    readOnly,
  })
  // The key before it may be revoked any moment: it is on the disk, not just on its way to it, when the call returns.
  if (!readOnly) database.exec('PRAGMA synchronous = FULL')
  return {
    list: async () =>
      asked(path, () => database.prepare('SELECT * FROM rotated_keys ORDER BY provider, account').all().map(sealedKeyOf)),
    put: async ({ provider, account, sealed, at }) =>
      asked(path, () => {
        database
          .prepare('INSERT OR REPLACE INTO rotated_keys (provider, account, sealed, at) VALUES (?, ?, ?, ?)')
          .run(provider, account, sealed, at)
      }),
    watch: () => undefined,
    async close() {
      if (database.isOpen) database.close()
    },
  }
}

function asked<Result>(path: string, question: () => Result): Result {
  try {
    return question()
  } catch (cause) {
    throw unavailable(
      cause,
      (reason) => `Rotated keys cannot be kept in ${path}: ${reason}. Check the file and the free space, then try again.`,
    )
  }
}
