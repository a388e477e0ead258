interface Lease {
  readonly amount: number
  /** `Clock.now()` at which it ends. */
  readonly until: number
}

/**
 * Amounts that are held, each as long as its lease. All leases last equally long, so they end in the order in which they were given or
 * renewed, and those that have ended stand first.
 */
export class LeasedAmounts {
  private readonly leases = new Map<string, Lease>()
  private total = 0
  /** No lease ends before this. */
  private firstEnd = Infinity

  sum(now: number): number {
    if (this.firstEnd > now) return this.total
    this.firstEnd = Infinity
    for (const [id, { until }] of this.leases) {
      if (until > now) {
        this.firstEnd = until
        break
      }
      this.drop(id)
    }
    return this.total
  }

  hold(id: string, amount: number, until: number): void {
    this.drop(id)
    this.leases.set(id, { amount, until })
    this.total += amount
    this.firstEnd = Math.min(this.firstEnd, until)
  }

  amountOf(id: string): number | undefined {
    return this.leases.get(id)?.amount
  }

  drop(id: string): void {
    const lease = this.leases.get(id)
    if (lease === undefined) return
    this.leases.delete(id)
    this.total -= lease.amount
  }
}
