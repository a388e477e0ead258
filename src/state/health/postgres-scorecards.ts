import type { PostgresDomain } from '../postgres/migrate.ts'
import type { Postgres } from '../postgres/postgres.ts'
import type { ScorecardFile } from './scorecard-keeper.ts'

/** Counts are fractions where they carry scaled prior knowledge; times are Unix ms. */
export const POSTGRES_SCORECARDS: PostgresDomain = {
  name: 'health',
  migrations: [
    {
      worksWith: 1,
      sql: `CREATE TABLE scorecards (
        target text PRIMARY KEY,
        saved_at bigint NOT NULL,
        samples double precision NOT NULL,
        successes double precision NOT NULL,
        truncated double precision NOT NULL,
        demoted text
      );
      CREATE INDEX scorecards_by_age ON scorecards (saved_at)`,
    },
  ],
}

/**
 * Scorecards in PostgreSQL. Each replica measures for itself; the latest to save stands for all, as what a replica that starts knows
 * beforehand.
 */
export function createPostgresScorecards(database: Postgres): ScorecardFile {
  return {
    async load() {
      const rows = await database.query(
        'SELECT target, saved_at, samples, successes, truncated, demoted FROM scorecards ORDER BY saved_at',
      )
      return rows.map(({ saved_at, demoted, ...row }) => ({ ...row, savedAt: Number(saved_at), demoted: demoted ?? undefined }))
    },
    async save(cards, staleAt) {
      const rows = cards.map(({ target, savedAt, samples, successes, truncated, demoted }) => ({
        target,
        saved_at: Math.floor(savedAt),
        samples,
        successes,
        truncated,
        demoted: demoted ?? null,
      }))
      await database.transaction(async (query) => {
        await query('DELETE FROM scorecards WHERE saved_at <= $1', [Math.floor(staleAt)])
        await query(
          `INSERT INTO scorecards (target, saved_at, samples, successes, truncated, demoted)
           SELECT target, saved_at, samples, successes, truncated, demoted FROM jsonb_to_recordset($1::text::jsonb)
             AS rows(target text, saved_at bigint, samples double precision, successes double precision, truncated double precision, demoted text)
           ORDER BY target
           ON CONFLICT (target) DO UPDATE SET saved_at = excluded.saved_at, samples = excluded.samples, successes = excluded.successes,
             truncated = excluded.truncated, demoted = excluded.demoted
           WHERE scorecards.saved_at <= excluded.saved_at`,
          [JSON.stringify(rows)],
        )
      })
    },
    close: () => undefined,
  }
}
