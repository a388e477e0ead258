import { GatewayError } from '../../errors/gateway-error.ts'
import type { Acquisition, Actual, Claim, LimitStore, Standing } from './store.ts'
import { OwedAmounts } from './owed-amounts.ts'

/**
 * What holds while the shared store cannot be reached. `closed`: nothing is let in. `local_share`: each process keeps its share of every limit by
 * itself. `open`: everything is let in.
 */
export type OnLoss = 'closed' | 'local_share' | 'open'

export interface OnLossOptions {
  /** Its calls reject when it is not reached in time. */
  readonly shared: LimitStore
  /** Counts for this process alone while the shared one is away. */
  readonly local: LimitStore
  readonly mode: OnLoss
  /** Processes that shared the store when it was last seen, this one included. */
  readonly replicas: () => number
  /** Told when the store is lost, and when it is back. */
  readonly changed: (isLost: boolean) => void
}

/** A shared store that may be lost, and what stands in for it meanwhile. What was spent in between is counted as soon as it is back. */
export function withLoss(options: OnLossOptions): LimitStore {
  return new GuardedLimits(options)
}

class GuardedLimits implements LimitStore {
  private readonly options: OnLossOptions
  private readonly owed: OwedAmounts
  /** What was granted here alone, by whom; ends with the call. */
  private readonly grantedHere = new Map<string, readonly Claim[]>()
  private isLost = false

  constructor(options: OnLossOptions) {
    this.options = options
    this.owed = new OwedAmounts(options.shared)
  }

  async acquire(id: string, claims: readonly Claim[]): Promise<Acquisition> {
    try {
      const answer = await this.options.shared.acquire(id, claims)
      await this.reached()
      return answer
    } catch (error) {
      this.lose()
      return this.acquireHere(id, claims, error)
    }
  }

  async topUp(id: string, amounts: Actual): Promise<void> {
    await this.options.local.topUp(id, amounts)
    await this.tell(() => this.options.shared.topUp(id, amounts))
  }

  async renew(ids: readonly string[]): Promise<void> {
    await this.options.local.renew(ids)
    await this.tell(() => this.options.shared.renew(ids))
  }

  async settle(id: string, actual: Actual): Promise<void> {
    const claims = this.grantedHere.get(id)
    if (claims !== undefined) {
      this.grantedHere.delete(id)
      await this.options.local.settle(id, actual)
      this.owed.add(claims, actual)
      if (!this.isLost) await this.tell(() => this.owed.pay())
      return
    }
    const isTold = await this.tell(() => this.options.shared.settle(id, actual))
    // Its lease ends by itself; that it was spent must not be forgotten.
    if (!isTold) this.owed.addSettlement(id, actual)
  }

  async release(id: string): Promise<void> {
    this.grantedHere.delete(id)
    await this.options.local.release(id)
    await this.tell(() => this.options.shared.release(id))
  }

  async look(claims: readonly Claim[]): Promise<readonly Standing[]> {
    try {
      return await this.options.shared.look(claims)
    } catch {
      this.lose()
      return this.options.local.look(claims)
    }
  }

  private async acquireHere(id: string, claims: readonly Claim[], cause: unknown): Promise<Acquisition> {
    const { mode, local, replicas } = this.options
    if (mode === 'closed')
      throw new GatewayError(
        'coordination_lost',
        'The store that all gateways of this installation share cannot be reached, and without it limits could not be kept. Send the request again in a moment.',
        { cause, retryAfterMs: 1_000 },
      )
    const share = mode === 'open' ? Infinity : 1 / Math.max(1, replicas())
    const answer = await local.acquire(
      id,
      claims.map((claim) => ({
        ...claim,
        limit: share === Infinity ? Number.MAX_SAFE_INTEGER : Math.max(1, Math.floor(claim.limit * share)),
      })),
    )
    if (answer.granted && claims.length > 0) this.grantedHere.set(id, [...(this.grantedHere.get(id) ?? []), ...claims])
    return answer
  }

  /** False when the shared store was not reached. */
  private async tell(call: () => unknown): Promise<boolean> {
    try {
      await call()
      return true
    } catch {
      this.lose()
      return false
    }
  }

  private lose(): void {
    if (this.isLost) return
    this.isLost = true
    this.options.changed(true)
  }

  /** The store answers again: what it has missed is told first. */
  private async reached(): Promise<void> {
    if (!this.isLost) return
    this.isLost = false
    this.options.changed(false)
    await this.tell(() => this.owed.pay())
  }
}
