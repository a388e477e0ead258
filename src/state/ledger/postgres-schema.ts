import type { PostgresDomain } from '../postgres/migrate.ts'
import { MEASURES } from './measures.ts'

/** Columns of the sums as version 1 has them. A measure that is added later comes with a version of its own. */
const SUMS_1 = MEASURES.map((name) => `${name} bigint NOT NULL`).join(', ')

/**
 * As in SQLite: entries are appended and never changed, rollups are kept in the same transaction, by hour and by day (`hours` is 1 or 24),
 * for each party; sessions are summed as a whole. Times are Unix milliseconds.
 */
export const POSTGRES_LEDGER: PostgresDomain = {
  name: 'ledger',
  migrations: [
    {
      worksWith: 1,
      sql: `CREATE TABLE ledger_parties (
        party bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        names text NOT NULL UNIQUE,
        provider text NOT NULL,
        model text NOT NULL,
        account text NOT NULL,
        tenant text,
        project text,
        owner text,
        key text,
        used_hour bigint NOT NULL
      );
      CREATE INDEX ledger_parties_by_hour ON ledger_parties (used_hour);
      CREATE TABLE ledger_entries (
        sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        id text COLLATE "C" NOT NULL UNIQUE,
        kind text NOT NULL,
        at bigint NOT NULL,
        party bigint NOT NULL,
        session text,
        details text NOT NULL
      );
      CREATE INDEX ledger_entries_by_time ON ledger_entries (at);
      CREATE TABLE ledger_rollups (hours integer NOT NULL, start bigint NOT NULL, party bigint NOT NULL, ${SUMS_1},
        PRIMARY KEY (hours, start, party));
      CREATE TABLE ledger_sessions (session text NOT NULL, party bigint NOT NULL, first_at bigint NOT NULL, last_at bigint NOT NULL,
        last_hour bigint NOT NULL, ${SUMS_1}, PRIMARY KEY (session, party));
      CREATE INDEX ledger_sessions_by_hour ON ledger_sessions (last_hour)`,
    },
  ],
}
