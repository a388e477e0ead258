import type {
  BudgetRule,
  CallPriority,
  ConcurrencyRule,
  LimitRule,
  LimitSettings,
  RateRule,
  SubjectLimits,
  TokenWeights,
} from '../../ir/limits.ts'
import { projectName } from '../../ir/limits.ts'
import type { Principal } from '../../ir/principal.ts'

/** Everything that limits a caller, the most general first. */
export type LimitsOf = (principal: Principal) => readonly SubjectLimits[]

/** Limits as the configuration has them. */
export function configuredLimitsOf({ global, tenants, projects, owners, keys }: LimitSettings): LimitsOf {
  return ({ tenant, project, owner, keyId }) =>
    [
      global,
      tenant === undefined ? undefined : tenants.get(tenant),
      project === undefined
        ? undefined
        : (projects.get(projectName(tenant, project)) ?? projects.get(projectName(undefined, project))),
      owner === undefined ? undefined : owners.get(owner),
      keyId === undefined ? undefined : keys.get(keyId),
    ].filter((limits) => limits !== undefined)
}

/** A token rule with the weights of its subject. */
export interface WeighedRule {
  readonly rule: RateRule
  readonly weights: TokenWeights
}

/** The rules of several subjects, by when they are asked. */
export interface RuleSet {
  readonly requests: readonly RateRule[]
  readonly tokens: readonly WeighedRule[]
  readonly places: readonly ConcurrencyRule[]
  readonly budgets: readonly BudgetRule[]
  readonly priority: CallPriority
  /** A model without a known price may not be called: somebody has a budget and says so. */
  readonly needsPrice: boolean
  /** Calls of which nobody can tell what they use may not be made: somebody has a budget and says so. */
  readonly needsMeter: boolean
}

/** Of whoever is not limited. */
export const NO_RULES: RuleSet = {
  requests: [],
  tokens: [],
  places: [],
  budgets: [],
  priority: 'normal',
  needsPrice: false,
  needsMeter: false,
}

const EVEN: TokenWeights = { input: 1, cacheRead: 1, cacheWrite: 1, output: 1 }

/** Undefined when nothing limits anything. */
export function ruleSetOf(subjects: readonly SubjectLimits[]): RuleSet | undefined {
  if (subjects.length === 0) return undefined
  const requests: RateRule[] = []
  const tokens: WeighedRule[] = []
  const places: ConcurrencyRule[] = []
  const budgets: BudgetRule[] = []
  for (const { rules, tokenWeights } of subjects) {
    for (const rule of rules) {
      if (rule.measure === 'usd') budgets.push(rule)
      else if (rule.measure === 'concurrency') places.push(rule)
      else if (rule.measure === 'requests') requests.push(rule)
      else tokens.push({ rule, weights: tokenWeights ?? EVEN })
    }
  }
  return {
    requests,
    tokens,
    places,
    budgets,
    priority: subjects.findLast(({ priority }) => priority !== undefined)?.priority ?? 'normal',
    needsPrice: subjects.some((subject) => subject.unknownPrice !== 'allow' && hasBudget(subject)),
    needsMeter: subjects.some((subject) => subject.unmetered !== 'allow' && hasBudget(subject)),
  }
}

const hasBudget = ({ rules }: SubjectLimits): boolean => rules.some(({ measure }) => measure === 'usd')

/** The rules of callers, worked out once for each until `version` gives another value. */
export function rememberedRules(limitsOf: LimitsOf, version: () => unknown): (principal: Principal) => RuleSet | undefined {
  const known = new WeakMap<Principal, { readonly version: unknown; readonly rules: RuleSet | undefined }>()
  return (principal) => {
    const now = version()
    const earlier = known.get(principal)
    if (earlier !== undefined && earlier.version === now) return earlier.rules
    const rules = ruleSetOf(limitsOf(principal))
    known.set(principal, { version: now, rules })
    return rules
  }
}

export const allRules = ({ requests, tokens, places, budgets }: RuleSet): readonly LimitRule[] => [
  ...places,
  ...requests,
  ...tokens.map(({ rule }) => rule),
  ...budgets,
]

/** Whether anybody has a budget, so that prices should be loaded before the first call. */
export function hasBudgets({ global, tenants, projects, owners, keys, providers, accounts }: LimitSettings): boolean {
  const subjects = [tenants, projects, owners, keys, providers, accounts].flatMap((map) => [...map.values()])
  return [...(global === undefined ? [] : [global]), ...subjects].some(hasBudget)
}
