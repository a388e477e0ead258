import { SlidingWindow } from './sliding-window.ts'
import type { Claim, PeriodClaim, RefusedClaim, Standing } from './store.ts'

/** Both times of one moment: Unix milliseconds for windows, monotonic ones for leases. */
export interface Moment {
  readonly wall: number
  readonly now: number
}

/** One counter in memory. Whose leases have ended is its store's concern. */
export interface Counter {
  readonly name: string
  /** Nobody finds it by its name: it is new, or it counted nothing any more. Whoever holds it may have it come back. */
  isForgotten: boolean
  /** Nothing is counted and nothing held: it may be forgotten. */
  isIdle(at: Moment): boolean
  standing(claim: Claim, at: Moment): Standing
  fits(claim: Claim, at: Moment): boolean
  /** Why a claim does not fit. */
  refusal(claim: Claim, at: Moment): Omit<RefusedClaim, 'index'>
  /** Answers in which part of a sliding window, or from which start of a period, it was taken. */
  take(claim: Claim, at: Moment): number
  /** What was held is free again. */
  drop(claim: Claim, taken: number): void
  /** What was taken came to `actual`. */
  count(claim: Claim, taken: number, actual: number, at: Moment): void
}

export function createCounter(claim: Claim): Counter {
  switch (claim.kind) {
    case 'sliding':
      return new SlidingCounter(claim.counter, claim.windowMs)
    case 'period':
      return new PeriodCounter(claim.counter)
    case 'slot':
      return new SlotCounter(claim.counter)
  }
}

class SlidingCounter implements Counter {
  readonly name: string
  isForgotten = true
  private readonly window: SlidingWindow

  constructor(name: string, windowMs: number) {
    this.name = name
    this.window = new SlidingWindow(windowMs)
  }

  isIdle({ wall }: Moment): boolean {
    return this.window.isIdle(wall)
  }

  standing(_claim: Claim, { wall }: Moment): Standing {
    return this.window.standing(wall)
  }

  fits({ amount, limit }: Claim, { wall }: Moment): boolean {
    return this.window.fits(amount, limit, wall)
  }

  refusal({ amount, limit }: Claim, { wall }: Moment): Omit<RefusedClaim, 'index'> {
    return { ...this.window.standing(wall), fitsAt: this.window.fitsAt(amount, limit, wall) }
  }

  take({ amount }: Claim, { wall }: Moment): number {
    return this.window.take(amount, wall)
  }

  drop(): void {
    // Spent is spent: there is no lease.
  }

  count({ amount }: Claim, taken: number, actual: number, { wall }: Moment): void {
    this.window.correct(taken, actual - amount, wall)
  }
}

/** Money or requests of a period. Public for keeping it over a restart. */
export class PeriodCounter implements Counter {
  readonly name: string
  isForgotten = true
  start = -Infinity
  end: number | undefined = undefined
  settled = 0
  private held = 0

  constructor(name: string) {
    this.name = name
  }

  isIdle({ wall }: Moment): boolean {
    const isOver = this.end !== undefined && this.end <= wall
    return isOver || (this.settled === 0 && this.held === 0)
  }

  standing(claim: Claim): Standing {
    const { start, end } = claim as PeriodClaim
    return start > this.start ? { used: 0, held: 0, resetAt: end } : this.running
  }

  /** How the period stands that runs. */
  get running(): Standing {
    return { used: this.settled + this.held, held: this.held, resetAt: this.end }
  }

  fits(claim: Claim): boolean {
    const used = (claim as PeriodClaim).start > this.start ? 0 : this.settled + this.held
    return used + claim.amount <= claim.limit
  }

  refusal(claim: Claim): Omit<RefusedClaim, 'index'> {
    const standing = this.standing(claim)
    return { ...standing, fitsAt: claim.amount > claim.limit ? undefined : standing.resetAt }
  }

  take(claim: Claim): number {
    const { amount, start, end } = claim as PeriodClaim
    if (start > this.start) this.begin(start, end)
    this.held += amount
    return this.start
  }

  /** Where the next period has begun meanwhile, this one is nobody's concern any more. */
  drop({ amount }: Claim, taken: number): void {
    if (taken === this.start) this.held -= amount
  }

  count(_claim: Claim, taken: number, actual: number): void {
    if (taken === this.start) this.settled += actual
  }

  begin(start: number, end: number | undefined, settled = 0): void {
    this.start = start
    this.end = end
    this.settled = settled
    this.held = 0
  }
}

class SlotCounter implements Counter {
  readonly name: string
  isForgotten = true
  private held = 0

  constructor(name: string) {
    this.name = name
  }

  isIdle(): boolean {
    return this.held === 0
  }

  standing(): Standing {
    return { used: this.held, held: this.held, resetAt: undefined }
  }

  fits({ limit }: Claim): boolean {
    return this.held + 1 <= limit
  }

  refusal(): Omit<RefusedClaim, 'index'> {
    return { ...this.standing(), fitsAt: undefined }
  }

  take(): number {
    this.held += 1
    return 0
  }

  drop(): void {
    this.held -= 1
  }

  count(): void {
    // A place that is free again leaves nothing behind.
  }
}
