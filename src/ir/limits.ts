/** Whose limit it is. The first five are about the caller, the others about where a call goes. */
export type LimitScope = 'global' | 'tenant' | 'project' | 'owner' | 'key' | 'provider' | 'account'

/** Calendar periods of a budget; `total` never ends. */
export type BudgetPeriod = 'total' | 'day' | 'week' | 'month'

/** How soon a caller is served when there are more calls than places. */
export type CallPriority = 'high' | 'normal' | 'low'

/** What a token counts towards a limit of tokens, by kind; cached input is cheaper for everybody involved. */
export interface TokenWeights {
  readonly input: number
  readonly cacheRead: number
  readonly cacheWrite: number
  readonly output: number
}

interface RuleBase {
  readonly scope: LimitScope
  /** Name within the scope; empty for `global`. */
  readonly subject: string
  /** Name of what is counted, the same in every process. */
  readonly counter: string
  /** Shares of the limit, in rising order, of which somebody wants to hear. */
  readonly soft: readonly number[]
}

/** So many requests, or weighted tokens, a minute. */
export interface RateRule extends RuleBase {
  readonly measure: 'requests' | 'tokens'
  readonly limit: number
  /** `sliding` counts the last 60 seconds, `fixed` the minute of the clock. */
  readonly window: 'sliding' | 'fixed'
}

/** So many calls at once. */
export interface ConcurrencyRule extends RuleBase {
  readonly measure: 'concurrency'
  readonly limit: number
}

/** So much money in a calendar period. */
export interface BudgetRule extends RuleBase {
  readonly measure: 'usd'
  /** In nano-dollars. */
  readonly limit: number
  readonly period: BudgetPeriod
  /** IANA name. */
  readonly timeZone: string
}

export type LimitRule = RateRule | ConcurrencyRule | BudgetRule

/** Everything that limits one subject. */
export interface SubjectLimits {
  readonly rules: readonly LimitRule[]
  readonly priority?: CallPriority | undefined
  readonly tokenWeights?: TokenWeights | undefined
  /** What happens under a budget when nobody knows what a model costs. */
  readonly unknownPrice?: 'refuse' | 'allow' | undefined
  /** What happens under a budget to calls of which nobody can tell what they use. */
  readonly unmetered?: 'refuse' | 'allow' | undefined
}

/** What budgets inherit from `server.budget`. */
export interface InheritedBudget {
  readonly timezone: string
  readonly soft: readonly number[]
  readonly unknown_price: 'refuse' | 'allow'
  readonly unmetered: 'refuse' | 'allow'
}

/** Limits as configured, by what they are about. */
export interface LimitSettings {
  readonly global: SubjectLimits | undefined
  readonly tenants: ReadonlyMap<string, SubjectLimits>
  /** By tenant and project, see `projectName`. */
  readonly projects: ReadonlyMap<string, SubjectLimits>
  readonly owners: ReadonlyMap<string, SubjectLimits>
  readonly keys: ReadonlyMap<string, SubjectLimits>
  readonly providers: ReadonlyMap<string, SubjectLimits>
  /** By `provider/account`. */
  readonly accounts: ReadonlyMap<string, SubjectLimits>
  readonly inherited: InheritedBudget
  /** Longest wait for a place, in ms. */
  readonly admissionTimeoutMs: number
  /** Longest queue; further calls are refused at once. */
  readonly maxQueued: number
}

/** Projects of different tenants never share a name. */
export const projectName = (tenant: string | undefined, project: string): string => `${tenant ?? ''}/${project}`
