import type { Postgres, PostgresRow, PostgresValue } from '../postgres/postgres.ts'
import { TableWatch, type TableWatchOptions } from '../postgres/table-watch.ts'
import { type Certification, certificationSchema } from './certification.ts'
import type { CertificationStore } from './store.ts'
import { unavailable } from '../unavailable.ts'

export interface PostgresCertificationsOptions extends Omit<TableWatchOptions, 'table'> {
  /** With the schema of `POSTGRES_CERTIFICATIONS`; stays open when the store is closed. */
  readonly database: Postgres
}

/** Certifications in PostgreSQL, for all replicas and the commands beside them. */
export function createPostgresCertifications(options: PostgresCertificationsOptions): CertificationStore {
  const watch = new TableWatch({ ...options, table: 'certifications' })
  const ask = async (sql: string, values: readonly PostgresValue[] = []): Promise<readonly PostgresRow[]> => {
    try {
      return await options.database.query(sql, values)
    } catch (cause) {
      throw unavailable(
        cause,
        (reason) =>
          `The certifications in the ${options.database.name} cannot be reached: ${reason} Start a gateway on it once, which makes its tables, and try again.`,
      )
    }
  }
  return {
    list: async () => (await ask('SELECT body FROM certifications ORDER BY target COLLATE "C"')).flatMap(certificationIn),
    async keep(made) {
      await ask(
        `INSERT INTO certifications (target, body) VALUES ($1, $2)
         ON CONFLICT (target) DO UPDATE SET body = excluded.body, revision = certifications.revision + 1`,
        [made.target, JSON.stringify(made)],
      )
      watch.announce()
    },
    watch: (listener) => watch.watch(listener),
    close: () => watch.close(),
  }
}

/** None where another release has written something else. */
function certificationIn(row: PostgresRow): Certification[] {
  try {
    const parsed = certificationSchema.safeParse(JSON.parse(String(row['body'])))
    return parsed.success ? [parsed.data] : []
  } catch {
    return []
  }
}
