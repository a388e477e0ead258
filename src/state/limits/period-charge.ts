import type { PeriodClaim } from './store.ts'

/** What was spent by somebody who is not the process that counts: `amount` of a counter in the period that begins at `start` (Unix ms). */
export type PeriodCharge = Pick<PeriodClaim, 'counter' | 'amount' | 'start' | 'end'>

/** It is spent already: there is nothing to refuse. */
export const claimOfCharge = ({ counter, amount, start, end }: PeriodCharge): PeriodClaim => ({
  kind: 'period',
  counter,
  amount,
  limit: Number.MAX_SAFE_INTEGER,
  start,
  end,
})
