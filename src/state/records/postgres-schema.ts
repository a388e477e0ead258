import type { PostgresDomain } from '../postgres/migrate.ts'

/**
 * A batch of records in each row, as in SQLite. `batch_key` is the writer's own name of a batch, so that one that was sent twice is
 * there once. The records are packed already, so the server need not try.
 */
export const POSTGRES_RECORDS: PostgresDomain = {
  name: 'records',
  migrations: [
    {
      worksWith: 1,
      sql: `CREATE TABLE record_batches (
        sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        batch_key text NOT NULL UNIQUE,
        first_id text COLLATE "C" NOT NULL,
        last_id text COLLATE "C" NOT NULL,
        first_started bigint NOT NULL,
        last_started bigint NOT NULL,
        size integer NOT NULL,
        contents jsonb NOT NULL,
        records bytea NOT NULL
      );
      ALTER TABLE record_batches ALTER COLUMN records SET STORAGE EXTERNAL;
      CREATE INDEX record_batches_by_start ON record_batches (last_started, sequence);
      CREATE INDEX record_batches_by_id ON record_batches (last_id, first_id);
      CREATE INDEX record_batches_by_contents ON record_batches USING gin (contents jsonb_path_ops)`,
    },
  ],
}
