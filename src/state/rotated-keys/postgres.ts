import type { Postgres, PostgresRow, PostgresValue } from '../postgres/postgres.ts'
import { TableWatch, type TableWatchOptions } from '../postgres/table-watch.ts'
import { sealedKeyOf } from './key-row.ts'
import type { RotatedKeyStore } from './store.ts'
import { unavailable } from '../unavailable.ts'

export interface PostgresRotatedKeysOptions extends Omit<TableWatchOptions, 'table'> {
  /** With the schema of `POSTGRES_ROTATED_KEYS`; stays open when the store is closed. */
  readonly database: Postgres
}

/** Rotated keys in PostgreSQL, for all replicas. */
export function createPostgresRotatedKeys(options: PostgresRotatedKeysOptions): RotatedKeyStore {
  const watch = new TableWatch({ ...options, table: 'rotated_keys' })
  const ask = async (sql: string, values: readonly PostgresValue[] = []): Promise<readonly PostgresRow[]> => {
    try {
      return await options.database.query(sql, values)
    } catch (cause) {
      throw unavailable(cause, (reason) => `Rotated keys cannot be kept: ${reason} Try again.`)
    }
  }
  return {
    list: async () =>
      (await ask('SELECT * FROM rotated_keys ORDER BY provider COLLATE "C", account COLLATE "C"')).map(sealedKeyOf),
    async put({ provider, account, sealed, at }) {
      await ask(
        `INSERT INTO rotated_keys (provider, account, sealed, at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (provider, account) DO UPDATE SET sealed = excluded.sealed, at = excluded.at, revision = rotated_keys.revision + 1`,
        [provider, account, sealed, at],
      )
      watch.announce()
    },
    watch: (listener) => watch.watch(listener),
    close: () => watch.close(),
  }
}
