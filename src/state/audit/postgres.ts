import type { Postgres, PostgresQuery, PostgresValue } from '../postgres/postgres.ts'
import { storableText } from '../postgres/storable-text.ts'
import { listLimit } from '../list-limit.ts'
import type { AuditEntry, AuditFilter, AuditStore, KeptAuditEntry } from './store.ts'
import { unavailable } from '../unavailable.ts'

/** Entries deleted in one statement. */
const PRUNED_AT_A_TIME = 10_000

/** The audit in PostgreSQL, with the schema of `POSTGRES_AUDIT`. The database stays open when the audit is closed. */
export function createPostgresAudit(database: Postgres): AuditStore {
  return new SharedAudit(database)
}

class SharedAudit implements AuditStore {
  private readonly database: Postgres
  private isClosed = false

  constructor(database: Postgres) {
    this.database = database
  }

  async append(entry: AuditEntry): Promise<void> {
    const { at, action, actor, subject } = entry
    const texts = [action, actor.id, actor.tenant, subject?.id, subject?.tenant]
    await this.ask((query) =>
      query(
        'INSERT INTO audit (at, action, actor, actor_tenant, subject, subject_tenant, body) VALUES ($1, $2, $3, $4, $5, $6, $7)',
        [Math.floor(at), ...texts.map((text) => (text === undefined ? null : storableText(text))), JSON.stringify(entry)],
      ),
    )
  }

  async list(filter: AuditFilter = {}): Promise<readonly KeptAuditEntry[]> {
    const { where, values } = conditionsOf(filter)
    values.push(listLimit(filter.limit))
    const sql = `SELECT sequence, body FROM audit WHERE ${where.join(' AND ')} ORDER BY sequence DESC LIMIT $${values.length}`
    const rows = await this.ask((query) => query(sql, values))
    return rows.map((row) => ({ ...(JSON.parse(String(row['body'])) as AuditEntry), sequence: Number(row['sequence']) }))
  }

  async prune(beforeMs: number): Promise<number> {
    let deleted = 0
    while (!this.isClosed) {
      const rows = await this.ask((query) =>
        query(
          'DELETE FROM audit WHERE sequence IN (SELECT sequence FROM audit WHERE at < $1 ORDER BY at LIMIT $2) RETURNING sequence',
          [Math.floor(beforeMs), PRUNED_AT_A_TIME],
        ),
      )
      deleted += rows.length
      if (rows.length < PRUNED_AT_A_TIME) break
    }
    return deleted
  }

  async close(): Promise<void> {
    this.isClosed = true
  }

  private async ask<Result>(question: (query: PostgresQuery) => Promise<Result>): Promise<Result> {
    try {
      return await question(this.database.query)
    } catch (cause) {
      throw unavailable(
        cause,
        (reason) =>
          `The audit cannot be read or written: ${reason} What cannot be audited is not done. Try again when the database answers.`,
      )
    }
  }
}

function conditionsOf({ before, sinceMs, action, actor, subject, tenant }: AuditFilter): {
  where: string[]
  values: PostgresValue[]
} {
  const where: string[] = []
  const values: PostgresValue[] = []
  const add = (condition: (place: string) => string, value: PostgresValue): void => {
    values.push(value)
    where.push(condition(`$${values.length}`))
  }
  add((place) => `sequence < ${place}`, before ?? Number.MAX_SAFE_INTEGER)
  if (sinceMs !== undefined) add((place) => `at >= ${place}`, Math.ceil(sinceMs))
  if (action !== undefined) add((place) => (action.endsWith('.') ? `starts_with(action, ${place})` : `action = ${place}`), action)
  if (actor !== undefined) add((place) => `actor = ${place}`, storableText(actor))
  if (subject !== undefined) add((place) => `subject = ${place}`, storableText(subject))
  if (tenant !== undefined) add((place) => `(subject_tenant = ${place} OR actor_tenant = ${place})`, storableText(tenant))
  return { where, values }
}
