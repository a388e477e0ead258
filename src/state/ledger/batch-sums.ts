import { dayOf, HOUR_MS, hourOf } from './time-range.ts'

/** What a batch adds to a row of sums. */
export interface RollupSum {
  readonly start: number
  readonly party: number
  readonly counts: number[]
}
export interface SessionSum {
  readonly session: string
  readonly party: number
  firstAt: number
  lastAt: number
  readonly counts: number[]
}

/** Hours since 1970 stay below this for centuries, so that a party and its hour make one safe integer. */
const MOST_HOURS = 2 ** 22

/** Adds up a batch before it is written: each row of sums is then touched once, however many entries it gets. */
export class BatchSums {
  readonly #hours = new Map<number, RollupSum>()
  readonly #sessions = new Map<string, SessionSum>()

  add({ at, party, session }: { at: number; party: number; session: string | undefined }, counts: readonly number[]): void {
    addTo(this.#hours, { start: hourOf(at), party }, counts)
    if (session !== undefined) this.#addToSession(session, { at: Math.floor(at), party }, counts)
  }

  get hours(): Iterable<RollupSum> {
    return this.#hours.values()
  }

  get days(): Iterable<RollupSum> {
    const days = new Map<number, RollupSum>()
    for (const { start, party, counts } of this.#hours.values()) addTo(days, { start: dayOf(start), party }, counts)
    return days.values()
  }

  get sessions(): Iterable<SessionSum> {
    return this.#sessions.values()
  }

  #addToSession(session: string, { at, party }: { at: number; party: number }, counts: readonly number[]): void {
    const key = `${party} ${session}`
    const found = this.#sessions.get(key)
    if (found === undefined) {
      this.#sessions.set(key, { session, party, firstAt: at, lastAt: at, counts: [...counts] })
      return
    }
    if (at < found.firstAt) found.firstAt = at
    if (at > found.lastAt) found.lastAt = at
    addCounts(found.counts, counts)
  }
}

function addTo(
  sums: Map<number, RollupSum>,
  { start, party }: { start: number; party: number },
  counts: readonly number[],
): void {
  const key = party * MOST_HOURS + start / HOUR_MS
  const found = sums.get(key)
  if (found === undefined) sums.set(key, { start, party, counts: [...counts] })
  else addCounts(found.counts, counts)
}

function addCounts(sums: number[], counts: readonly number[]): void {
  for (let index = 0; index < sums.length; index++) sums[index]! += counts[index] ?? 0
}
