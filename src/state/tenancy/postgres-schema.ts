import type { PostgresDomain } from '../postgres/migrate.ts'

/**
 * Tenancy in PostgreSQL. What lists filter by stands beside the entity, which is JSON in `body`. `revision` is a number of the change that
 * made the row what it is; numbers are given out by `tenancy_revision`, whose only row every change locks, so that they become visible in
 * their order.
 */
export const POSTGRES_TENANCY: PostgresDomain = {
  name: 'tenancy',
  migrations: [
    {
      worksWith: 1,
      sql: `CREATE TABLE tenancy (
        kind text NOT NULL,
        id text COLLATE "C" NOT NULL,
        tenant text,
        owner text,
        version integer NOT NULL,
        revision bigint NOT NULL DEFAULT 0,
        body text NOT NULL,
        PRIMARY KEY (kind, id)
      );
      CREATE INDEX tenancy_by_tenant ON tenancy (kind, tenant, id);
      CREATE INDEX tenancy_by_owner ON tenancy (kind, owner, id);
      CREATE INDEX tenancy_by_revision ON tenancy (revision);
      CREATE TABLE tenancy_revision (only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row), revision bigint NOT NULL);
      INSERT INTO tenancy_revision (revision) VALUES (0)`,
    },
  ],
}
