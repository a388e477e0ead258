import type { Claim, PeriodClaim, RefusedClaim, Standing } from './store.ts'

/** Counters remembered at most; of more, those seen longest ago are forgotten. */
const MOST = 10_000

interface Seen {
  /** Of the period. */
  end: number | undefined
  used: number
}

/** How periods stood when the shared store was last reached: what stands in for it counts from there. */
export class LastSeen {
  private readonly counters = new Map<string, Seen>()
  /** Of which the ledger was asked since the store was lost. */
  private readonly asked = new Set<string>()

  /** Standings of these claims, in their order. */
  note(claims: readonly Claim[], standings: readonly Standing[]): void {
    for (const [index, claim] of claims.entries()) {
      const standing = standings[index]
      if (claim.kind === 'period' && standing !== undefined) this.set(claim, standing.used)
    }
  }

  isToBeLearned({ counter, start }: PeriodClaim): boolean {
    return !this.asked.has(`${counter}\n${start}`)
  }

  /** The ledger knows so much to be spent. */
  learned(claim: PeriodClaim, spent: number): void {
    this.asked.add(`${claim.counter}\n${claim.start}`)
    if (spent > this.usedOf(claim)) this.set(claim, spent)
  }

  forgetLearned(): void {
    this.asked.clear()
  }

  /** The limit of one process: its share of the limit, and of money a share of what was left. Never less than one where something was left. */
  shareOf(claim: Claim, share: number): number {
    const left = claim.limit - this.usedOf(claim)
    return left <= 0 ? 0 : Math.max(1, Math.floor(left * share))
  }

  /** Standings of a process that counts from here. */
  standings(claims: readonly Claim[], local: readonly Standing[]): Standing[] {
    return local.map((standing, index) => ({ ...standing, used: standing.used + this.usedOf(claims[index]) }))
  }

  refusal(claims: readonly Claim[], refused: RefusedClaim): RefusedClaim {
    return { ...refused, used: refused.used + this.usedOf(claims[refused.index]) }
  }

  private set({ counter, end }: PeriodClaim, used: number): void {
    const known = this.counters.get(counter)
    // Which was seen last only matters where one has to go soon.
    if (known !== undefined && this.counters.size < MOST / 2) {
      known.end = end
      known.used = used
      return
    }
    this.counters.delete(counter)
    this.counters.set(counter, { end, used })
    if (this.counters.size <= MOST) return
    const [oldest] = this.counters.keys()
    if (oldest !== undefined) this.counters.delete(oldest)
  }

  private usedOf(claim: Claim | undefined): number {
    if (claim?.kind !== 'period') return 0
    const seen = this.counters.get(claim.counter)
    return seen === undefined || seen.end !== claim.end ? 0 : seen.used
  }
}
