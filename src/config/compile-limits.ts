import type { ApiKeySettings } from '../http/server.settings.schema.ts'
import {
  projectName,
  type BudgetPeriod,
  type InheritedBudget,
  type LimitRule,
  type LimitScope,
  type LimitSettings,
  type SubjectLimits,
} from '../ir/limits.ts'
import type { BudgetConfig, RateLimitsConfig } from '../lib/limit-fields.ts'
import { nearest } from '../lib/nearest.ts'
import type { ConfigParts, Located } from './compile-context.ts'
import type { ConfigPath } from './config-path.ts'
import type { ConfigNotes } from './problem.ts'
import { showText } from './secrecy.ts'

/** One entry that can have limits, wherever it stands. */
export interface Limited {
  readonly scope: LimitScope
  readonly subject: string
  readonly limits?: (NonNullable<RateLimitsConfig> | Omit<NonNullable<RateLimitsConfig>, 'priority'>) | undefined
  readonly budget?: BudgetConfig
}

const PERIODS = [
  ['total', 'max_usd'],
  ['day', 'daily_usd'],
  ['week', 'weekly_usd'],
  ['month', 'monthly_usd'],
] as const satisfies readonly (readonly [BudgetPeriod, string])[]

/** Limits and budgets of everybody, as rules with the names of their counters. */
export function compileLimits(parts: ConfigParts, apiKeys: readonly ApiKeySettings[], notes: ConfigNotes): LimitSettings {
  const { server } = parts
  const inherited: InheritedBudget = {
    timezone: server.budget?.timezone ?? 'UTC',
    soft: server.budget?.soft ?? [],
    unknown_price: server.budget?.unknown_price ?? 'refuse',
    unmetered: server.budget?.unmetered ?? 'refuse',
  }
  const limitsOf = (entry: Limited): SubjectLimits | undefined => subjectLimits(entry, inherited)
  const serverLimits = withShortForm(
    server.limits,
    { value: server.max_concurrency, path: ['server', 'max_concurrency'] },
    ['server', 'limits', 'max_concurrency'],
    notes,
  )
  return {
    global: limitsOf({ scope: 'global', subject: '', limits: serverLimits, budget: server.budget }),
    tenants: byName(
      parts.tenants.map((tenant) => tenantOf(tenant, notes)),
      limitsOf,
    ),
    projects: byName(projectsOf(parts, notes), limitsOf),
    owners: byName(
      parts.owners.map(({ value }) => ({ scope: 'owner', subject: value.id, limits: value.limits, budget: value.budget })),
      limitsOf,
    ),
    keys: byName(
      apiKeys.map(({ id, limits, budget }) => ({ scope: 'key', subject: id, limits, budget })),
      limitsOf,
    ),
    providers: byName(providersOf(parts, notes), limitsOf),
    accounts: byName(
      parts.providers.flatMap(({ value: { id, accounts } }) =>
        accounts.map((account): Limited => ({ ...account, scope: 'account', subject: `${id}/${account.id}` })),
      ),
      limitsOf,
    ),
    inherited,
    admissionTimeoutMs: server.admission_timeout_ms,
    maxQueued: server.admission_queue,
  }
}

function byName(
  entries: readonly Limited[],
  limitsOf: (entry: Limited) => SubjectLimits | undefined,
): Map<string, SubjectLimits> {
  const found = new Map<string, SubjectLimits>()
  for (const entry of entries) {
    const limits = limitsOf(entry)
    if (limits !== undefined) found.set(entry.subject, limits)
  }
  return found
}

/** Undefined when there is nothing to say of it, which costs nothing later. */
export function subjectLimits(
  { scope, subject, limits, budget }: Limited,
  inherited: InheritedBudget,
): SubjectLimits | undefined {
  const priority = limits !== undefined && 'priority' in limits ? limits.priority : undefined
  const rules = [...rateRules(scope, subject, limits), ...budgetRules(scope, subject, budget, inherited)]
  if (rules.length === 0 && priority === undefined) return undefined
  const weights = limits?.token_weights
  return {
    rules,
    priority,
    tokenWeights:
      weights === undefined
        ? undefined
        : { input: weights.input, cacheRead: weights.cache_read, cacheWrite: weights.cache_write, output: weights.output },
    unknownPrice: budget?.unknown_price ?? inherited.unknown_price,
    unmetered: budget?.unmetered ?? inherited.unmetered,
  }
}

function rateRules(scope: LimitScope, subject: string, limits: Limited['limits']): LimitRule[] {
  if (limits === undefined) return []
  const base = { scope, subject, soft: [] }
  const counter = (measure: string): string => `${scope}:${subject}/${measure}`
  const { requests_per_minute: requests, tokens_per_minute: tokens, max_concurrency: calls, window } = limits
  const rules: LimitRule[] = []
  if (calls !== undefined) rules.push({ ...base, counter: counter('concurrency'), measure: 'concurrency', limit: calls })
  if (requests !== undefined)
    rules.push({ ...base, counter: counter(`requests/${window}`), measure: 'requests', limit: requests, window })
  if (tokens !== undefined)
    rules.push({ ...base, counter: counter(`tokens/${window}`), measure: 'tokens', limit: tokens, window })
  return rules
}

