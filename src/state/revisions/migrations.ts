/**
 * Schema of the revisions, one SQL text a version. Times are Unix milliseconds, `policy_files` is JSON. A publication without a revision is the
 * order to follow one's own configuration again.
 */
export const REVISION_MIGRATIONS: readonly string[] = [
  `CREATE TABLE config_revisions (
    revision INTEGER PRIMARY KEY AUTOINCREMENT,
    digest TEXT NOT NULL UNIQUE,
    source TEXT NOT NULL,
    version TEXT NOT NULL,
    whole INTEGER NOT NULL,
    first_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    document TEXT NOT NULL,
    policy_files TEXT NOT NULL
  ) STRICT;
  CREATE TABLE config_publications (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    published INTEGER,
    at INTEGER NOT NULL,
    ordered_by TEXT NOT NULL,
    note TEXT
  ) STRICT;`,
]
