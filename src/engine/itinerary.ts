import type { Account } from '../credentials/account.ts'
import type { AccountPool } from '../credentials/account-pool.ts'
import type { NextStep } from '../errors/codes.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { ProviderId } from '../ir/ids.ts'
import type { RoutePlan } from '../ir/decision.ts'
import type { Target } from '../ir/target.ts'
import type { Provider } from '../providers/provider.types.ts'
import { lastResort, lockedOutError, type LockedTarget } from './locked-out.ts'

/** One place a call can be sent to. */
export interface Dispatch {
  readonly provider: Provider
  readonly target: Target
  readonly account: Account
}

export interface ItineraryOptions {
  readonly plan: RoutePlan
  /** Further tries at one account after a passing fault. */
  readonly maxRetries: number
  readonly providers: ReadonlyMap<ProviderId, Provider>
  readonly accounts: AccountPool
}

const NO_ACCOUNTS: readonly Account[] = []

/**
 * Where a call goes next: the targets of its plan in order, the accounts of each, and how often one is tried again. Holds the state of
 * the attempt loop and does nothing itself.
 */
export class Itinerary implements Dispatch {
  /** Targets passed over because all their accounts were locked. */
  readonly locked: LockedTarget[] = []
  provider!: Provider
  target!: Target
  account!: Account
  /** Tries at the present account that failed. */
  retries = 0
  private readonly options: ItineraryOptions
  private usable: readonly Account[] = NO_ACCOUNTS
  private accountIndex = 0
  private targetIndex = -1
  private retriesLeft: number
  private lastError: GatewayError | undefined = undefined
  private isLastResort = false

  constructor(options: ItineraryOptions) {
    this.options = options
    this.retriesLeft = options.maxRetries
  }

  /** Moves to the first place. False when there is none: `error` says why. */
  begin(): boolean {
    return this.nextTarget()
  }

  /** What can still follow `wanted`: no retry is left, or no further account. */
  feasible(wanted: NextStep): NextStep {
    return wanted === 'retry' && this.retriesLeft <= 0 ? 'next-account' : wanted
  }

  /** The attempt failed and `step` follows. False when nothing is left to try: `error` tells the client. */
  advance(step: NextStep, error: GatewayError): boolean {
    this.lastError = error
    if (step === 'stop') return false
    if (step === 'retry') {
      this.retries++
      this.retriesLeft--
      return true
    }
    if (step === 'next-account' && this.nextAccount()) return true
    return !this.isLastResort && this.nextTarget()
  }

  /** Why nothing is left to try. */
  get error(): GatewayError {
    return this.lastError ?? (this.locked.length > 0 ? lockedOutError(this.locked) : noTarget(this.options.plan))
  }

  private nextAccount(): boolean {
    const account = this.usable[this.accountIndex + 1]
    if (account === undefined) return false
    this.accountIndex++
    this.at(account)
    return true
  }

  private nextTarget(): boolean {
    const { plan, providers, accounts } = this.options
    while (++this.targetIndex < plan.targets.length) {
      const target = plan.targets[this.targetIndex]!
      const provider = providers.get(target.provider)
      if (provider === undefined) continue
      this.usable = accounts.candidates(provider.id, target.model)
      this.accountIndex = 0
      const [first] = this.usable
      if (first === undefined) {
        this.locked.push({ provider, target, accounts: accounts.locked(provider.id, target.model) })
        continue
      }
      this.provider = provider
      this.target = target
      this.at(first)
      return true
    }
    return this.lastError === undefined && this.resort()
  }

  /** Nothing was tried, because everything is locked: one place may be worth a try all the same. */
  private resort(): boolean {
    const found = lastResort(this.locked)
    if (found === undefined) return false
    this.isLastResort = true
    this.provider = found.provider
    this.target = found.target
    this.usable = NO_ACCOUNTS
    this.at(found.account)
    this.retriesLeft = 0
    return true
  }

  private at(account: Account): void {
    this.account = account
    this.retries = 0
    this.retriesLeft = this.options.maxRetries
  }
}

function noTarget(plan: RoutePlan): GatewayError {
  const reasons = plan.rejected.map((rejection) => `${rejection.target_id}: ${rejection.reason}`).join('; ')
  return new GatewayError('no_eligible_target', `No target of route "${plan.route}" can serve this request. ${reasons}`, {
    details: { rejected: plan.rejected.map(({ target_id, code }) => ({ target_id, code })) },
  })
}
