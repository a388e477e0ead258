import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { asLate, type LedgerEntry, type LedgerParty } from '../../ir/settlement.ts'
import { MEASURES, measuresOf } from './measures.ts'
import { packEntry, partyKey } from './packed-entry.ts'
import { dayOf, HOUR_MS, hourOf } from './time-range.ts'
import type { WriteOutcome } from './store.ts'

/** Parties looked up lately. Model names come from clients, so the memory of them is bounded. */
const MOST_PARTIES = 4_096

const SUMS = MEASURES.join(', ')
const HOLES = MEASURES.map(() => '?').join(', ')
const ADDED = MEASURES.map((name) => `${name} = ${name} + excluded.${name}`).join(', ')

/** A party and the last hour in which it spent, as far as the table knows. */
interface KnownParty {
  readonly party: number
  usedHour: number
}

interface Sum {
  readonly party: number
  readonly counts: number[]
}
interface RollupSum extends Sum {
  readonly start: number
}
interface SessionSum extends Sum {
  readonly session: string
  firstAt: number
  lastAt: number
}

/** Writes batches of entries together with their sums. Each row of sums is touched once a batch, however many entries it gets. */
export class LedgerWrites {
  readonly #database: DatabaseSync
  readonly #insert: StatementSync
  readonly #lost: StatementSync
  readonly #addRollup: StatementSync
  readonly #addSession: StatementSync
  readonly #insertParty: StatementSync
  readonly #findParty: StatementSync
  readonly #useParty: StatementSync
  readonly #parties = new Map<string, KnownParty>()

