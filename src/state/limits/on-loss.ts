import { coordinationLost, type OnLoss } from '../coordination/on-loss.ts'
import { LastSeen } from './last-seen.ts'
import type { SpentBefore } from './spent-before.ts'
import type { Acquisition, Actual, Claim, LimitStore, PeriodClaim, PeriodStanding, SharedLimitStore, Standing } from './store.ts'
import { OwedAmounts } from './owed-amounts.ts'

export interface OnLossOptions {
  readonly shared: SharedLimitStore
  /** Makes what counts for this process alone while the shared one is away: a new one for each loss. */
  readonly local: () => LimitStore
  readonly mode: OnLoss
  /** Asked once for each budget and loss how much of it is spent; undefined where there is no ledger. */
  readonly spentBefore?: SpentBefore | undefined
  /** Processes that shared the store when it was last seen, this one included. */
  readonly replicas: () => number
  /** Told when the store is lost, with why, and when it is back. */
  readonly changed: (isLost: boolean, error?: unknown) => void
}

/** A shared store that may be lost, and what stands in for it meanwhile. What was spent in between is counted as soon as it is back. */
export function withLoss(options: OnLossOptions): LimitStore {
  return new GuardedLimits(options)
}

/** What was granted here alone, and by whom. */
interface LocalGrant {
  readonly store: LimitStore
  readonly claims: readonly Claim[]
}

const NO_CLAIMS: readonly PeriodClaim[] = []

class GuardedLimits implements LimitStore {
  private readonly options: OnLossOptions
  private readonly owed: OwedAmounts
  private readonly seen = new LastSeen()
  /** Both end with their calls. */
  private readonly grantedHere = new Map<string, LocalGrant>()
  private readonly grantedThere = new Map<string, readonly PeriodClaim[]>()
  private local: LimitStore
  private isLost = false
  /** What the shared store held when it was last seen; undefined before it was asked. */
  private generation: string | undefined = undefined

  constructor(options: OnLossOptions) {
    this.options = options
    this.owed = new OwedAmounts(options.shared)
    this.local = options.local()
  }

  async acquire(id: string, claims: readonly Claim[]): Promise<Acquisition> {
    try {
      this.generation ??= await this.options.shared.generation()
      const answer = await this.options.shared.acquire(id, claims)
      if (this.isLost) await this.reached()
      if (answer.granted) {
        this.seen.note(claims, answer.standings)
        this.noteThere(id, claims)
      }
      return answer
    } catch (error) {
      this.lose(error)
      return this.acquireHere(id, claims, error)
    }
  }

  async renew(ids: readonly string[]): Promise<void> {
    await this.local.renew(ids)
    await this.tell(() => this.options.shared.renew(ids))
  }

  async settle(id: string, actual: Actual): Promise<readonly PeriodStanding[] | undefined> {
    const here = this.grantedHere.has(id) ? await this.settleHere(id, actual) : undefined
    const claims = this.grantedThere.get(id)
    this.grantedThere.delete(id)
    if (here !== undefined && claims === undefined) return here
    try {
      const there = await this.options.shared.settle(id, actual)
      if (there !== undefined || claims === undefined || claims.length === 0) return there
    } catch (error) {
      this.lose(error)
      // Its lease ends by itself; that it was spent must not be forgotten.
      this.owed.addSettlement(id, actual)
      return claims && []
    }
    // The store has lost what was held there.
    this.owed.add(claims, actual)
    await this.tell(() => this.owed.pay())
    return undefined
  }

  async release(id: string): Promise<void> {
    await this.grantedHere.get(id)?.store.release(id)
    this.grantedHere.delete(id)
    this.grantedThere.delete(id)
    await this.tell(() => this.options.shared.release(id))
  }

  async look(claims: readonly Claim[]): Promise<readonly Standing[]> {
    try {
      return await this.options.shared.look(claims)
    } catch (error) {
      this.lose(error)
      return this.seen.standings(claims, await this.local.look(claims))
    }
  }

  private async acquireHere(id: string, claims: readonly Claim[], cause: unknown): Promise<Acquisition> {
    const { mode, replicas } = this.options
    const { local } = this
    if (mode === 'closed') throw coordinationLost(cause)
    if (mode === 'local_share') await this.learn(claims)
    const share = 1 / Math.max(1, replicas())
    const answer = await local.acquire(
      id,
      claims.map((claim) => ({ ...claim, limit: mode === 'open' ? Number.MAX_SAFE_INTEGER : this.seen.shareOf(claim, share) })),
    )
    if (!answer.granted) return { granted: false, refused: answer.refused.map((refused) => this.seen.refusal(claims, refused)) }
    if (claims.length > 0) {
      const earlier = this.grantedHere.get(id)
      this.grantedHere.set(id, { store: local, claims: [...(earlier?.claims ?? []), ...claims] })
    }
    return { granted: true, standings: this.seen.standings(claims, answer.standings) }
  }

  /** What the ledger knows of budgets counts where it is more than what was seen. While it is away, too, what was seen has to do. */
  private async learn(claims: readonly Claim[]): Promise<void> {
    const { spentBefore } = this.options
    if (spentBefore === undefined) return
    await Promise.all(
      claims.map(async (claim) => {
        if (claim.kind !== 'period' || !this.seen.isToBeLearned(claim)) return
        const spent = await spentBefore(claim.counter, claim.start).catch(() => undefined)
        this.seen.learned(claim, spent ?? 0)
      }),
    )
  }

  /** Undefined when nothing was granted here. */
  private async settleHere(id: string, actual: Actual): Promise<readonly PeriodStanding[] | undefined> {
    const grant = this.grantedHere.get(id)
    if (grant === undefined) return undefined
    this.grantedHere.delete(id)
    await grant.store.settle(id, actual)
    this.owed.add(grant.claims, actual)
    if (!this.isLost) await this.tell(() => this.owed.pay())
    const periods = grant.claims.filter((claim): claim is PeriodClaim => claim.kind === 'period')
    const standings = this.seen.standings(periods, await grant.store.look(periods))
    return standings.map((standing, index) => ({ ...standing, counter: periods[index]!.counter }))
  }

  private noteThere(id: string, claims: readonly Claim[]): void {
    if (claims.length === 0) return
    const money = claims.filter((claim): claim is PeriodClaim => claim.kind === 'period')
    const earlier = this.grantedThere.get(id) ?? NO_CLAIMS
    this.grantedThere.set(id, earlier.length === 0 ? money : [...earlier, ...money])
  }

  /** Undefined when the shared store was not reached. */
  private async tell<Answer>(call: () => Answer | Promise<Answer>): Promise<Answer | undefined> {
    try {
      return await call()
    } catch (error) {
      this.lose(error)
      return undefined
    }
  }

  private lose(error: unknown): void {
    if (this.isLost) return
    this.isLost = true
    this.local = this.options.local()
    this.seen.forgetLearned()
    this.options.changed(true, error)
  }

  /** The store answers again: what it has missed is told first. */
  private async reached(): Promise<void> {
    this.isLost = false
    this.options.changed(false)
    await this.tell(async () => {
      const generation = await this.options.shared.generation()
      const isAnew = generation !== this.generation
      this.generation = generation
      await this.owed.pay(isAnew)
    })
  }
}
