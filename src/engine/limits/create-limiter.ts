import type { LimitSettings } from '../../ir/limits.ts'
import type { Limited } from '../../ir/observed.ts'
import type { Principal } from '../../ir/principal.ts'
import type { Target } from '../../ir/target.ts'
import type { Deadlines } from '../../lib/deadlines.ts'
import type { Eventually } from '../../lib/eventually.ts'
import type { Call } from '../engine.ts'
import { AdmittedCall } from './admitted-call.ts'
import { BudgetWatch, type BudgetCrossing } from './budget-watch.ts'
import { allRules, NO_RULES, rememberedRules, type LimitsOf, type RuleSet } from './caller-rules.ts'
import { FairQueue } from './fair-queue.ts'
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
    const rules = this.rulesOf(call.principal) ?? (this.places.isEmpty ? undefined : NO_RULES)
    return rules && new AdmittedCall(this.core, call, this.core.groupsOf(rules), this.queued).enter()
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
    const { store, meters, clock } = this.core
    const wall = clock.wall()
    const standings = await store.look(rules.map((rule) => meters.of(rule).claim(0, wall)))
    return rules.map((rule, index) => ({ ...standings[index]!, rule }))
  }
}
