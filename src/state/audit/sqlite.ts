import type { DatabaseSync, SQLInputValue } from 'node:sqlite'
import type { Clock } from '../../lib/clock.ts'
import { openSqliteDatabase } from '../sqlite-database.ts'
import { listLimit } from '../list-limit.ts'
import { AUDIT_MIGRATIONS } from './migrations.ts'
import type { AuditEntry, AuditFilter, AuditStore, KeptAuditEntry } from './store.ts'
import { unavailable } from '../unavailable.ts'

/** Entries deleted in one transaction; other work goes on in between. */
const PRUNED_AT_A_TIME = 1_000

export interface SqliteAuditOptions {
  /** File path, or `:memory:`. The file may hold other parts of the state. */
  readonly path: string
  readonly clock: Pick<Clock, 'wall'>
  /** For looking into the audit of another process. */
  readonly readOnly?: boolean | undefined
}

/** The audit in an SQLite file. Throws `state_unavailable` or `state_incompatible`. */
export function openSqliteAudit({ path, clock, readOnly }: SqliteAuditOptions): AuditStore {
  const database = openSqliteDatabase({ path, domain: 'audit', migrations: AUDIT_MIGRATIONS, appliedAt: clock.wall(), readOnly })
  // What was done must be known after a crash too.
  if (readOnly !== true) database.exec('PRAGMA synchronous = FULL')
  return new SqliteAudit(database, path)
}

class SqliteAudit implements AuditStore {
  private readonly database: DatabaseSync
  private readonly path: string

  constructor(database: DatabaseSync, path: string) {
    this.database = database
    this.path = path
  }

  async append(entry: AuditEntry): Promise<void> {
    const { at, action, actor, subject } = entry
    this.ask(() =>
      this.database
        .prepare(
          'INSERT INTO audit (at, action, actor, actor_tenant, subject, subject_tenant, body) VALUES (?, ?, ?, ?, ?, ?, ?)',
        )
        .run(
          Math.floor(at),
          action,
          actor.id ?? null,
          actor.tenant ?? null,
          subject?.id ?? null,
          subject?.tenant ?? null,
          JSON.stringify(entry),
        ),
    )
  }

  async list(filter: AuditFilter = {}): Promise<readonly KeptAuditEntry[]> {
    const { where, values } = conditionsOf(filter)
    const sql = `SELECT sequence, body FROM audit WHERE ${where.join(' AND ')} ORDER BY sequence DESC LIMIT ?`
    const rows = this.ask(() => this.database.prepare(sql).all(...values, listLimit(filter.limit)))
    return rows.map((row) => ({ ...(JSON.parse(String(row['body'])) as AuditEntry), sequence: Number(row['sequence']) }))
  }

  async prune(beforeMs: number): Promise<number> {
    let deleted = 0
    while (this.database.isOpen) {
      const { changes } = this.ask(() =>
        this.database
          .prepare('DELETE FROM audit WHERE sequence IN (SELECT sequence FROM audit WHERE at < ? ORDER BY at LIMIT ?)')
          .run(Math.floor(beforeMs), PRUNED_AT_A_TIME),
      )
      deleted += Number(changes)
      if (Number(changes) < PRUNED_AT_A_TIME) break
      await new Promise((resolve) => setImmediate(resolve))
    }
    return deleted
  }

  async close(): Promise<void> {
    if (this.database.isOpen) this.database.close()
  }

  private ask<Result>(question: () => Result): Result {
    try {
      return question()
    } catch (cause) {
      throw unavailable(
        cause,
        (reason) =>
          `The audit in ${this.path} cannot be read or written: ${reason}. What cannot be audited is not done. Check the file and the free space, then try again.`,
      )
    }
  }
}

function conditionsOf(filter: AuditFilter): { where: string[]; values: SQLInputValue[] } {
  const where = ['sequence < ?']
  const values: SQLInputValue[] = [filter.before ?? Number.MAX_SAFE_INTEGER]
  const add = (condition: string, ...asked: SQLInputValue[]): void => {
    where.push(condition)
    values.push(...asked)
  }
  const { sinceMs, action, actor, subject, tenant } = filter
  if (sinceMs !== undefined) add('at >= ?', Math.ceil(sinceMs))
  if (action?.endsWith('.') === true) add('substr(action, 1, ?) = ?', action.length, action)
  else if (action !== undefined) add('action = ?', action)
  if (actor !== undefined) add('actor = ?', actor)
  if (subject !== undefined) add('subject = ?', subject)
  if (tenant !== undefined) add('(subject_tenant = ? OR actor_tenant = ?)', tenant, tenant)
  return { where, values }
}
