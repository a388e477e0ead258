/** Schema of the audit, one SQL text a version: what lists filter by, and the entry itself as JSON in `body`. Times are Unix milliseconds. */
export const AUDIT_MIGRATIONS: readonly string[] = [
  `CREATE TABLE audit (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    action TEXT NOT NULL,
    actor TEXT,
    actor_tenant TEXT,
    subject TEXT,
    subject_tenant TEXT,
    body TEXT NOT NULL
  ) STRICT;
  CREATE INDEX audit_by_time ON audit (at);
  CREATE INDEX audit_by_subject ON audit (subject, sequence);`,
]