/** The name of a counter says in which calendar it counts: another time zone is another count. */
function budgetRules(scope: LimitScope, subject: string, budget: BudgetConfig, inherited: InheritedBudget): LimitRule[] {
  if (budget === undefined) return []
  const timeZone = budget.timezone ?? inherited.timezone
  const soft = (budget.soft ?? inherited.soft).toSorted((left, right) => left - right)
  return PERIODS.flatMap(([period, key]): LimitRule[] => {
    const dollars = budget[key]
    if (dollars === undefined || dollars === null) return []
    const counter = `${scope}:${subject}/usd/${period}${period === 'total' ? '' : `@${timeZone}`}`
    return [{ scope, subject, counter, soft, measure: 'usd', limit: Math.round(dollars * 1e9), period, timeZone }]
  })
}

function tenantOf({ value, path }: ConfigParts['tenants'][number], notes: ConfigNotes): Limited {
  const limits = withShortForm(
    value.limits,
    { value: value.max_concurrency, path: [...path, 'max_concurrency'] },
    [...path, 'limits', 'max_concurrency'],
    notes,
  )
  const short = value.budget_usd ?? undefined
  if (short !== undefined && value.budget?.max_usd !== undefined && value.budget.max_usd !== short)
    twice([...path, 'budget_usd'], 'budget.max_usd', notes)
  const budget = short === undefined ? value.budget : { ...value.budget, max_usd: short }
  return { scope: 'tenant', subject: value.id, limits, budget }
}

/** Limits with the concurrency that stands beside them. */
function withShortForm(
  limits: Limited['limits'],
  short: { readonly value: number | null | undefined; readonly path: ConfigPath },
  long: ConfigPath,
  notes: ConfigNotes,
): Limited['limits'] {
  const calls = short.value ?? undefined
  if (calls === undefined) return limits
  if (limits?.max_concurrency !== undefined && limits.max_concurrency !== calls)
    twice(short.path, long.slice(-2).join('.'), notes)
  return limits === undefined ? { ...NO_RATES, max_concurrency: calls } : { ...limits, max_concurrency: calls }
}

const NO_RATES = { window: 'sliding', token_weights: { input: 1, cache_read: 0.1, cache_write: 1, output: 1 } } as const

const twice = (path: ConfigPath, other: string, notes: ConfigNotes): void =>
  notes.problem(path, `This is the short form of \`${other}\`, which stands beside it with another value. Keep one of the two.`)

function projectsOf(parts: ConfigParts, notes: ConfigNotes): Limited[] {
  const tenants = parts.tenants.map(({ value }) => value.id)
  const seen = new Set<string>()
  return parts.projects.map(({ value, path }): Limited => {
    const { tenant, id } = value
    if (tenant !== undefined && tenants.length > 0 && !tenants.includes(tenant))
      tellUnknown({ value: tenant, path: [...path, 'tenant'] }, 'tenant', tenants, notes)
    const subject = projectName(tenant, id)
    if (seen.has(subject)) notes.problem([...path, 'id'], `Two projects of this tenant are named ${id}. Give each its own id.`)
    seen.add(subject)
    return { scope: 'project', subject, limits: value.limits, budget: value.budget }
  })
}

function providersOf(parts: ConfigParts, notes: ConfigNotes): Limited[] {
  const caps = parts.server.budget?.per_provider_usd ?? {}
  for (const id of Object.keys(caps)) {
    if (!parts.declaredProviders.has(id))
      tellUnknown(
        { value: id, path: ['server', 'budget', 'per_provider_usd', id] },
        'provider',
        [...parts.declaredProviders],
        notes,
      )
  }
  return parts.providers.map(({ value }): Limited => {
    const cap = Object.hasOwn(caps, value.id) ? caps[value.id] : undefined
    if (cap !== undefined && value.budget?.max_usd !== undefined && value.budget.max_usd !== cap)
      twice(['server', 'budget', 'per_provider_usd', value.id], `providers[].budget.max_usd`, notes)
    const budget = cap === undefined ? value.budget : { ...value.budget, max_usd: cap }
    return { scope: 'provider', subject: value.id, limits: value.limits, budget }
  })
}

function tellUnknown({ value, path }: Located<string>, what: string, known: readonly string[], notes: ConfigNotes): void {
  const suggestion = nearest(value, known)
  const hint = suggestion === undefined ? `Add it to \`${what}s\`.` : `Did you mean ${suggestion}?`
  notes.problem(path, `There is no ${what} ${showText(value)}. ${hint}`, { expected: `one of ${known.join(', ')}`, suggestion })
}
