import { asLate, attemptOf, type Adjustment, type LedgerEntry } from '../../ir/settlement.ts'
import { entryLimit, readCursor, writeCursor } from './entry-cursor.ts'
import { GroupSums } from './group-sums.ts'
import { addMeasures, measuresOf, noMeasures } from './measures.ts'
import { fits, isWanted, namesOf } from './is-wanted.ts'
import { partyKey } from './packed-entry.ts'
import { prove } from './prove.ts'
import type {
  EntryFilter,
  EntryPage,
  LedgerFilter,
  LedgerProof,
  LedgerStore,
  PruneBefore,
  RollupQuery,
  RollupRow,
  SettledAttempt,
  TimeRange,
  WriteOutcome,
} from './store.ts'
import { dayOf, hourOf } from './time-range.ts'

export interface MemoryLedgerOptions {
  /** Most entries kept, and most sums of each kind; the oldest go first. Default 10,000. */
  readonly capacity?: number | undefined
}

/** The ledger of a gateway that keeps nothing on disk. */
export function createMemoryLedger({ capacity = 10_000 }: MemoryLedgerOptions = {}): LedgerStore {
  return new MemoryLedger(capacity)
}

interface Sum {
  readonly start: number
  readonly names: LedgerFilter
  firstAt: number
  lastAt: number
  readonly sums: bigint[]
}

class MemoryLedger implements LedgerStore {
  readonly #capacity: number
  /** By id, in the order in which they were written. */
  readonly #entries = new Map<string, { readonly sequence: number; readonly entry: LedgerEntry }>()
  readonly #hours = new Map<string, Sum>()
  readonly #sessions = new Map<string, Sum>()
  #sequence = 0

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  async write(entries: readonly LedgerEntry[]): Promise<WriteOutcome> {
    const written = entries.filter((entry) => this.#insert(entry)).length
    return { written, duplicates: entries.length - written }
  }

  async rollups(query: RollupQuery): Promise<readonly RollupRow[]> {
    const { groupBy, interval, filter } = query
    const [since, until] = [hourOf(query.since), hourOf(query.until)]
    const groups = new GroupSums(groupBy)
    const isOfSessions = groupBy.includes('session') || filter.session !== undefined
    for (const sum of (isOfSessions ? this.#sessions : this.#hours).values()) {
      const isWithin = isOfSessions
        ? hourOf(sum.lastAt) >= since && sum.firstAt < query.until
        : sum.start >= since && sum.start < until
      if (!isWithin || !fits(sum.names, filter)) continue
      const start = interval === undefined || isOfSessions ? undefined : interval === 'hour' ? sum.start : dayOf(sum.start)
      const times = isOfSessions ? { firstAt: sum.firstAt, lastAt: sum.lastAt } : {}
      groups.add({ start, names: groupBy.map((name) => sum.names[name] ?? null), sums: sum.sums, ...times })
    }
    return groups.rows
  }

  async entries(filter: EntryFilter): Promise<EntryPage> {
    const before = readCursor(filter.cursor) ?? Number.POSITIVE_INFINITY
    const limit = entryLimit(filter.limit)
    const fitting = [...this.#entries.values()]
      .reverse()
      .filter(({ sequence, entry }) => sequence < before && isWanted(entry, filter))
    const page = fitting.slice(0, limit)
    const last = page.at(-1)
    const next = last === undefined || fitting.length <= limit ? undefined : writeCursor(last.sequence)
    return { entries: page.map(({ entry }) => entry), next }
  }

  async *settled(filter: Omit<EntryFilter, 'limit' | 'cursor'>): AsyncIterable<SettledAttempt> {
    for (const { entry } of this.#entries.values()) {
      if ((entry.kind !== 'settlement' && entry.kind !== 'late') || !isWanted(entry, filter)) continue
      const attempt = attemptOf(entry)
      const adjustments = [...this.#entries.values()].flatMap(({ entry: other }): Adjustment[] =>
        other.kind === 'adjustment' && other.attempt === attempt ? [other] : [],
      )
      const { kind: _kind, id: _id, ...settlement } = entry
      yield { attempt, settlement, adjustments }
    }
  }

  prove(range: TimeRange): Promise<LedgerProof> {
    const entries = [...this.#entries.values()].map(({ entry }) => entry)
    return prove(range, {
      pagesOf: ({ since, until }) => [entries.filter(({ at }) => at >= since && at < until)],
      rollups: (query) => this.rollups(query),
    })
  }

  async prune({ entries, rollups }: PruneBefore): Promise<number> {
    const before = this.#entries.size + this.#hours.size + this.#sessions.size
    if (entries !== undefined) for (const [id, { entry }] of this.#entries) if (entry.at < entries) this.#entries.delete(id)
    if (rollups !== undefined) {
      for (const [key, { start }] of this.#hours) if (start < dayOf(rollups)) this.#hours.delete(key)
      for (const [key, { lastAt }] of this.#sessions) if (lastAt < dayOf(rollups)) this.#sessions.delete(key)
    }
    return before - this.#entries.size - this.#hours.size - this.#sessions.size
  }

  async close(): Promise<void> {
    // Nothing is held open.
  }

  #insert(given: LedgerEntry): boolean {
    const found = this.#entries.get(given.id)?.entry
    const isLate = found?.kind === 'lost' && given.kind === 'settlement'
    const entry = isLate ? asLate(given, found) : given
    if (this.#entries.has(entry.id)) return false
    this.#entries.set(entry.id, { sequence: ++this.#sequence, entry })
    bound(this.#entries, this.#capacity)
    const counts = measuresOf(entry)
    const hour = hourOf(entry.at)
    const party = partyKey(entry.party)
    const names = namesOf(entry)
    this.#add(this.#hours, `${hour} ${party}`, { start: hour, names, at: entry.at, counts })
    if (entry.session !== undefined)
      this.#add(this.#sessions, `${party} ${entry.session}`, { start: hour, names, at: entry.at, counts })
    return true
  }

  #add(
    sums: Map<string, Sum>,
    key: string,
    part: { start: number; names: LedgerFilter; at: number; counts: readonly number[] },
  ): void {
    const { start, names, at, counts } = part
    let sum = sums.get(key)
    if (sum === undefined) {
      sum = { start, names, firstAt: at, lastAt: at, sums: noMeasures() }
      sums.set(key, sum)
      bound(sums, this.#capacity)
    }
    sum.firstAt = Math.min(sum.firstAt, at)
    sum.lastAt = Math.max(sum.lastAt, at)
    addMeasures(sum.sums, counts)
  }
}

function bound(map: Map<string, unknown>, capacity: number): void {
  if (map.size <= capacity) return
  for (const oldest of map.keys()) {
    map.delete(oldest)
    return
  }
}
