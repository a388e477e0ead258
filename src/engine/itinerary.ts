import { isSameAccount, type Account } from '../credentials/account.ts'
import type { LockedAccount } from '../credentials/account-pool.ts'
import type { NextStep } from '../errors/codes.ts'
import { boundTo } from '../routing/answer-origin.ts'
import type { GatewayError } from '../errors/gateway-error.ts'
import { providerOf, type AccountId, type ProviderId } from '../ir/ids.ts'
import type { KnownOrigin } from '../ir/question.ts'
import type { RoutePlan } from '../ir/decision.ts'
import type { Target } from '../ir/target.ts'
import type { Provider } from '../providers/provider.types.ts'
import type { HealthStore, Permit } from '../state/health/store.ts'
import { allowedAccounts, type AccountChoice } from './allowed-accounts.ts'
import type { Conversation } from './conversation.ts'
import type { Decided, ExecutionDeps } from './execution-deps.ts'
import { lastResort } from './last-resort.ts'
import type { Limiter } from './limits/limiter.ts'
import { noTarget } from './no-target.ts'
import { PassedTargets } from './passed-targets.ts'

/** One place a call can be sent to, with leave to send it there. */
export interface Dispatch {
  readonly provider: Provider
  readonly target: Target
  readonly account: Account
  /** Must be settled, whatever becomes of the call. */
  readonly permit: Permit
}

export interface ItineraryOptions {
  readonly plan: RoutePlan
  /** Further tries at one account after a passing fault. */
  readonly maxRetries: number
  readonly providers: ReadonlyMap<ProviderId, Provider>
  /** As the caller may use it. */
  readonly accounts: AccountChoice
  readonly health: HealthStore
  /** Context window of a target in tokens, where it is known. */
  readonly windowOf: (target: Target) => number | undefined
  /** Prompt size in tokens, estimated. */
  readonly inputTokens: number
  readonly conversation: Conversation | undefined
  /** Who gave the answer that the call continues, where that is remembered. */
  readonly origin: KnownOrigin | undefined
  /** Only the origin's account may serve. */
  readonly isBound: boolean
  readonly limiter?: Pick<Limiter, 'accountBlockedMs'> | undefined
}

export const createItinerary = ({ revision, plan, route, question, conversation }: Decided, deps: ExecutionDeps): Itinerary =>
  new Itinerary({
    origin: question.origin?.kind === 'known' ? question.origin : undefined,
    isBound: boundTo(route, question) !== undefined,
    plan,
    maxRetries: route.maxRetries,
    providers: revision.providers,
    accounts: allowedAccounts(deps.accounts, question.principal),
    health: deps.health,
    windowOf: (target) => deps.modelFacts(target).contextWindow,
    inputTokens: question.estimatedInputTokens,
    conversation,
    limiter: deps.limiter,
  })

const NO_ACCOUNTS: readonly Account[] = []
/** Estimates of prompts are hardly ever more than a third too high. */
const CERTAIN_SHARE = 0.75

/**
 * Where a call goes next: the targets of its plan in order, the accounts of each, and how often one is tried again. Holds the state of
 * the attempt loop and sends nothing itself. After `begin` or `advance` said true, exactly one `dispatch` may be taken.
 */
export class Itinerary {
  /** Targets that were not called, and why. */
  readonly passed = new PassedTargets()
  /** Tries at the present account that failed. */
  retries = 0
  private readonly options: ItineraryOptions
  private provider!: Provider
  private target!: Target
  private permit!: Permit
  private usable: readonly Account[] = NO_ACCOUNTS
  private accountIndex = 0
  private targetIndex = -1
  private retriesLeft: number
  private lastError: GatewayError | undefined = undefined
  private isLastResort = false
  /** The largest window that was too small. */
  private smallWindow = 0
  /** What answers told of limits is believed. */
  private heedsLimits = true
  private wasShort = false
  /** Sizes are estimates: only what is needed for certain counts. */
  private readonly neededTokens: number

  constructor(options: ItineraryOptions) {
    this.options = options
    this.retriesLeft = options.maxRetries
    this.neededTokens = Math.floor(options.inputTokens * CERTAIN_SHARE)
  }

