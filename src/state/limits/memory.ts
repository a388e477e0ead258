import type { Clock } from '../../lib/clock.ts'
import { SweepHand } from '../../lib/sweep-hand.ts'
import { createCounter, PeriodCounter, type Counter, type Holding, type Moment } from './counters.ts'
import type { Acquisition, Actual, Claim, LimitStore, PeriodStanding, RefusedClaim, SavedPeriod, Standing } from './store.ts'

/** Long enough for a pause of the process, short enough that the money of a dead one is not missed for long. */
const LEASE_MS = 60_000
/** What an id has taken is remembered for so many leases, so that a late holder can still be counted. */
const REMEMBERED_LEASES = 10
/** Of what may have been forgotten, so many are looked at with each acquisition. */
const LOOKED_AT = 2

export interface MemoryLimitsOptions {
  readonly clock: Pick<Clock, 'now' | 'wall'>
  /** Milliseconds until a holder that does not renew loses what it holds. Default one minute. */
  readonly leaseMs?: number | undefined
}

/** Counters in the memory of one process. */
export interface MemoryLimits extends LimitStore {
  acquire(id: string, claims: readonly Claim[]): Acquisition
  renew(ids: readonly string[]): void
  settle(id: string, actual: Actual): readonly PeriodStanding[] | undefined
  release(id: string): void
  look(claims: readonly Claim[]): readonly Standing[]
  /** Counters of periods that changed since the last call, to be saved. */
  changedPeriods(): readonly SavedPeriod[]
  /** Takes what an earlier process saved. Periods that are over are passed over. */
  loadPeriods(rows: readonly SavedPeriod[]): void
  /** Counters in memory. */
  readonly size: number
}

export function createMemoryLimits({ clock, leaseMs = LEASE_MS }: MemoryLimitsOptions): MemoryLimits {
  return new CountersInMemory(clock, leaseMs)
}

interface Taken {
  readonly holdings: Holding[]
  /** `Clock.now()` at which it may be forgotten. */
  until: number
}

class CountersInMemory implements MemoryLimits {
  private readonly clock: MemoryLimitsOptions['clock']
  private readonly leaseMs: number
  private readonly counters = new Map<string, Counter>()
  private readonly taken = new Map<string, Taken>()
  private readonly counterHand = new SweepHand(this.counters)
  private readonly takenHand = new SweepHand(this.taken)
  /** Periods that changed since they were saved. */
  private unsaved = new Map<string, PeriodCounter>()

  constructor(clock: MemoryLimitsOptions['clock'], leaseMs: number) {
    this.clock = clock
    this.leaseMs = leaseMs
  }

  get size(): number {
    return this.counters.size
  }

  acquire(id: string, claims: readonly Claim[]): Acquisition {
    const at = this.moment()
    this.forgetSome(at)
    const refused: RefusedClaim[] = []
    for (const [index, claim] of claims.entries()) {
      const refusal = (this.counters.get(claim.counter) ?? createCounter(claim)).refusal(claim, at)
      if (refusal !== undefined) refused.push({ index, ...refusal })
    }
    if (refused.length > 0) return { granted: false, refused }
    const holdings: Holding[] = []
    const standings = claims.map((claim) => {
      const counter = this.touched(claim)
      holdings.push(counter.take(id, claim, at))
      return counter.standing(claim, at)
    })
    if (holdings.length > 0) this.remember(id, holdings, at)
    return { granted: true, standings }
  }

  renew(ids: readonly string[]): void {
    const at = this.moment()
    for (const id of ids) {
      const taken = this.taken.get(id)
      if (taken === undefined) continue
      for (const { counter } of taken.holdings) this.counters.get(counter)?.renew(id, at)
      taken.until = at.now + this.leaseMs * REMEMBERED_LEASES
    }
  }

  settle(id: string, actual: Actual): readonly PeriodStanding[] | undefined {
    return this.end(id, (counter) => amountIn(actual, counter))
  }

  release(id: string): void {
    this.end(id, () => 0)
  }

  look(claims: readonly Claim[]): Standing[] {
    const at = this.moment()
    return claims.map((claim) => (this.counters.get(claim.counter) ?? createCounter(claim)).standing(claim, at))
  }

  changedPeriods(): SavedPeriod[] {
    const changed = this.unsaved
    this.unsaved = new Map()
    return [...changed].map(([counter, { start, end, settled }]) => ({ counter, start, end, settled }))
  }

  loadPeriods(rows: readonly SavedPeriod[]): void {
    const wall = this.clock.wall()
    for (const { counter, start, end, settled } of rows) {
      if (end !== undefined && end <= wall) continue
      const period = new PeriodCounter()
      period.begin(start, end, settled)
      this.counters.set(counter, period)
    }
  }

  /** Undefined when the id is not known. */
  private end(id: string, actualOf: (counter: string) => number | undefined): PeriodStanding[] | undefined {
    const taken = this.taken.get(id)
    if (taken === undefined) return undefined
    this.taken.delete(id)
    const at = this.moment()
    const standings: PeriodStanding[] = []
    for (const holding of taken.holdings) {
      const counter = this.counters.get(holding.counter) ?? this.forgotten(holding)
      counter?.settle(id, holding, actualOf(holding.counter), at)
      if (!(counter instanceof PeriodCounter)) continue
      this.unsaved.set(holding.counter, counter)
      if (counter.start === holding.taken) standings.push({ counter: holding.counter, ...counter.running(at.now) })
    }
    return standings
  }

  /** A period that stood at nothing may have been forgotten before its holder came back; what that spent counts all the same. */
  private forgotten({ counter: name, taken, period }: Holding): Counter | undefined {
    if (period === undefined) return undefined
    const counter = new PeriodCounter()
    counter.begin(taken, period.end)
    this.counters.set(name, counter)
    return counter
  }

  private remember(id: string, holdings: Holding[], { now }: Moment): void {
    const earlier = this.taken.get(id)
    const until = now + this.leaseMs * REMEMBERED_LEASES
    this.taken.set(id, { until, holdings: earlier === undefined ? holdings : [...earlier.holdings, ...holdings] })
  }

  private moment(): Moment {
    const now = this.clock.now()
    return { now, wall: this.clock.wall(), leaseEnd: now + this.leaseMs }
  }

  private touched(claim: Claim): Counter {
    const counter = this.counters.get(claim.counter) ?? createCounter(claim)
    this.counters.set(claim.counter, counter)
    return counter
  }

  /** Counters that count nothing any more are forgotten, and what lost its lease long ago; a few are looked at each time. */
  private forgetSome(at: Moment): void {
    for (let looked = 0; looked < LOOKED_AT; looked++) {
      const counter = this.counterHand.next()
      if (counter?.[1].isIdle(at) === true) this.counters.delete(counter[0])
      const taken = this.takenHand.next()
      if (taken !== undefined && taken[1].until <= at.now) this.taken.delete(taken[0])
    }
  }
}

const amountIn = (amounts: Actual, counter: string): number | undefined =>
  Object.hasOwn(amounts, counter) ? amounts[counter] : undefined
