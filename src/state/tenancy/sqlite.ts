import type { DatabaseSync, SQLInputValue, SQLOutputValue } from 'node:sqlite'
import type { Clock } from '../../lib/clock.ts'
import { openSqliteDatabase } from '../sqlite-database.ts'
import { ChangeFeed } from './change-feed.ts'
import { ownerOf, tenantOf } from './columns.ts'
import { listLimit } from '../list-limit.ts'
import { TENANCY_MIGRATIONS } from './migrations.ts'
import type { EntityOf, TenancyEntity, TenancyFilter, TenancyKind, TenancyStore } from './store.ts'
import { unavailable } from '../unavailable.ts'

/** Entities read at a time for a mirror; other work goes on in between. */
const PAGE = 1_000

export interface SqliteTenancyOptions {
  /** File path, or `:memory:`. The file may hold other parts of the state. */
  readonly path: string
  readonly clock: Pick<Clock, 'wall'>
}

/** Tenancy in an SQLite file, which one process has to itself. Throws `state_unavailable` or `state_incompatible`. */
export function openSqliteTenancy({ path, clock }: SqliteTenancyOptions): TenancyStore {
  const database = openSqliteDatabase({ path, domain: 'tenancy', migrations: TENANCY_MIGRATIONS, appliedAt: clock.wall() })
  // Changes are few and meant: they are on the disk, not just on their way to it, when the call resolves.
  database.exec('PRAGMA synchronous = FULL')
  return new SqliteTenancy(database, path)
}

class SqliteTenancy implements TenancyStore {
  private readonly database: DatabaseSync
  private readonly path: string
  private readonly feed = new ChangeFeed()

  constructor(database: DatabaseSync, path: string) {
    this.database = database
    this.path = path
  }

  async get<Kind extends TenancyKind>(kind: Kind, id: string): Promise<EntityOf<Kind> | undefined> {
    const row = this.ask(() => this.database.prepare('SELECT body FROM tenancy WHERE kind = ? AND id = ?').get(kind, id))
    return row === undefined ? undefined : entityIn<Kind>(row)
  }

  async list<Kind extends TenancyKind>(kind: Kind, filter: TenancyFilter = {}): Promise<readonly EntityOf<Kind>[]> {
    return this.read(kind, filter, listLimit(filter.limit))
  }

  async insert(entity: TenancyEntity): Promise<boolean> {
    const { kind, id, version } = entity
    return this.write(
      entity,
      'INSERT OR IGNORE INTO tenancy (kind, id, tenant, owner, version, body) VALUES (?, ?, ?, ?, ?, ?)',
      [kind, id, tenantOf(entity), ownerOf(entity), version, JSON.stringify(entity)],
    )
  }

  async replace(entity: TenancyEntity): Promise<boolean> {
    const { kind, id, version } = entity
    return this.write(
      entity,
      'UPDATE tenancy SET tenant = ?, owner = ?, version = ?, body = ? WHERE kind = ? AND id = ? AND version = ?',
      [tenantOf(entity), ownerOf(entity), version, JSON.stringify(entity), kind, id, version - 1],
    )
  }

  async *pages<Kind extends TenancyKind>(kind: Kind): AsyncIterable<readonly EntityOf<Kind>[]> {
    let after: string | undefined
    for (;;) {
      const page = this.read(kind, { after }, PAGE)
      if (page.length > 0) yield page
      after = page.at(-1)?.id
      if (page.length < PAGE) return
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  watch(listener: (changed: TenancyEntity) => void): () => void {
    return this.feed.watch(listener)
  }

  async close(): Promise<void> {
    if (this.database.isOpen) this.database.close()
  }

  private read<Kind extends TenancyKind>(kind: Kind, { tenant, owner, after }: TenancyFilter, limit: number): EntityOf<Kind>[] {
    const where = ['kind = ?', 'id > ?']
    const values: SQLInputValue[] = [kind, after ?? '']
    for (const [column, value] of Object.entries({ tenant, owner })) {
      if (value === undefined) continue
      where.push(`${column} = ?`)
      values.push(value)
    }
    const sql = `SELECT body FROM tenancy WHERE ${where.join(' AND ')} ORDER BY id LIMIT ?`
    return this.ask(() => this.database.prepare(sql).all(...values, limit)).map((row) => entityIn<Kind>(row))
  }

  private write(entity: TenancyEntity, sql: string, values: readonly SQLInputValue[]): boolean {
    const { changes } = this.ask(() => this.database.prepare(sql).run(...values))
    if (Number(changes) === 0) return false
    this.feed.tell(entity)
    return true
  }

  private ask<Result>(question: () => Result): Result {
    try {
      return question()
    } catch (cause) {
      throw unavailable(
        cause,
        (reason) =>
          `Keys and tenants cannot be read or changed in ${this.path}: ${reason}. Nothing has changed. Check the file and the free space, then try again.`,
      )
    }
  }
}

const entityIn = <Kind extends TenancyKind>(row: Record<string, SQLOutputValue>): EntityOf<Kind> =>
  JSON.parse(String(row['body'])) as EntityOf<Kind>
