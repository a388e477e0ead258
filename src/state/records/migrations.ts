/**
 * Schema of the request records, one SQL text a version. `sequence` is the order of writing; the indexes that end in `started_at`
 * hold it too, so a filtered list reads no row it does not show.
 */
export const RECORD_MIGRATIONS: readonly string[] = [
  `CREATE TABLE request_records (
    sequence INTEGER PRIMARY KEY,
    request_id TEXT NOT NULL UNIQUE,
    started_at INTEGER NOT NULL,
    model TEXT NOT NULL,
    status INTEGER NOT NULL,
    session_id TEXT,
    tenant TEXT,
    record TEXT NOT NULL
  ) STRICT;
  CREATE INDEX request_records_by_start ON request_records (started_at);
  CREATE INDEX request_records_by_model ON request_records (model, started_at);
  CREATE INDEX request_records_by_status ON request_records (status, started_at);
  CREATE INDEX request_records_by_session ON request_records (session_id, started_at) WHERE session_id IS NOT NULL;
  CREATE INDEX request_records_by_tenant ON request_records (tenant, started_at) WHERE tenant IS NOT NULL;`,
]
