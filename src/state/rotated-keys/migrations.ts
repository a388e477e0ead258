import type { PostgresDomain } from '../postgres/migrate.ts'

/** Schema of the rotated keys, one SQL text a version. `at` is in Unix milliseconds. */
export const ROTATED_KEY_MIGRATIONS: readonly string[] = [
  `CREATE TABLE rotated_keys (
    provider TEXT NOT NULL,
    account TEXT NOT NULL,
    sealed TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (provider, account)
  ) STRICT, WITHOUT ROWID;`,
]

/** The same in PostgreSQL; `revision` counts the changes of a row. */
export const POSTGRES_ROTATED_KEYS: PostgresDomain = {
  name: 'rotated_keys',
  migrations: [
    {
      worksWith: 1,
      sql: `CREATE TABLE rotated_keys (
        provider text NOT NULL,
        account text NOT NULL,
        sealed text NOT NULL,
        at bigint NOT NULL,
        revision bigint NOT NULL DEFAULT 1,
        PRIMARY KEY (provider, account)
      )`,
    },
  ],
}