  /** The place the itinerary stands at. */
  get dispatch(): Dispatch {
    const { provider, target, permit } = this
    return { provider, target, permit, account: this.usable[this.accountIndex]! }
  }

  /** Moves to the first place that may be called. False when there is none; it may be called again after a wait. */
  begin(): boolean {
    this.targetIndex = -1
    this.passed.clear()
    return this.nextTarget() || this.resort()
  }

  /**
   * Nothing may be called by what is known, and waiting is no use. Where it was only that a prompt seems larger than what is left of a
   * limit, the upstream has the word: `begin` then asks it all the same. False when that is not so, or was done before.
   */
  insist(): boolean {
    const { wasShort, heedsLimits } = this
    this.heedsLimits = false
    return wasShort && heedsLimits
  }

  /** Whether it stands at this place. */
  isAt({ target, account }: Pick<Dispatch, 'target'> & { readonly account: Pick<Account, 'id'> }): boolean {
    return target === this.target && account.id === this.usable[this.accountIndex]?.id
  }

  /** For a second attempt beside the first: moves to the next target. False when there is none. */
  beside(): boolean {
    return !this.isLastResort && this.nextTarget()
  }

  /** The prompt did not fit this target: those with no larger window are passed over from now on. */
  tooSmall(window: number | undefined): void {
    this.smallWindow = Math.max(this.smallWindow, window ?? 0)
  }

  /** Gives back the leave to call a place that will not be called. */
  abandon(): void {
    this.permit.settle({ kind: 'cancelled', streamed: false })
  }

  /** What can follow where the table wants `wanted`: a retry only within its limit and the target's budget. */
  feasible(wanted: NextStep): NextStep {
    if (wanted !== 'retry') return wanted
    return this.retriesLeft > 0 && this.options.health.spendRetry(this.target) ? 'retry' : 'next-account'
  }

  /** The attempt failed and `step` follows. False when nothing is left to try: `error` tells the client. */
  advance(step: NextStep, error: GatewayError): boolean {
    this.lastError = error
    if (step === 'stop') return false
    if (step === 'retry') {
      this.retries++
      this.retriesLeft--
      if (this.admitted()) return true
    }
    if (step === 'next-account' && this.nextAccount()) return true
    return !this.isLastResort && this.nextTarget()
  }

  /** Why nothing is left to try. */
  get error(): GatewayError {
    if (this.lastError !== undefined) return this.inTime(this.lastError)
    const { plan, inputTokens } = this.options
    return this.passed.isEmpty ? noTarget(plan, inputTokens) : this.passed.error(plan.route, inputTokens)
  }

  /** Whoever refused last is not who may be asked first again: the client is told the earliest time of all. */
  private inTime(error: GatewayError): GatewayError {
    const { plan, accounts, isBound } = this.options
    if (error.retryAfterMs === undefined || isBound) return error
    const waits = plan.targets.flatMap(({ provider, model }) => accounts.availability(provider, model).recoveryMs ?? [])
    const soonest = Math.min(error.retryAfterMs, ...waits)
    return soonest === error.retryAfterMs ? error : error.retryableAfter(soonest)
  }

  private nextAccount(): boolean {
    while (++this.accountIndex < this.usable.length) if (this.admitted()) return this.arrived()
    return false
  }

  private nextTarget(): boolean {
    const { plan, providers } = this.options
    while (++this.targetIndex < plan.targets.length) {
      const target = plan.targets[this.targetIndex]!
      const provider = providers.get(target.provider)
      if (provider === undefined) continue
      this.target = target
      this.provider = provider
      if (this.isOutgrown(target)) {
        this.passed.add(target, 'upstream_context_too_long', undefined)
        continue
      }
      this.usable = this.accountsHere()
      this.accountIndex = 0
      if (this.usable.length > 0 && !this.isOverLimit(target) && this.admitted()) return this.arrived()
    }
    return false
  }

