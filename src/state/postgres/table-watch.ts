import { ChangeWatch, type ChangeListener } from '../../lib/change-watch.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Coordination } from '../coordination/store.ts'
import type { Postgres } from './postgres.ts'

/** How often a replica looks whether it has missed an announcement, or another program has changed the table. */
const LOOK_EVERY_MS = 1_000

export interface TableWatchOptions {
  readonly database: Pick<Postgres, 'query'>
  readonly clock: Pick<Clock, 'every'>
  readonly coordination: Pick<Coordination, 'announce' | 'listen'>
  /** Of rows that are never deleted, each with a `revision` that grows with every change of it. Also the topic of announcements. */
  readonly table: string
  /** What changes with every change of the table, in SQL. Default: the sum of revisions. */
  readonly mark?: string | undefined
  /** How often it is looked at, in ms. Default: each second. */
  readonly everyMs?: number | undefined
}

/** Changes may be committed in another order than they began, so no single row tells of all. */
const REVISIONS = 'sum(revision)'

/**
 * Tells when a small table has changed, whoever did it: at once when it was announced, within a second when not. While the database cannot be
 * reached nothing is told.
 */
export class TableWatch {
  private readonly options: TableWatchOptions
  private readonly changes: ChangeWatch

  constructor(options: TableWatchOptions) {
    this.options = options
    this.changes = new ChangeWatch({ mark: () => this.mark(), everyMs: options.everyMs ?? LOOK_EVERY_MS, clock: options.clock })
    options.coordination.listen(options.table, () => this.changes.look())
  }

  /** Tells the other replicas of a change made here. */
  announce(): void {
    this.options.coordination.announce(this.options.table, {})
  }

  /** Hears of changes from now on; the first look counts as one. One listener. */
  watch(listener: ChangeListener): void {
    this.changes.watch(listener)
  }

  close(): Promise<void> {
    return this.changes.close()
  }

  private async mark(): Promise<string> {
    const { database, table, mark = REVISIONS } = this.options
    const [row] = await database.query(`SELECT coalesce(${mark}, 0) AS mark FROM ${table}`)
    return String(row?.['mark'])
  }
}
