import type { GatewayError } from '../../errors/gateway-error.ts'
import type { LimitSettings } from '../../ir/limits.ts'
import type { Limited } from '../../ir/observed.ts'
import type { Principal } from '../../ir/principal.ts'
import type { Target } from '../../ir/target.ts'
import type { Deadlines } from '../../lib/deadlines.ts'
import { whenever, type Eventually } from '../../lib/eventually.ts'
import type { Acquisition } from '../../state/limits/store.ts'
import type { Call } from '../engine.ts'
import { estimateInputTokens } from '../token-estimate.ts'
import { AdmittedCall, callerOf } from './admitted-call.ts'
import { BudgetWatch, type BudgetCrossing } from './budget-watch.ts'
import { allRules, NO_RULES, rememberedRules, type LimitsOf, type RuleSet } from './caller-rules.ts'
import { refusedDemands, type Demand } from './demand.ts'
import { FairQueue } from './fair-queue.ts'
import { limitHeaders } from './limit-headers.ts'
import { limitRefusal, worstRefusal } from './limit-refusal.ts'
import type { BudgetUse, QueueState } from '../../observability/settled-cost.ts'
import type { CallLimits, Limiter, OwnBudget, RuleStanding } from './limiter.ts'
import { ownBudget } from './own-budget.ts'
import { LimitedPlaces } from './limited-places.ts'
import { LimiterCore, type LimiterCoreOptions } from './limiter-core.ts'

export interface LimiterOptions extends Omit<LimiterCoreOptions, 'places' | 'watch'> {
  readonly settings: LimitSettings
  /** Everything that limits a caller, whoever keeps it. */
  readonly limitsOf: LimitsOf
  /** Another value whenever limits may have changed. */
  readonly version: () => unknown
  /** Names of a provider's accounts. */
  readonly accountsOf: (provider: string) => readonly string[]
  readonly deadlines: Deadlines
  /** Told once a period when a budget has passed a threshold, and when it is spent. */
  readonly crossed?: ((crossing: BudgetCrossing) => void) | undefined
}

export function createLimiter(options: LimiterOptions): Limiter {
  return new MeteredLimiter(options)
}

const WINDOWS = { total: 'total', day: 'daily', week: 'weekly', month: 'monthly' } as const

/** Whoever the gateway calls for when it calls for itself: under the limits of all callers, and of none. */
const NOBODY: Principal = { role: 'admin' }

class MeteredLimiter implements Limiter {
  private readonly core: LimiterCore
  private readonly rulesOf: (principal: Principal) => RuleSet | undefined
  private readonly places: LimitedPlaces
  private readonly queued: FairQueue
  readonly own: OwnBudget

  constructor(options: LimiterOptions) {
    const { settings, clock, deadlines } = options
    this.rulesOf = rememberedRules(options.limitsOf, options.version)
    this.places = new LimitedPlaces(settings, options.accountsOf)
    this.core = new LimiterCore({ ...options, places: this.places, watch: new BudgetWatch(options.crossed) })
    this.own = ownBudget(this.core, ({ target, account }) => [
      ...(this.rulesOf(NOBODY) ?? NO_RULES).budgets,
      ...this.places.rulesOf(target.provider, account.id).budgets,
    ])
    this.queued = new FairQueue({ clock, deadlines, timeoutMs: settings.admissionTimeoutMs, maxQueued: settings.maxQueued })
  }

  admit(call: Call): Eventually<CallLimits | undefined> {
    const rules = this.rulesOf(call.principal)
    if (rules !== undefined) return this.enter(call, rules)
    return this.places.isEmpty ? undefined : this.enter(call, NO_RULES)
  }

  get queue(): QueueState {
    return { waiting: this.queued.size, longestWaitMs: this.queued.longestWaitMs }
  }

  get budgets(): readonly BudgetUse[] {
    return this.core.watch.standings(this.core.clock.wall()).map(({ rule, used }) => ({
      scope: rule.scope,
      id: rule.subject,
      window: WINDOWS[rule.period],
      limitNanos: rule.limit,
      usedNanos: used,
    }))
  }

