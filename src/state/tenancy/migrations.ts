/**
 * Schema of the tenancy, one SQL text a version. One table for all kinds: what lists filter by stands beside the entity, which is JSON in
 * `body`. A tenant's own id stands in `tenant` too, an owner's in `owner`.
 */
export const TENANCY_MIGRATIONS: readonly string[] = [
  `CREATE TABLE tenancy (
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    tenant TEXT,
    owner TEXT,
    version INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (kind, id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX tenancy_by_tenant ON tenancy (kind, tenant, id);
  CREATE INDEX tenancy_by_owner ON tenancy (kind, owner, id);`,
]
