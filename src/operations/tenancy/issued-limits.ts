import { subjectLimits } from '../../config/compile-limits.ts'
import { GatewayError } from '../../errors/gateway-error.ts'
import type { LimitsOf } from '../../engine/limits/caller-rules.ts'
import { projectName, type InheritedBudget, type LimitRule, type SubjectLimits } from '../../ir/limits.ts'
import type { JsonObject } from '../../ir/json.ts'
import type { Principal } from '../../ir/principal.ts'
import { budget, callerLimits } from '../../lib/limit-fields.ts'
import type { KeyDirectory } from '../../state/tenancy/key-directory.ts'
import type { TenancyKind } from '../../state/tenancy/store.ts'
import { invalidField } from '../body-fields.ts'
import type { ReadLimits } from './tenancy-parts.ts'

/** Limits of a key, owner, project or tenant: the fields of `limits` in the configuration, and its `budget` among them. */
const issuedLimits = callerLimits.unwrap().extend({ budget })

/** Checks limits in an order of an operator; what is not said keeps its default. Throws `invalid_body` naming the field. */
export const readIssuedLimits: ReadLimits = (value) => {
  const read = issuedLimits.safeParse(value)
  if (!read.success) {
    const [first] = read.error.issues
    const path = ['limits', ...(first?.path ?? [])].join('.')
    throw invalidField(`\`${path}\` is not valid: ${first?.message ?? 'it cannot be read'}.`, path)
  }
  // As written: defaults are those of the program that enforces them.
  return value as JsonObject
}

/**
 * The limits that operators gave to keys and to what these belong to. Throws `state_incompatible` where they cannot be read: nobody may spend
 * without the limits that were meant.
 */
export const issuedLimitsOf =
  (directory: Pick<KeyDirectory, 'limitsOf'>, inherited: () => InheritedBudget): LimitsOf =>
  (principal) =>
    compiled(principal, directory, inherited())

function compiled(
  { tenant, project, owner, keyId }: Principal,
  directory: Pick<KeyDirectory, 'limitsOf'>,
  inherited: InheritedBudget,
): SubjectLimits[] {
  const of = (scope: TenancyKind, id: string | undefined, subject = id): SubjectLimits[] => {
    const written = id === undefined ? undefined : directory.limitsOf(scope, id)
    if (written === undefined || subject === undefined) return []
    // What another release wrote may hold fields that this one does not know; then it is enforced as far as it is understood.
    const read = issuedLimits.loose().safeParse(written)
    if (!read.success) throw unreadable(scope, id!)
    const { budget: money, ...limits } = read.data
    const found = subjectLimits({ scope, subject, limits, budget: money }, inherited)
    return found === undefined ? [] : [found]
  }
  const inTenant = tenant === undefined || project === undefined ? undefined : `${tenant}/${project}`
  return [
    ...of('tenant', tenant),
    ...of('project', inTenant, project === undefined ? undefined : projectName(tenant, project)),
    ...of('owner', owner),
    ...of('key', keyId),
  ]
}

const unreadable = (scope: TenancyKind, id: string): GatewayError =>
  new GatewayError(
    'state_incompatible',
    `The limits of ${scope} "${id}" cannot be read by this release, so its calls are refused. ` +
      'Give it its limits again, or run the release that wrote them.',
  )

/** One list of several, the most general first within each. Where both limit the same, the counter is asked once, for the smaller limit. */
export function joinedLimitsOf(first: LimitsOf, second: LimitsOf): LimitsOf {
  return (principal) => {
    const more = second(principal)
    return more.length === 0 ? first(principal) : strictest([...first(principal), ...more])
  }
}

function strictest(subjects: readonly SubjectLimits[]): readonly SubjectLimits[] {
  const least = new Map<string, LimitRule>()
  for (const { rules } of subjects)
    for (const rule of rules)
      if (rule.limit < (least.get(rule.counter)?.limit ?? Number.POSITIVE_INFINITY)) least.set(rule.counter, rule)
  return subjects.map((subject) => ({ ...subject, rules: subject.rules.filter((rule) => least.get(rule.counter) === rule) }))
}
