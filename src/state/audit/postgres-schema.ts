import type { PostgresDomain } from '../postgres/migrate.ts'

/** The audit in PostgreSQL: what lists filter by, and the entry itself as JSON in `body`. Times are Unix milliseconds. */
export const POSTGRES_AUDIT: PostgresDomain = {
  name: 'audit',
  migrations: [
    {
      worksWith: 1,
      sql: `CREATE TABLE audit (
        sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        at bigint NOT NULL,
        action text NOT NULL,
        actor text,
        actor_tenant text,
        subject text,
        subject_tenant text,
        body text NOT NULL
      );
      CREATE INDEX audit_by_time ON audit (at);
      CREATE INDEX audit_by_subject ON audit (subject, sequence)`,
    },
  ],
}
