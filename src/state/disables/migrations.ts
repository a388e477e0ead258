/**
 * Schema of the disables, one SQL text a version: what is in force, and the history of changes. `name` is of the account or the model,
 * empty for a provider; times are Unix milliseconds.
 */
export const DISABLE_MIGRATIONS: readonly string[] = [
  `CREATE TABLE disables (
    scope TEXT NOT NULL,
    provider TEXT NOT NULL,
    name TEXT NOT NULL,
    reason TEXT,
    since INTEGER NOT NULL,
    until INTEGER,
    ordered_by TEXT NOT NULL,
    PRIMARY KEY (scope, provider, name)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE disable_changes (
    sequence INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    action TEXT NOT NULL,
    scope TEXT NOT NULL,
    provider TEXT NOT NULL,
    name TEXT NOT NULL,
    reason TEXT,
    until INTEGER,
    ordered_by TEXT NOT NULL
  ) STRICT;`,
]