  configure(settings: LimitSettings): void {
    this.places.configure(settings)
    this.queued.configure({ timeoutMs: settings.admissionTimeoutMs, maxQueued: settings.maxQueued })
  }

  limitedBy({ provider }: Pick<Target, 'provider'>): Limited | undefined {
    return this.places.limitedBy(provider, this.core.clock.wall())
  }

  accountBlockedMs(provider: string, account: string): number | undefined {
    return this.places.accountBlockedMs(provider, account, this.core.clock.wall())
  }

  async statusOf(principal: Principal): Promise<readonly RuleStanding[]> {
    const rules = allRules(this.rulesOf(principal) ?? NO_RULES)
    const demands = rules.map((rule) => ({ rule, amount: 0 }))
    const standings = await this.core.store.look(this.core.claims(demands, this.core.clock.wall()))
    return rules.map((rule, index) => ({ ...standings[index]!, rule }))
  }

  private enter(call: Call, rules: RuleSet): Eventually<CallLimits> {
    const { core, queued } = this
    const demands = this.demandsOf(call, rules)
    const mayWait = rules.places.some(isForAll)
    const flow = flowOf(call.principal)
    let standings: readonly RuleStanding[] = []
    const acquire = (): Eventually<boolean> =>
      whenever(this.acquire(call, demands), (taken) => {
        standings = taken ?? []
        return taken !== undefined
      })
    const ended = (): void => {
      if (mayWait) queued.left(flow)
    }
    const admitted = (queuedMs: number): CallLimits =>
      new AdmittedCall(core, { call, rules, demands, standings, queuedMs, ended })
    if (!mayWait) return whenever(acquire(), () => admitted(0))
    const giveBack = (): void => core.settle(call.requestId, {}, [])
    return whenever(queued.enter({ flow, priority: rules.priority, signal: call.signal, acquire, giveBack }), admitted)
  }

  private demandsOf(call: Call, { requests, tokens, places }: RuleSet): Demand[] {
    const demands: Demand[] = [...places, ...requests].map((rule) => ({ rule, amount: 1 }))
    if (tokens.length === 0) return demands
    const { request, body } = call
    const size = { estimatedInputTokens: estimateInputTokens(request, body), maxOutputTokens: request.maxOutputTokens }
    const caller = callerOf(call)
    for (const weighed of tokens) demands.push({ rule: weighed.rule, amount: this.core.estimatedTokens(weighed, size, caller) })
    return demands
  }

  /** Undefined when only the places of all calls together are taken. */
  private acquire(call: Call, demands: readonly Demand[]): Eventually<readonly RuleStanding[] | undefined> {
    if (demands.length === 0) return []
    const { core } = this
    const wall = core.clock.wall()
    return whenever(core.store.acquire(call.requestId, core.claims(demands, wall)), (answer) =>
      answer.granted
        ? demands.map(({ rule }, index) => ({ ...answer.standings[index]!, rule }))
        : this.refused(call, demands, answer, wall),
    )
  }

  private refused(
    call: Call,
    demands: readonly Demand[],
    answer: Extract<Acquisition, { granted: false }>,
    wall: number,
  ): undefined {
    const refused = refusedDemands(demands, answer.refused)
    const own = refused.filter(({ rule }) => !isForAll(rule))
    if (own.length === 0) return undefined
    const error: GatewayError = limitRefusal(worstRefusal(own, wall), 'limit_exceeded', wall)
    throw error.withHeaders(
      limitHeaders(
        own.map(({ rule, claim }) => ({ ...claim, rule })),
        call.codec.format,
        wall,
      ),
    )
  }
}

/** Places of all calls together: the only limit that is worth waiting for. */
const isForAll = ({ scope, measure }: Demand['rule']): boolean => scope === 'global' && measure === 'concurrency'

/** Between whom places are shared out. */
const flowOf = ({ tenant, owner, keyId }: Principal): string => tenant ?? owner ?? keyId ?? ''
