import type { AccountId, ProviderId } from '../../ir/ids.ts'
import type { Disabled } from '../../ir/observed.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Coordination } from '../coordination/store.ts'
import type { Postgres, PostgresQuery } from '../postgres/postgres.ts'
import { DisableMirror } from './mirror.ts'
import { changeLimit, checkTexts, entryOf, nameOf } from './order.ts'
import type { DisableChange, DisableEntry, DisableOrder, DisableStore, DisableSubject, EnableOrder } from './store.ts'
import { changeOfRow, entryOfRow } from './subject-row.ts'
import { unavailable } from '../unavailable.ts'

const TOPIC = 'disables'
/** How often a replica looks whether it has missed an announcement. */
const LOOK_EVERY_MS = 750
/** Changes kept. Operators make them, so this is years of them. */
const CAPACITY = 10_000

export interface PostgresDisablesOptions {
  /** With the schema of `POSTGRES_DISABLES`; stays open when the store is closed. */
  readonly database: Postgres
  readonly clock: Pick<Clock, 'wall' | 'every'>
  readonly coordination: Pick<Coordination, 'announce' | 'listen'>
}

/** A store of disables that has to be loaded before it knows any. */
export interface PostgresDisables extends DisableStore {
  /** Takes over what is in force. Rejects with `state_unavailable`. */
  load(): Promise<void>
}

/**
 * Disables in PostgreSQL, for all replicas. Requests are answered from memory; a change is announced to the other replicas, and one that
 * missed the announcement finds it within 750 ms. While the database cannot be reached, what was in force stays so.
 */
export function createPostgresDisables(options: PostgresDisablesOptions): PostgresDisables {
  return new SharedDisables(options)
}

class SharedDisables implements PostgresDisables {
  private readonly options: PostgresDisablesOptions
  private readonly stopLooking: () => void
  private mirror = new DisableMirror()
  /** Number of the last change that is known here. */
  private sequence = -1
  private loading: Promise<void> | undefined

  constructor(options: PostgresDisablesOptions) {
    this.options = options
    options.coordination.listen(TOPIC, () => this.look())
    this.stopLooking = options.clock.every(LOOK_EVERY_MS, () => this.look())
  }

  get any(): boolean {
    return this.mirror.any
  }

  model(provider: ProviderId, model: string): Disabled | undefined {
    return this.mirror.any ? this.mirror.model(provider, model, this.now()) : undefined
  }

  account(provider: ProviderId, account: AccountId): Disabled | undefined {
    return this.mirror.any ? this.mirror.account(provider, account, this.now()) : undefined
  }

  async disable(order: DisableOrder): Promise<DisableEntry> {
    const entry = entryOf(order, this.now())
    const { subject, reason, until, by, since } = entry
    await this.write({ at: since, action: 'disable', subject, reason, until, by }, (query) =>
      query(
        `INSERT INTO disables (scope, provider, name, reason, since, until, ordered_by) VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (scope, provider, name) DO UPDATE SET reason = excluded.reason, since = excluded.since, until = excluded.until,
           ordered_by = excluded.ordered_by RETURNING scope`,
        [...keyOf(subject), reason ?? null, since, until ?? null, by],
      ),
    )
    this.mirror.put(entry)
    return entry
  }

  async enable({ subject, reason, by }: EnableOrder): Promise<boolean> {
    checkTexts(reason, by)
    const at = this.now()
    const done = await this.write({ at, action: 'enable', subject, reason, by }, (query) =>
      query('DELETE FROM disables WHERE scope = $1 AND provider = $2 AND name = $3 RETURNING scope', keyOf(subject)),
    )
    this.mirror.remove(subject)
    return done
  }

  list(): readonly DisableEntry[] {
    return this.mirror.list(this.now())
  }

  async changes(limit?: number): Promise<readonly DisableChange[]> {
    const rows = await this.options.database.query('SELECT * FROM disable_changes ORDER BY sequence DESC LIMIT $1', [
      changeLimit(limit),
    ])
    return rows.flatMap((row) => changeOfRow(row) ?? [])
  }

  load(): Promise<void> {
    this.loading ??= this.loadAll().finally(() => {
      this.loading = undefined
    })
    return this.loading
  }

  async close(): Promise<void> {
    this.stopLooking()
    await this.loading?.catch(() => undefined)
  }

  /** Whoever cannot look now looks again soon: what is in force stays so until then. */
  private look(): void {
    void this.load().catch(() => undefined)
  }

  private async loadAll(): Promise<void> {
    const { database } = this.options
    const [newest] = await database.query('SELECT coalesce(max(sequence), 0) AS sequence FROM disable_changes')
    const sequence = Number(newest?.['sequence'] ?? 0)
    if (sequence === this.sequence) return
    const rows = await database.query('SELECT * FROM disables ORDER BY since')
    const mirror = new DisableMirror()
    for (const row of rows) {
      const entry = entryOfRow(row)
      if (entry !== undefined) mirror.put(entry)
    }
    mirror.list(this.now())
    this.mirror = mirror
    this.sequence = sequence
  }

  /** The change of state and its note in the history, both or neither; whether there was anything to change. What has ended is swept out. */
  private async write(change: DisableChange, apply: (query: PostgresQuery) => Promise<readonly unknown[]>): Promise<boolean> {
    const { at, action, subject, reason, until, by } = change
    const done = await this.kept(async (query) => {
      // Numbers of changes become visible in their order, so that the newest tells whether there are others.
      await query('LOCK TABLE disable_changes IN SHARE ROW EXCLUSIVE MODE')
      await query('DELETE FROM disables WHERE until <= $1', [at])
      if ((await apply(query)).length === 0) return false
      const [note] = await query(
        `INSERT INTO disable_changes (at, action, scope, provider, name, reason, until, ordered_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING sequence`,
        [at, action, ...keyOf(subject), reason ?? null, until ?? null, by],
      )
      await query('DELETE FROM disable_changes WHERE sequence <= $1', [Number(note?.['sequence'] ?? 0) - CAPACITY])
      return true
    })
    if (done) this.options.coordination.announce(TOPIC, { at })
    return done
  }

  private async kept<Result>(work: (query: PostgresQuery) => Promise<Result>): Promise<Result> {
    try {
      return await this.options.database.transaction(work)
    } catch (cause) {
      throw unavailable(cause, (reason) => `The order could not be kept: ${reason} Look whether it is in force, and try again.`)
    }
  }

  private now(): number {
    return Math.floor(this.options.clock.wall())
  }
}

const keyOf = (subject: DisableSubject): [scope: string, provider: string, name: string] => [
  subject.scope,
  subject.provider,
  nameOf(subject),
]
