import { issuedSubjectLimits } from '../../config/issued-limits.ts'
import type { LimitDefaults } from '../../config/compile-limits.ts'
import type { LimitsOf } from '../../engine/limits/caller-rules.ts'
import type { LimitRule, SubjectLimits } from '../../ir/limits.ts'
import type { Principal } from '../../ir/principal.ts'
import type { KeyDirectory } from '../../state/tenancy/key-directory.ts'

export interface LimitsOfCallerParts {
  /** Limits that the configuration has. */
  readonly configured: LimitsOf
  readonly defaults: () => LimitDefaults
  readonly keys: Pick<KeyDirectory, 'limitsOf' | 'changes'>
}

interface Known {
  readonly changes: number
  readonly defaults: LimitDefaults
  readonly limits: readonly SubjectLimits[]
}

const NONE: readonly SubjectLimits[] = []

/**
 * Limits of a caller from the configuration and from what was set while the gateway runs. Where both limit the same, the smaller limit
 * holds. What was set is read again after a change of keys, and costs a look otherwise.
 */
export function limitsOfCaller({ configured, defaults, keys }: LimitsOfCallerParts): LimitsOf {
  const known = new WeakMap<Principal, Known>()
  const issuedTo = (principal: Principal): readonly SubjectLimits[] => {
    const found = known.get(principal)
    const now = defaults()
    if (found !== undefined && found.changes === keys.changes && found.defaults === now) return found.limits
    const limits = readLimits(principal, keys, now)
    known.set(principal, { changes: keys.changes, defaults: now, limits })
    return limits
  }
  return (principal) => {
    const issued = issuedTo(principal)
    return issued.length === 0 ? configured(principal) : strictest([...configured(principal), ...issued])
  }
}

function readLimits(
  { tenant, project, owner, keyId }: Principal,
  keys: LimitsOfCallerParts['keys'],
  defaults: LimitDefaults,
): readonly SubjectLimits[] {
  const subjects = [
    ['tenant', tenant],
    ['project', tenant === undefined || project === undefined ? undefined : `${tenant}/${project}`],
    ['owner', owner],
    ['key', keyId],
  ] as const
  const limits = subjects.flatMap(([kind, id]) => {
    const written = id === undefined ? undefined : keys.limitsOf(kind, id)
    const read = written === undefined || id === undefined ? undefined : issuedSubjectLimits(kind, id, written, defaults)
    return read === undefined ? [] : [read]
  })
  return limits.length === 0 ? NONE : limits
}

/** A counter is asked once, for the smallest of its limits. */
function strictest(subjects: readonly SubjectLimits[]): readonly SubjectLimits[] {
  const least = new Map<string, LimitRule>()
  for (const { rules } of subjects)
    for (const rule of rules)
      if (rule.limit < (least.get(rule.counter)?.limit ?? Number.POSITIVE_INFINITY)) least.set(rule.counter, rule)
  return subjects.map((subject) => ({ ...subject, rules: subject.rules.filter((rule) => least.get(rule.counter) === rule) }))
}
