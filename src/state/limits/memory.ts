import type { Clock } from '../../lib/clock.ts'
import { SweepHand } from '../../lib/sweep-hand.ts'
import { createCounter, PeriodCounter, type Counter, type Moment } from './counters.ts'
import { Holder } from './holder.ts'
import { Leases } from './leases.ts'
import type { Acquisition, Actual, Claim, LimitStore, PeriodStanding, RefusedClaim, SavedPeriod, Standing } from './store.ts'

/** Long enough for a pause of the process, short enough that the money of a dead one is not missed for long. */
const LEASE_MS = 60_000
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

class CountersInMemory implements MemoryLimits {
  private readonly clock: MemoryLimitsOptions['clock']
  private readonly counters = new Map<string, Counter>()
  private readonly hand = new SweepHand(this.counters)
  private readonly leases: Leases
  /** Periods that changed since they were saved. */
  private unsaved = new Set<PeriodCounter>()

  constructor(clock: MemoryLimitsOptions['clock'], leaseMs: number) {
    this.clock = clock
    this.leases = new Leases(leaseMs)
  }

  get size(): number {
    return this.counters.size
  }

  acquire(id: string, claims: readonly Claim[]): Acquisition {
    const at = this.moment()
    this.forgetSome(at)
    const counters = claims.map((claim) => this.counters.get(claim.counter) ?? createCounter(claim))
    if (!counters.every((counter, index) => counter.fits(claims[index]!, at))) return refusals(counters, claims, at)
    if (claims.length === 0) return { granted: true, standings: [] }
    const taken: number[] = []
    const standings = counters.map((counter, index): Standing => {
      const claim = claims[index]!
      if (counter.isForgotten) this.keep(counter)
      taken.push(counter.take(claim, at))
      return counter.standing(claim, at)
    })
    this.leases.add(new Holder(id, { counters, claims, taken, leaseEnd: this.leases.endOf(at.now) }))
    return { granted: true, standings }
  }

  renew(ids: readonly string[]): void {
    const now = this.clock.now()
    for (const id of ids) this.leases.renew(id, now)
  }

  settle(id: string, actual: Actual): readonly PeriodStanding[] | undefined {
    return this.end(id, (claim) => amountIn(actual, claim.counter) ?? claim.amount)
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
    this.unsaved = new Set()
    return [...changed].map(({ name, start, end, settled }) => ({ counter: name, start, end, settled }))
  }

  loadPeriods(rows: readonly SavedPeriod[]): void {
    const wall = this.clock.wall()
    for (const { counter, start, end, settled } of rows) {
      if (end !== undefined && end <= wall) continue
      const period = new PeriodCounter(counter)
      period.begin(start, end, settled)
      this.keep(period)
    }
  }

  /** Undefined when the id is not known. */
  private end(id: string, actualOf: (claim: Claim) => number): PeriodStanding[] | undefined {
    const at = this.moment()
    const holder = this.leases.take(id)
    if (holder === undefined) return undefined
    holder.drop()
    const standings: PeriodStanding[] = []
    for (let position = 0; position < holder.claims.length; position++) {
      const claim = holder.claims[position]!
      const taken = holder.taken[position]!
      const counter = this.current(holder.counters[position]!)
      counter.count(claim, taken, actualOf(claim), at)
      if (!(counter instanceof PeriodCounter) || counter.start !== taken) continue
      this.unsaved.add(counter)
      const { used, held, resetAt } = counter.running
      standings.push({ counter: counter.name, used, held, resetAt })
    }
    return standings
  }

  /** A counter that stood at nothing may have been forgotten before its holder came back; what that spent counts all the same. */
  private current(counter: Counter): Counter {
    if (!counter.isForgotten) return counter
    const other = this.counters.get(counter.name)
    if (other === undefined) this.keep(counter)
    return other ?? counter
  }

  private keep(counter: Counter): void {
    counter.isForgotten = false
    this.counters.set(counter.name, counter)
  }

  private moment(): Moment {
    const now = this.clock.now()
    this.leases.expire(now)
    return { now, wall: this.clock.wall() }
  }

  /** Counters that count nothing any more are forgotten, and what lost its lease long ago; a few are looked at each time. */
  private forgetSome(at: Moment): void {
    for (let looked = 0; looked < LOOKED_AT; looked++) {
      const counter = this.hand.next()?.[1]
      if (counter?.isIdle(at) === true) {
        counter.isForgotten = true
        this.counters.delete(counter.name)
      }
      this.leases.forgetOne(at.now)
    }
  }
}

function refusals(counters: readonly Counter[], claims: readonly Claim[], at: Moment): Acquisition {
  const refused = claims.flatMap((claim, index): RefusedClaim[] => {
    const counter = counters[index]!
    return counter.fits(claim, at) ? [] : [{ index, ...counter.refusal(claim, at) }]
  })
  return { granted: false, refused }
}

const amountIn = (amounts: Actual, counter: string): number | undefined =>
  Object.hasOwn(amounts, counter) ? amounts[counter] : undefined
