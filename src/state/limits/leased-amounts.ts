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

  sum(now: number): number {
    for (const [id, { until }] of this.leases) {
      if (until > now) break
      this.drop(id)
    }
    return this.total
  }

  /** When the first lease ends; undefined when there is none. */
  get firstEnd(): number | undefined {
    for (const { until } of this.leases.values()) return until
    return undefined
  }

  hold(id: string, amount: number, until: number): void {
    this.drop(id)
    this.leases.set(id, { amount, until })
    this.total += amount
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
