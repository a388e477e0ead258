import type { Clock } from '../../lib/clock.ts'
import { Refresh } from '../../lib/refresh.ts'
import type { Coordination } from '../coordination/store.ts'
import type { Postgres, PostgresQuery, PostgresRow, PostgresValue } from '../postgres/postgres.ts'
import { ChangeFeed } from './change-feed.ts'
import { ownerOf, tenantOf } from './columns.ts'
import { listLimit } from '../list-limit.ts'
import type { EntityOf, TenancyEntity, TenancyFilter, TenancyKind, TenancyStore } from './store.ts'
import { unavailable } from '../unavailable.ts'

const TOPIC = 'tenancy'
/** How often a replica looks whether it has missed an announcement. */
const LOOK_EVERY_MS = 750
/** Entities read at a time. */
const PAGE = 1_000

export interface PostgresTenancyOptions {
  /** With the schema of `POSTGRES_TENANCY`; stays open when the store is closed. */
  readonly database: Postgres
  readonly clock: Pick<Clock, 'every'>
  readonly coordination: Pick<Coordination, 'announce' | 'listen'>
}

/**
 * Tenancy in PostgreSQL, for all replicas. A change is announced to the others, and one that missed the announcement finds it within
 * 750 ms. Who watches is told of what happens after it has asked for `pages`.
 */
export function createPostgresTenancy(options: PostgresTenancyOptions): TenancyStore {
  return new SharedTenancy(options)
}

class SharedTenancy implements TenancyStore {
  private readonly options: PostgresTenancyOptions
  private readonly feed = new ChangeFeed()
  private stopLooking: (() => void) | undefined
  /** Changes up to here are known; undefined until somebody reads everything. */
  private revision: number | undefined
  /** Changes made here, told already, and not looked at yet. */
  private readonly own = new Set<number>()
  private readonly looking = new Refresh(() => this.readChanges())

  constructor(options: PostgresTenancyOptions) {
    this.options = options
    options.coordination.listen(TOPIC, () => this.looking.ask())
  }

  async get<Kind extends TenancyKind>(kind: Kind, id: string): Promise<EntityOf<Kind> | undefined> {
    const [row] = await this.ask((query) => query('SELECT body FROM tenancy WHERE kind = $1 AND id = $2', [kind, id]))
    return row === undefined ? undefined : entityIn<Kind>(row)
  }

  async list<Kind extends TenancyKind>(kind: Kind, filter: TenancyFilter = {}): Promise<readonly EntityOf<Kind>[]> {
    return this.read(kind, filter, listLimit(filter.limit))
  }

  insert(entity: TenancyEntity): Promise<boolean> {
    return this.write(
      entity,
      `INSERT INTO tenancy (kind, id, version, tenant, owner, body, revision) VALUES ($1, $2, $3, $4, $5, $6, $7)
       ON CONFLICT (kind, id) DO NOTHING RETURNING id`,
    )
  }

  replace(entity: TenancyEntity): Promise<boolean> {
    return this.write(
      entity,
      `UPDATE tenancy SET tenant = $4, owner = $5, version = $3, body = $6, revision = $7
       WHERE kind = $1 AND id = $2 AND version = $3 - 1 RETURNING id`,
    )
  }

  async *pages<Kind extends TenancyKind>(kind: Kind): AsyncIterable<readonly EntityOf<Kind>[]> {
    this.revision ??= await this.newestRevision()
    let after: string | undefined
    for (;;) {
      const page = await this.read(kind, { after }, PAGE)
      if (page.length > 0) yield page
      after = page.at(-1)?.id
      if (page.length < PAGE) return
    }
  }

  watch(listener: (changed: TenancyEntity) => void): () => void {
    this.stopLooking ??= this.options.clock.every(LOOK_EVERY_MS, () => this.looking.ask())
    return this.feed.watch(listener)
  }

  async close(): Promise<void> {
    this.stopLooking?.()
    await this.looking.close()
  }

  private async newestRevision(): Promise<number> {
    const [row] = await this.ask((query) => query('SELECT revision FROM tenancy_revision'))
    return Number(row?.['revision'] ?? 0)
  }

  private async read<Kind extends TenancyKind>(
    kind: Kind,
    { tenant, owner, after }: TenancyFilter,
    limit: number,
  ): Promise<EntityOf<Kind>[]> {
    const values: PostgresValue[] = [kind, after ?? '', limit]
    const where = ['kind = $1', 'id > $2']
    for (const [column, value] of Object.entries({ tenant, owner })) {
      if (value === undefined) continue
      values.push(value)
      where.push(`${column} = $${values.length}`)
    }
    const sql = `SELECT body FROM tenancy WHERE ${where.join(' AND ')} ORDER BY id LIMIT $3`
    return (await this.ask((query) => query(sql, values))).map((row) => entityIn<Kind>(row))
  }

  private async write(entity: TenancyEntity, sql: string): Promise<boolean> {
    const { kind, id, version } = entity
    const values = [kind, id, version, tenantOf(entity), ownerOf(entity), JSON.stringify(entity)]
    const revision = await this.ask(() =>
      this.options.database.transaction(async (query) => {
        const [next] = await query('UPDATE tenancy_revision SET revision = revision + 1 RETURNING revision')
        const number = Number(next?.['revision'])
        return (await query(sql, [...values, number])).length === 0 ? undefined : number
      }),
    )
    if (revision === undefined) return false
    if (this.revision !== undefined && revision > this.revision) this.own.add(revision)
    this.feed.tell(entity)
    this.options.coordination.announce(TOPIC, { revision })
    return true
  }

  private async readChanges(): Promise<void> {
    while (this.revision !== undefined) {
      const rows = await this.options.database.query(
        'SELECT revision, body FROM tenancy WHERE revision > $1 ORDER BY revision LIMIT $2',
        [this.revision, PAGE],
      )
      for (const row of rows) {
        this.revision = Number(row['revision'])
        if (!this.own.delete(this.revision)) this.feed.tell(entityIn(row))
      }
      for (const earlier of this.own) if (earlier <= this.revision) this.own.delete(earlier)
      if (rows.length < PAGE) return
    }
  }

  private async ask<Result>(question: (query: PostgresQuery) => Promise<Result>): Promise<Result> {
    try {
      return await question(this.options.database.query)
    } catch (cause) {
      throw unavailable(
        cause,
        (reason) => `Keys and tenants cannot be read or changed: ${reason} Look how they are, and try again.`,
      )
    }
  }
}

const entityIn = <Kind extends TenancyKind>(row: PostgresRow): EntityOf<Kind> => JSON.parse(String(row['body'])) as EntityOf<Kind>
