import type { Eventually } from '../../lib/eventually.ts'

/** What a call takes of one counter, and how much there is. Names of counters are the same in every process that shares the store. */
export type Claim =
  /** Spent at once, and out of mind `windowMs` later. */
  | {
      readonly kind: 'sliding'
      readonly counter: string
      readonly amount: number
      readonly limit: number
      readonly windowMs: number
    }
  /**
   * Held until it is settled, and then counted in the period in which it was taken. `start` and `end` are Unix milliseconds; without an
   * `end` the period lasts for ever. The caller knows the calendar, the store only compares.
   */
  | {
      readonly kind: 'period'
      readonly counter: string
      readonly amount: number
      readonly limit: number
      readonly start: number
      readonly end: number | undefined
    }
  /** A place that is held as long as the call runs. */
  | { readonly kind: 'slot'; readonly counter: string; readonly amount: 1; readonly limit: number }

/** How one counter stands. */
export interface Standing {
  /** Counted and held. */
  readonly used: number
  /** Of `used`, what is only held. */
  readonly held: number
  /** Unix milliseconds at which all of a window will be free, if nothing more is taken; undefined when no time frees it. */
  readonly resetAt: number | undefined
}

/** Why a claim does not fit. */
export interface RefusedClaim extends Standing {
  /** Position among the claims. */
  readonly index: number
  /** Unix milliseconds at which it would fit, if nothing more is taken; undefined when no time makes it fit. */
  readonly fitsAt: number | undefined
}

/** How the counter of a period stands. */
export interface PeriodStanding extends Standing {
  readonly counter: string
}

export type PeriodClaim = Extract<Claim, { kind: 'period' }>

export type Acquisition =
  /** Standings after the claims, in their order. */
  | { readonly granted: true; readonly standings: readonly Standing[] }
  /** Every claim that does not fit; nothing was taken. */
  | { readonly granted: false; readonly refused: readonly RefusedClaim[] }

/** What a counter really came to, where that differs from what was claimed. */
export type Actual = Readonly<Record<string, number>>

/** A counter of a period, for keeping it over a restart. */
export interface SavedPeriod {
  readonly counter: string
  readonly start: number
  readonly end: number | undefined
  /** Counted, without what is held. */
  readonly settled: number
}

/**
 * Counters of limits, shared by everybody who spends from them. One call acquires everything a request needs, all or nothing: money,
 * rates and places of several subjects at once. A store in this process answers at once, a shared one later, by a deadline of its own. What is held has a lease: a holder that does not renew, because its process is gone,
 * loses it, and it is free again. The work of each call grows with the counters it touches and with nothing else.
 */
export interface LimitStore {
  /**
   * Takes all claims under this id, or none. An id that holds something already keeps what it has and gets these besides; it claims no
   * counter twice.
   */
  acquire(id: string, claims: readonly Claim[]): Eventually<Acquisition>
  /** The holders are alive: their leases begin anew. Ids that hold nothing are passed over. */
  renew(ids: readonly string[]): Eventually<void>
  /**
   * The holder is done, once: what it held is counted with its true amount (what was claimed, where none is given) and places are free.
   * What has come free by its lease is counted all the same: it was spent. Answers how the periods stand that it was counted in, as far as
   * they run still. Unknown ids change nothing; the answer is undefined then.
   */
  settle(id: string, actual: Actual): Eventually<readonly PeriodStanding[] | undefined>
  /** The holder did not use what it took: nothing of it is counted. */
  release(id: string): Eventually<void>
  /** How counters stand, without taking anything. The amounts of the claims play no part. */
  look(claims: readonly Claim[]): Eventually<readonly Standing[]>
}

/** Counters in a place that other processes count in too, and that can lose them. Its calls reject when it is not reached in time. */
export interface SharedLimitStore extends LimitStore {
  /** Another one than before when the place has lost what it held. */
  generation(): Promise<string>
  /**
   * Makes these counters at least what the ledger knows to be spent. False when there is no ledger to ask. Rejects when it cannot be asked.
   */
  relearn(claims: readonly PeriodClaim[]): Promise<boolean>
}
