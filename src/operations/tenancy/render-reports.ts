import { nanoToUsd } from '../../catalog/prices/usd.ts'
import type { LimitStatus } from '../limit-status.ts'
import { plural } from '../story-words.ts'
import type { CallerSpend, Spend } from '../usage/caller-spend.ts'

/** How a limit stands, in words. */
export function limitText(status: LimitStatus): string {
  const whose = [status.scope, status.subject].filter((word) => word !== '').join(' ')
  const reset = status.resets_at === null ? '' : `; all of it free ${status.resets_at}`
  if (status.measure !== 'usd') return `${whose}: ${status.used} of ${status.limit} ${MEASURES[status.measure]}${reset}`
  const held = status.held_usd === 0 ? '' : `, $${exactly(status.held_usd)} held`
  return `${whose}: $${exactly(status.spent_usd)} of $${exactly(status.limit_usd)} ${PERIODS[status.period]} spent${held}${reset}`
}

/** Without the exponents of small numbers. */
const exactly = (usd: number): string => nanoToUsd(Math.round(usd * 1e9))

const MEASURES = { requests: 'requests a minute', tokens: 'tokens a minute', concurrency: 'calls at once' } as const
const PERIODS = { total: 'in all', day: 'a day', week: 'a week', month: 'a month' } as const

/** What a caller has spent, in words. */
export const spendText = ({ this_hour: hour, today, this_month: month }: CallerSpend): string =>
  `${moneyText(hour)} this hour, ${moneyText(today)} today, ${moneyText(month)} this month (UTC)`

/** A sum in dollars, with how many calls nobody knows the cost of. */
export const moneyText = ({ cost_usd: usd, unknown_cost: unknown }: Pick<Spend, 'cost_usd' | 'unknown_cost'>): string =>
  `$${usd}${unknown === 0 ? '' : ` and ${plural(unknown, 'attempt')} of unknown cost`}`
