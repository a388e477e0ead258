import type { DatabaseSync } from 'node:sqlite'
import { GatewayError } from '../../errors/gateway-error.ts'
import type { Clock } from '../../lib/clock.ts'
import { openSqliteDatabase } from '../sqlite-database.ts'
import { inTransaction } from '../sqlite-transaction.ts'
import { createJournaledDisables, type DisableJournal } from './journaled.ts'
import { DISABLE_MIGRATIONS } from './migrations.ts'
import { nameOf } from './order.ts'
import type { DisableChange, DisableEntry, DisableStore, DisableSubject } from './store.ts'
import { changeOfRow, entryOfRow } from './subject-row.ts'

/** Changes kept. Operators make them, so this is years of them. */
const CAPACITY = 10_000

export interface SqliteDisablesOptions {
  /** File path, or `:memory:`. The file may hold other parts of the state. */
  readonly path: string
  readonly clock: Pick<Clock, 'wall'>
}

/** Disables in an SQLite file: they outlive the process. Throws `state_unavailable` or `state_incompatible`. */
export function openSqliteDisables({ path, clock }: SqliteDisablesOptions): DisableStore {
  const database = openSqliteDatabase({ path, domain: 'disables', migrations: DISABLE_MIGRATIONS, appliedAt: clock.wall() })
  // Orders are few and meant: they are on the disk, not just on their way to it, when the call returns.
  database.exec('PRAGMA synchronous = FULL')
  return createJournaledDisables(new SqliteJournal(database, path), clock)
}

class SqliteJournal implements DisableJournal {
  private readonly database: DatabaseSync
  private readonly path: string

  constructor(database: DatabaseSync, path: string) {
    this.database = database
    this.path = path
  }

  load(): DisableEntry[] {
    return this.database
      .prepare('SELECT * FROM disables ORDER BY since')
      .all()
      .flatMap((row) => entryOfRow(row) ?? [])
  }

  put(entry: DisableEntry, change: DisableChange): void {
    const { subject, reason, since, until, by } = entry
    this.write(change, () =>
      this.database
        .prepare(
          'INSERT OR REPLACE INTO disables (scope, provider, name, reason, since, until, ordered_by) VALUES (?, ?, ?, ?, ?, ?, ?)',
        )
        .run(subject.scope, subject.provider, nameOf(subject), reason ?? null, since, until ?? null, by),
    )
  }

  remove(subject: DisableSubject, change: DisableChange): void {
    this.write(change, () =>
      this.database
        .prepare('DELETE FROM disables WHERE scope = ? AND provider = ? AND name = ?')
        .run(subject.scope, subject.provider, nameOf(subject)),
    )
  }

  changes(limit: number): DisableChange[] {
    return this.database
      .prepare('SELECT * FROM disable_changes ORDER BY sequence DESC LIMIT ?')
      .all(limit)
      .flatMap((row) => changeOfRow(row) ?? [])
  }

  close(): void {
    if (this.database.isOpen) this.database.close()
  }

  /** The change of state and its note in the history, both or neither. What has ended is swept out on the way. */
  private write(change: DisableChange, apply: () => unknown): void {
    const { at, action, subject, reason, until, by } = change
    try {
      inTransaction(this.database, () => {
        this.database.prepare('DELETE FROM disables WHERE until <= ?').run(at)
        apply()
        const { lastInsertRowid } = this.database
          .prepare(
            'INSERT INTO disable_changes (at, action, scope, provider, name, reason, until, ordered_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
          )
          .run(at, action, subject.scope, subject.provider, nameOf(subject), reason ?? null, until ?? null, by)
        this.database.prepare('DELETE FROM disable_changes WHERE sequence <= ?').run(Number(lastInsertRowid) - CAPACITY)
      })
    } catch (cause) {
      const reasonText = cause instanceof Error ? cause.message : String(cause)
      throw new GatewayError(
        'state_unavailable',
        `The order could not be kept in ${this.path}: ${reasonText}. Nothing has changed. Check the file and the free space, then try again.`,
        { cause },
      )
    }
  }
}
