import type { PostgresDomain } from '../postgres/migrate.ts'

/** What is in force, and the history of changes. `name` is of the account or the model, empty for a provider; times are Unix ms. */
export const POSTGRES_DISABLES: PostgresDomain = {
  name: 'disables',
  migrations: [
    {
      worksWith: 1,
      sql: `CREATE TABLE disables (
        scope text NOT NULL,
        provider text NOT NULL,
        name text NOT NULL,
        reason text,
        since bigint NOT NULL,
        until bigint,
        ordered_by text NOT NULL,
        PRIMARY KEY (scope, provider, name)
      );
      CREATE TABLE disable_changes (
        sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        at bigint NOT NULL,
        action text NOT NULL,
        scope text NOT NULL,
        provider text NOT NULL,
        name text NOT NULL,
        reason text,
        until bigint,
        ordered_by text NOT NULL
      )`,
    },
  ],
}
