import type { Clock } from '../../lib/clock.ts'
import type { Coordination } from '../coordination/store.ts'
import type { Postgres, PostgresQuery } from '../postgres/postgres.ts'
import { storableText } from '../postgres/storable-text.ts'
import type { PriceStore, PriceTexts, PriceWatcher } from './store.ts'

const TOPIC = 'prices'
/** How often a replica looks whether it has missed an announcement; commands announce nothing. */
const LOOK_EVERY_MS = 750

export interface PostgresPricesOptions {
  /** With the schema of `POSTGRES_PRICES`; stays open when the store is closed. */
  readonly database: Postgres
  readonly clock: Pick<Clock, 'every'>
  readonly coordination: Pick<Coordination, 'announce' | 'listen'>
}

/** Prices that are followed only once they have been loaded. */
export interface PostgresPrices extends PriceStore {
  /** Tells the watcher what is in force. Rejects with `state_unavailable`. */
  load(): Promise<void>
}

/**
 * Prices in PostgreSQL, for all replicas. A change is announced to them, and one that missed the announcement finds it within 750 ms. While
 * the database cannot be reached, the prices read last stay in force.
 */
export const createPostgresPrices = (options: PostgresPricesOptions): PostgresPrices => new SharedPrices(options)

class SharedPrices implements PostgresPrices {
  readonly place: string
  private readonly options: PostgresPricesOptions
  private readonly stopLooking: () => void
  private watcher: PriceWatcher | undefined
  /** Of the text that the watcher knows; 0 for none. */
  private version = 0
  private isLoaded = false
  private loading: Promise<void> | undefined
  private complaint: string | undefined

  constructor(options: PostgresPricesOptions) {
    this.options = options
    this.place = `the ${options.database.name}`
    options.coordination.listen(TOPIC, () => this.look())
    this.stopLooking = options.clock.every(LOOK_EVERY_MS, () => this.look())
  }

  read(): Promise<PriceTexts> {
    return textsIn(this.options.database.query)
  }

  async replace(make: (current: string | undefined) => string): Promise<string | undefined> {
    const { database, coordination } = this.options
    const replaced = await database.transaction(async (query) => {
      await query('LOCK TABLE prices IN SHARE ROW EXCLUSIVE MODE')
      const { current } = await textsIn(query)
      const text = make(current)
      if (current !== undefined) await put(query, 'previous', current)
      await put(query, 'current', text)
      return current
    })
    coordination.announce(TOPIC, {})
    this.look()
    return replaced
  }

  watch(watcher: PriceWatcher): () => void {
    this.watcher = watcher
    return () => {
      this.watcher = undefined
    }
  }

  async load(): Promise<void> {
    await this.follow()
    this.isLoaded = true
  }

  async close(): Promise<void> {
    this.stopLooking()
    this.watcher = undefined
    await this.loading?.catch(() => undefined)
  }

  private look(): void {
    if (!this.isLoaded || this.watcher === undefined) return
    this.follow().then(
      () => {
        this.complaint = undefined
      },
      (error: unknown) => {
        const reason = error instanceof Error ? error.message : String(error)
        if (reason !== this.complaint) this.watcher?.onUnreadable(reason)
        this.complaint = reason
      },
    )
  }

  private follow(): Promise<void> {
    this.loading ??= this.tellWatcher().finally(() => {
      this.loading = undefined
    })
    return this.loading
  }

  private async tellWatcher(): Promise<void> {
    const [row] = await this.options.database.query(
      "SELECT version, CASE WHEN version = $1 THEN NULL ELSE document END AS document FROM prices WHERE name = 'current'",
      [this.version],
    )
    const version = Number(row?.['version'] ?? 0)
    if (version === this.version) return
    this.watcher?.onChange(row === undefined ? undefined : String(row['document']))
    this.version = version
  }
}

async function textsIn(query: PostgresQuery): Promise<PriceTexts> {
  const rows = await query('SELECT name, document FROM prices')
  const text = (name: string): string | undefined => {
    const row = rows.find((other) => other['name'] === name)
    return row === undefined ? undefined : String(row['document'])
  }
  return { current: text('current'), previous: text('previous') }
}

async function put(query: PostgresQuery, name: keyof PriceTexts, document: string): Promise<void> {
  await query(
    'INSERT INTO prices (name, document) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET document = excluded.document, version = DEFAULT',
    [name, storableText(document)],
  )
}