  /** The prompt is known not to fit: it did not fit a window of this size, now or in an earlier turn. */
  private isOutgrown(target: Target): boolean {
    const { windowOf, conversation, inputTokens } = this.options
    if (this.smallWindow === 0 && conversation === undefined) return false
    const window = windowOf(target)
    return (window !== undefined && window <= this.smallWindow) || conversation?.hasOutgrown(target, inputTokens, window) === true
  }

  /** The accounts of the present target that can be used, the best first. */
  private accountsHere(): readonly Account[] {
    const { accounts } = this.options
    const { onlyAccount, provider, target } = this
    const short = this.heedsLimits ? accounts.short(provider.id, target.model, this.neededTokens) : undefined
    const chosen =
      onlyAccount === undefined
        ? accounts.select(provider.id, target.model, short, this.preferred())
        : accounts.candidates(provider.id, target.model, short).filter(({ id }) => id === onlyAccount)
    const usable = knownTo(provider, chosen)
    if (usable.length === 0) this.passed.addLocked(provider, target, this.lockedHere(short))
    return usable
  }

  /** The accounts of the present target that could be used later. */
  private lockedHere(short: ReadonlyMap<AccountId, number> | undefined): LockedAccount[] {
    const { accounts } = this.options
    const { onlyAccount, provider, target } = this
    const locked = [...accounts.locked(provider.id, target.model)]
    if (short !== undefined)
      for (const account of accounts.candidates(provider.id, target.model)) {
        const waitMs = short.get(account.id)
        if (waitMs === undefined) continue
        const code = waitMs === Number.POSITIVE_INFINITY ? 'upstream_request_over_limit' : 'upstream_rate_limited'
        locked.push({ account, recoveryMs: Math.ceil(waitMs), codes: [code] })
        this.wasShort = true
      }
    return onlyAccount === undefined ? locked : locked.filter(({ account }) => account.id === onlyAccount)
  }

  /** The account that keeps the turns before the call, where no other may serve. */
  private get onlyAccount(): AccountId | undefined {
    const { origin, isBound } = this.options
    return isBound ? origin?.account : undefined
  }

  /** Leaves out accounts whose own limits are used up; true when none is left. */
  private isOverLimit(target: Target): boolean {
    const { limiter } = this.options
    if (limiter === undefined || this.usable.every(({ id }) => limiter.accountBlockedMs(target.provider, id) === undefined))
      return false
    const waits: number[] = []
    this.usable = this.usable.filter(({ id }) => {
      const wait = limiter.accountBlockedMs(target.provider, id)
      if (wait !== undefined) waits.push(wait)
      return wait === undefined
    })
    if (this.usable.length > 0) return false
    const soonest = Math.min(...waits)
    this.passed.add(target, 'target_over_limit', soonest === Infinity ? undefined : soonest)
    return true
  }

  /** The account that keeps the turns before the call, or the session's prompt cache. */
  private preferred(): AccountId | undefined {
    const { origin, plan } = this.options
    if (origin !== undefined && providerOf(origin.target) === this.provider.id) return origin.account
    return this.targetIndex === 0 ? plan.account : undefined
  }

  /** Nothing may be called, because everything is locked: one place may be worth a try all the same. */
  private resort(): boolean {
    const found = lastResort(this.passed.locked)
    if (found === undefined) return false
    this.provider = found.provider
    this.target = found.target
    this.usable = [found.account]
    this.accountIndex = 0
    if (!this.admitted()) return false
    this.arrived()
    this.isLastResort = true
    this.retriesLeft = 0
    return true
  }

  /** Asks for leave to call the present account. */
  private admitted(): boolean {
    const answer = this.options.health.admit(this.target)
    if (answer.admitted) this.permit = answer
    else this.passed.add(this.target, answer.code, answer.retryAfterMs)
    return answer.admitted
  }

  private arrived(): true {
    this.retries = 0
    this.retriesLeft = this.options.maxRetries
    return true
  }
}

/**
 * A provider that was changed since the call began has its own accounts, with the credentials they had. Those that are still configured so
 * can be used.
 */
function knownTo({ settings }: Provider, accounts: readonly Account[]): readonly Account[] {
  if (accounts.every((account) => settings.accounts.includes(account))) return accounts
  return accounts.filter((account) => settings.accounts.some((own) => isSameAccount(own, account)))
}
