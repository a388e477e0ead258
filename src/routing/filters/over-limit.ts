import type { Rejection } from '../../ir/decision.ts'
import type { Limited } from '../../ir/observed.ts'
import type { HardFilter } from './filter.types.ts'

/** The provider, or each of its accounts, has used up a limit or budget that the operator set. The caller has done nothing wrong. */
export const overLimit: HardFilter = {
  applies: () => true,
  refuses: ({ observed }) => observed.limited !== undefined,
  reject: ({ target, observed: { limited } }): Rejection => ({
    target_id: target.id,
    code: 'over_limit',
    reason: limited === undefined ? 'over a limit' : sentence(limited),
    evidence: {
      scope: limited?.scope,
      subject: limited?.subject,
      measure: limited?.measure,
      period: limited?.period,
      limit: limited?.limit,
      used: limited?.used,
      retry_after_ms: limited?.resetMs,
    },
  }),
}

function sentence({ scope, subject, measure, period, limit, resetMs }: Limited): string {
  const what =
    measure === 'usd' ? `its ${PERIODS[period ?? 'total']} of $${limit / 1e9}` : `its limit of ${limit} ${measure} a minute`
  const when = resetMs === undefined ? '' : `; there is room again in ${Math.ceil(resetMs / 1000)} s`
  return `${scope} ${subject} has used up ${what}${when}`
}

const PERIODS = { total: 'budget', day: 'daily budget', week: 'weekly budget', month: 'monthly budget' } as const