  constructor(database: DatabaseSync) {
    this.#database = database
    this.#insert = database.prepare(
      'INSERT INTO ledger_entries (id, kind, at, party, session, details) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING',
    )
    this.#lost = database.prepare("SELECT at, party, session FROM ledger_entries WHERE id = ? AND kind = 'lost'")
    this.#addRollup = database.prepare(
      `INSERT INTO ledger_rollups (hours, start, party, ${SUMS}) VALUES (?, ?, ?, ${HOLES}) ON CONFLICT DO UPDATE SET ${ADDED}`,
    )
    this.#addSession = database.prepare(
      `INSERT INTO ledger_sessions (session, party, first_at, last_at, last_hour, ${SUMS}) VALUES (?, ?, ?, ?, ?, ${HOLES})
       ON CONFLICT DO UPDATE SET first_at = min(first_at, excluded.first_at), last_at = max(last_at, excluded.last_at),
         last_hour = max(last_hour, excluded.last_hour), ${ADDED}`,
    )
    this.#insertParty = database.prepare(
      'INSERT INTO ledger_parties (names, provider, model, account, tenant, project, owner, key, used_hour) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (names) DO NOTHING',
    )
    this.#findParty = database.prepare('SELECT party, used_hour FROM ledger_parties WHERE names = ?')
    this.#useParty = database.prepare('UPDATE ledger_parties SET used_hour = max(used_hour, ?) WHERE party = ?')
  }

  /** Parties may have been deleted. */
  forgetParties(): void {
    this.#parties.clear()
  }

  /** All or nothing. */
  write(entries: readonly LedgerEntry[]): WriteOutcome {
    this.#database.exec('BEGIN IMMEDIATE')
    try {
      const outcome = this.#writeAll(entries)
      this.#database.exec('COMMIT')
      return outcome
    } catch (error) {
      if (this.#database.isOpen && this.#database.isTransaction) this.#database.exec('ROLLBACK')
      // What was looked up may have been written by the transaction that is no more.
      this.#parties.clear()
      throw error
    }
  }

  #writeAll(entries: readonly LedgerEntry[]): WriteOutcome {
    const hours = new Map<number, RollupSum>()
    const sessions = new Map<string, SessionSum>()
    let written = 0
    for (const given of entries) {
      const inserted = this.#inserted(given)
      if (inserted === undefined) continue
      written += 1
      const { entry, party } = inserted
      const counts = measuresOf(entry)
      addToRollup(hours, { start: hourOf(entry.at), party, counts })
      if (entry.session !== undefined) addToSession(sessions, { session: entry.session, party, at: entry.at, counts })
    }
    const days = new Map<number, RollupSum>()
    for (const sum of hours.values()) {
      this.#addRollup.run(1, sum.start, sum.party, ...sum.counts)
      addToRollup(days, { ...sum, start: dayOf(sum.start) })
    }
    for (const { start, party, counts } of days.values()) this.#addRollup.run(24, start, party, ...counts)
    for (const { session, party, firstAt, lastAt, counts } of sessions.values())
      this.#addSession.run(session, party, firstAt, lastAt, hourOf(lastAt), ...counts)
    return { written, duplicates: entries.length - written }
  }

  /** The entry as it was written; undefined when it is there already. */
  #inserted(entry: LedgerEntry): { entry: LedgerEntry; party: number } | undefined {
    const party = this.#partyOf(entry.party, hourOf(entry.at))
    if (this.#insertOne(entry, party)) return { entry, party }
    const lost = entry.kind === 'settlement' ? this.#lost.get(entry.id) : undefined
    if (lost === undefined || entry.kind !== 'settlement') return undefined
    const session = lost['session'] === null ? undefined : String(lost['session'])
    const late = asLate(entry, { at: Number(lost['at']), party: entry.party, session })
    const lostParty = Number(lost['party'])
    return this.#insertOne(late, lostParty) ? { entry: late, party: lostParty } : undefined
  }

  #insertOne(entry: LedgerEntry, party: number): boolean {
    const { id, kind, at, session } = entry
    return this.#insert.run(id, kind, Math.floor(at), party, session ?? null, packEntry(entry)).changes > 0
  }

  #partyOf(names: LedgerParty, hour: number): number {
    const key = partyKey(names)
    const known = this.#parties.get(key) ?? this.#foundParty(key, names, hour)
    if (known.usedHour < hour) {
      this.#useParty.run(hour, known.party)
      known.usedHour = hour
    }
    return known.party
  }

  #foundParty(key: string, names: LedgerParty, hour: number): KnownParty {
    const { provider, model, account, tenant, project, owner, key: apiKey } = names
    this.#insertParty.run(key, provider, model, account, tenant ?? null, project ?? null, owner ?? null, apiKey ?? null, hour)
    const row = this.#findParty.get(key)
    const known = { party: Number(row?.['party']), usedHour: Number(row?.['used_hour']) }
    if (this.#parties.size >= MOST_PARTIES) this.#parties.clear()
    this.#parties.set(key, known)
    return known
  }
}

/** Hours since 1970 stay below this for centuries, so that a party and its hour make one safe integer. */
const MOST_HOURS = 2 ** 22

function addToRollup(rollups: Map<number, RollupSum>, sum: RollupSum): void {
  const key = sum.party * MOST_HOURS + sum.start / HOUR_MS
  const found = rollups.get(key)
  if (found === undefined) rollups.set(key, { ...sum, counts: [...sum.counts] })
  else add(found.counts, sum.counts)
}

function addToSession(
  sessions: Map<string, SessionSum>,
  { session, party, at, counts }: { session: string; party: number; at: number; counts: readonly number[] },
): void {
  const key = `${party} ${session}`
  const found = sessions.get(key)
  if (found === undefined) {
    sessions.set(key, { session, party, firstAt: Math.floor(at), lastAt: Math.floor(at), counts: [...counts] })
    return
  }
  found.firstAt = Math.min(found.firstAt, Math.floor(at))
  found.lastAt = Math.max(found.lastAt, Math.floor(at))
  add(found.counts, counts)
}

function add(sums: number[], counts: readonly number[]): void {
  for (let index = 0; index < sums.length; index++) sums[index]! += counts[index] ?? 0
}
