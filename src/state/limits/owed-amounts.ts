import type { Actual, Claim, PeriodClaim, SharedLimitStore } from './store.ts'

/** Settlements that wait for the store, at most; of more, the oldest are dropped: the ledger has them all. */
const MOST_SETTLEMENTS = 10_000

/** What was spent while the shared store was away, to be counted there later: one sum for each counter and period. */
export class OwedAmounts {
  private readonly shared: SharedLimitStore
  /** Bounded by the configuration. */
  private sums = new Map<string, PeriodClaim>()
  private settlements = new Map<string, Actual>()
  private payments = 0

  constructor(shared: SharedLimitStore) {
    this.shared = shared
  }

  /** What was granted here has ended. Rates and places are over by the time the store is back; money is not. */
  add(claims: readonly Claim[], actual: Actual): void {
    for (const claim of claims) {
      if (claim.kind !== 'period') continue
      const amount = (Object.hasOwn(actual, claim.counter) ? actual[claim.counter] : undefined) ?? claim.amount
      const name = `${claim.counter}\n${claim.start}`
      const known = this.sums.get(name)?.amount ?? 0
      this.sums.set(name, { ...claim, amount: known + amount, limit: Number.MAX_SAFE_INTEGER })
    }
  }

  /** What was granted there has ended, and it could not be told. */
  addSettlement(id: string, actual: Actual): void {
    this.settlements.set(id, actual)
    if (this.settlements.size <= MOST_SETTLEMENTS) return
    const [oldest] = this.settlements.keys()
    if (oldest !== undefined) this.settlements.delete(oldest)
  }

  /**
   * Tells the store. What could not be told is owed still. One that begins anew is told what the ledger knows instead: all of this is in there,
   * and whoever asked the ledger before has counted it already.
   */
  async pay(isAnew = false): Promise<void> {
    if (isAnew && (await this.shared.relearn([...this.sums.values()]))) {
      this.sums.clear()
      this.settlements.clear()
      return
    }
    for (const [id, actual] of this.settlements) {
      await this.shared.settle(id, actual)
      this.settlements.delete(id)
    }
    for (const [name, claim] of this.sums) {
      this.sums.delete(name)
      try {
        const id = `owed ${name} ${++this.payments} ${crypto.randomUUID()}`
        await this.shared.acquire(id, [claim])
        await this.shared.settle(id, {})
      } catch (error) {
        this.add([claim], {})
        throw error
      }
    }
  }
}
