/** Columns of the sums as version 1 has them. A measure that is added later comes with a version of its own. */
const SUMS_1 = `
    requests INTEGER NOT NULL, attempts INTEGER NOT NULL, succeeded INTEGER NOT NULL, failed INTEGER NOT NULL,
    cancelled INTEGER NOT NULL, lost INTEGER NOT NULL, unknown_cost INTEGER NOT NULL, incomplete INTEGER NOT NULL,
    adjustments INTEGER NOT NULL, input_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL,
    cache_read_tokens INTEGER NOT NULL, cache_write_5m_tokens INTEGER NOT NULL, cache_write_1h_tokens INTEGER NOT NULL,
    reasoning_tokens INTEGER NOT NULL, tool_prompt_tokens INTEGER NOT NULL, input_audio_tokens INTEGER NOT NULL,
    input_image_tokens INTEGER NOT NULL, input_video_tokens INTEGER NOT NULL, output_audio_tokens INTEGER NOT NULL,
    output_image_tokens INTEGER NOT NULL, output_video_tokens INTEGER NOT NULL, hosted_tool_calls INTEGER NOT NULL,
    latency_ms INTEGER NOT NULL, settled_nanos INTEGER NOT NULL, adjusted_nanos INTEGER NOT NULL,
    provider_nanos INTEGER NOT NULL, saved_nanos INTEGER NOT NULL`

/**
 * Schema of the ledger, one SQL text a version. Entries are appended and never changed: a batch of them is one row, packed with zstd, with
 * the parties and sessions in it beside it (`contents`), and `ledger_ids` says which ids there are and in which batch. Rollups are kept in the
 * same transaction, by hour and by day (`hours` is 1 or 24), for each party; sessions are summed as a whole. Times are Unix milliseconds.
 */
export const LEDGER_MIGRATIONS: readonly string[] = [
  `CREATE TABLE ledger_parties (
    party INTEGER PRIMARY KEY,
    names TEXT NOT NULL UNIQUE,
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    account TEXT NOT NULL,
    tenant TEXT,
    project TEXT,
    owner TEXT,
    key TEXT,
    used_hour INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX ledger_parties_by_hour ON ledger_parties (used_hour);
  CREATE TABLE ledger_batches (
    batch INTEGER PRIMARY KEY,
    first_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    contents TEXT NOT NULL,
    entries BLOB NOT NULL
  ) STRICT;
  CREATE INDEX ledger_batches_by_time ON ledger_batches (first_at);
  CREATE TABLE ledger_ids (
    id TEXT PRIMARY KEY,
    batch INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE ledger_rollups (
    hours INTEGER NOT NULL,
    start INTEGER NOT NULL,
    party INTEGER NOT NULL,${SUMS_1},
    PRIMARY KEY (hours, start, party)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE ledger_sessions (
    session TEXT NOT NULL,
    party INTEGER NOT NULL,
    first_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    last_hour INTEGER NOT NULL,${SUMS_1},
    PRIMARY KEY (session, party)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX ledger_sessions_by_hour ON ledger_sessions (last_hour, session, party);`,
]
