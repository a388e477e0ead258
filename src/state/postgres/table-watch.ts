import type { Clock } from '../../lib/clock.ts'
import { Refresh } from '../../lib/refresh.ts'
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
}

/** Changes may be committed in another order than they began, so no single row tells of all. */
const REVISIONS = 'sum(revision)'

/**
 * Tells when a small table has changed, whoever did it: at once when it was announced, within a second when not. While the database cannot be
 * reached nothing is told.
 */
export class TableWatch {
  private readonly options: TableWatchOptions
  private listener: (() => void) | undefined
  private stopLooking: (() => void) | undefined
  private seen: string | undefined
  private readonly looking = new Refresh(() => this.compare())

  constructor(options: TableWatchOptions) {
    this.options = options
    options.coordination.listen(options.table, () => this.look())
  }

  /** Tells the other replicas of a change made here. */
  announce(): void {
    this.options.coordination.announce(this.options.table, {})
  }

  /** Hears of changes from now on; the first look counts as one. One listener. */
  watch(listener: () => void): void {
    this.listener = listener
    this.stopLooking ??= this.options.clock.every(LOOK_EVERY_MS, () => this.look())
    this.look()
  }

  async close(): Promise<void> {
    this.stopLooking?.()
    this.listener = undefined
    await this.looking.close()
  }

  private look(): void {
    if (this.listener !== undefined) this.looking.ask()
  }

  private async compare(): Promise<void> {
    const { database, table, mark: wanted = REVISIONS } = this.options
    const [row] = await database.query(`SELECT coalesce(${wanted}, 0) AS mark FROM ${table}`)
    const mark = String(row?.['mark'])
    if (mark === this.seen) return
    this.seen = mark
    this.listener?.()
  }
}
