/**
 * Schema of the request records, one SQL text a version. `sequence` is the order of writing. Request ids begin with their time, so
 * both indexes grow at their end and a batch touches few pages; the second one holds every column that lists filter by, so a filtered
 * list reads no row it does not show. With indexes over model and status instead, a row cost twice as much to write.
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
  CREATE INDEX request_records_by_start ON request_records (started_at, model, status, session_id, tenant);`,
]
