import type { Limiter, RuleStanding } from '../engine/limits/limiter.ts'
import type { BudgetPeriod, LimitScope } from '../ir/limits.ts'
import type { Principal } from '../ir/principal.ts'

/** One limit of a caller and how it stands, as `/v1/me` shows it. */
export type LimitStatus = {
  readonly scope: LimitScope
  /** Name within the scope; empty for `global`. */
  readonly subject: string
  /** ISO 8601: when all of it is free again, if nothing more is used. Null when no time frees it. */
  readonly resets_at: string | null
} & (
  | {
      readonly measure: 'requests' | 'tokens' | 'concurrency'
      readonly limit: number
      readonly used: number
      readonly remaining: number
    }
  | {
      readonly measure: 'usd'
      readonly period: BudgetPeriod
      readonly timezone: string
      readonly limit_usd: number
      /** Spent by calls that have ended. */
      readonly spent_usd: number
      /** Held for calls under way. */
      readonly held_usd: number
      readonly remaining_usd: number
    }
)

/** Every limit that the caller is under, its own and those of what it belongs to, the most general first. */
export async function limitStatus(limiter: Pick<Limiter, 'statusOf'>, principal: Principal): Promise<LimitStatus[]> {
  return (await limiter.statusOf(principal)).map(statusOf)
}

function statusOf({ rule, used, held, resetAt }: RuleStanding): LimitStatus {
  const { scope, limit } = rule
  const subject = scope === 'project' ? rule.subject.slice(rule.subject.indexOf('/') + 1) : rule.subject
  const base = { scope, subject, resets_at: resetAt === undefined ? null : new Date(resetAt).toISOString() }
  const remaining = Math.max(0, limit - used)
  if (rule.measure !== 'usd') return { ...base, measure: rule.measure, limit, used, remaining }
  return {
    ...base,
    measure: 'usd',
    period: rule.period,
    timezone: rule.timeZone,
    limit_usd: limit / 1e9,
    spent_usd: (used - held) / 1e9,
    held_usd: held / 1e9,
    remaining_usd: remaining / 1e9,
  }
}
