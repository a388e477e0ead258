import { LeasedAmounts } from './leased-amounts.ts'
import { SlidingWindow } from './sliding-window.ts'
import type { Claim, RefusedClaim, Standing } from './store.ts'

/** Both times of one moment: Unix milliseconds for windows, monotonic ones for leases. */
export interface Moment {
  readonly wall: number
  readonly now: number
  /** When a lease that begins now will end. */
  readonly leaseEnd: number
}

/** What an id has taken of one counter, so that it can be given back or corrected. */
export interface Holding {
  readonly counter: string
  readonly amount: number
  /** The part of a sliding window, or the start of a period, that it was taken in. */
  readonly taken: number
  /** Of a period: when it ends. */
  readonly period?: { readonly end: number | undefined } | undefined
}

type ClaimOf<Kind extends Claim['kind']> = Extract<Claim, { kind: Kind }>

/** One counter in memory. */
export interface Counter {
  /** Nothing is counted and nothing held: it may be forgotten. */
  isIdle(at: Moment): boolean
  standing(claim: Claim, at: Moment): Standing
  /** Why the claim does not fit; undefined when it does. */
  refusal(claim: Claim, at: Moment): Omit<RefusedClaim, 'index'> | undefined
  take(id: string, claim: Claim, at: Moment): Holding
  renew(id: string, at: Moment): void
  /** The holder is done. `actual` undefined is as claimed. */
  settle(id: string, holding: Holding, actual: number | undefined, at: Moment): void
}

export function createCounter(claim: Claim): Counter {
  switch (claim.kind) {
    case 'sliding':
      return new SlidingCounter(claim.windowMs)
    case 'period':
      return new PeriodCounter()
    case 'slot':
      return new SlotCounter()
  }
}

class SlidingCounter implements Counter {
  private readonly window: SlidingWindow

  constructor(windowMs: number) {
    this.window = new SlidingWindow(windowMs)
  }

  isIdle(at: Moment): boolean {
    return this.window.isIdle(at.wall)
  }

  standing(_claim: Claim, at: Moment): Standing {
    return this.window.standing(at.wall)
  }

  refusal({ amount, limit }: Claim, at: Moment): Omit<RefusedClaim, 'index'> | undefined {
    if (this.window.fits(amount, limit, at.wall)) return undefined
    return { ...this.window.standing(at.wall), fitsAt: this.window.fitsAt(amount, limit, at.wall) }
  }

  take(_id: string, { counter, amount }: Claim, at: Moment): Holding {
    return { counter, amount, taken: this.window.take(amount, at.wall) }
  }

  renew(): void {
    // Spent is spent: there is no lease.
  }

  settle(_id: string, { amount, taken }: Holding, actual: number | undefined, at: Moment): void {
    if (actual !== undefined) this.window.correct(taken, actual - amount, at.wall)
  }
}

/** Money or requests of a period. Public for keeping it over a restart. */
export class PeriodCounter implements Counter {
  start = -Infinity
  end: number | undefined = undefined
  settled = 0
  private held = new LeasedAmounts()

  isIdle({ wall, now }: Moment): boolean {
    const isOver = this.end !== undefined && this.end <= wall
    return isOver || (this.settled === 0 && this.held.sum(now) === 0)
  }

  standing(claim: Claim, { now }: Moment): Standing {
    const { start, end } = claim as ClaimOf<'period'>
    return start > this.start ? { used: 0, held: 0, resetAt: end } : this.running(now)
  }

  /** How the period stands that runs. */
  running(now: number): Standing {
    const held = this.held.sum(now)
    return { used: this.settled + held, held, resetAt: this.end }
  }

  refusal(claim: Claim, at: Moment): Omit<RefusedClaim, 'index'> | undefined {
    const standing = this.standing(claim, at)
    const { amount, limit } = claim
    if (standing.used + amount <= limit) return undefined
    return { ...standing, fitsAt: amount > limit ? undefined : standing.resetAt }
  }

  take(id: string, claim: Claim, { leaseEnd }: Moment): Holding {
    const { counter, amount, start, end } = claim as ClaimOf<'period'>
    if (start > this.start) this.begin(start, end)
    this.held.hold(id, amount, leaseEnd)
    return { counter, amount, taken: this.start, period: { end: this.end } }
  }

  renew(id: string, { leaseEnd }: Moment): void {
    const amount = this.held.amountOf(id)
    if (amount !== undefined) this.held.hold(id, amount, leaseEnd)
  }

  settle(id: string, { amount, taken }: Holding, actual = amount): void {
    // The next period has begun meanwhile, and this one is nobody's concern any more.
    if (taken !== this.start) return
    this.held.drop(id)
    this.settled += actual
  }

  begin(start: number, end: number | undefined, settled = 0): void {
    this.start = start
    this.end = end
    this.settled = settled
    this.held = new LeasedAmounts()
  }
}

class SlotCounter implements Counter {
  private readonly held = new LeasedAmounts()

  isIdle({ now }: Moment): boolean {
    return this.held.sum(now) === 0
  }

  standing(_claim: Claim, { now }: Moment): Standing {
    const held = this.held.sum(now)
    return { used: held, held, resetAt: undefined }
  }

  refusal(claim: Claim, at: Moment): Omit<RefusedClaim, 'index'> | undefined {
    const standing = this.standing(claim, at)
    return standing.used + 1 <= claim.limit ? undefined : { ...standing, fitsAt: undefined }
  }

  take(id: string, { counter }: Claim, { leaseEnd }: Moment): Holding {
    this.held.hold(id, 1, leaseEnd)
    return { counter, amount: 1, taken: 0 }
  }

  renew(id: string, { leaseEnd }: Moment): void {
    if (this.held.amountOf(id) !== undefined) this.held.hold(id, 1, leaseEnd)
  }

  settle(id: string): void {
    this.held.drop(id)
  }
}
