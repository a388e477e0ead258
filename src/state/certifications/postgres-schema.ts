import type { PostgresDomain } from '../postgres/migrate.ts'

/** The newest certification of each target, as JSON; `revision` counts the changes of a row. */
export const POSTGRES_CERTIFICATIONS: PostgresDomain = {
  name: 'certifications',
  migrations: [
    {
      worksWith: 1,
      sql: 'CREATE TABLE certifications (target text PRIMARY KEY, body text NOT NULL, revision bigint NOT NULL DEFAULT 1)',
    },
  ],
}
