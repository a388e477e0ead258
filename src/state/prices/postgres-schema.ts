import type { PostgresDomain } from '../postgres/migrate.ts'

/** The text in force is named `current`, the one it replaced `previous`. Every text that is written gets a version of its own. */
export const POSTGRES_PRICES: PostgresDomain = {
  name: 'prices',
  migrations: [
    {
      worksWith: 1,
      sql: `CREATE TABLE prices (
        name text PRIMARY KEY,
        version bigint GENERATED ALWAYS AS IDENTITY,
        document text NOT NULL
      )`,
    },
  ],
}
