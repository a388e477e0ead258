import type { Limiter } from '../../engine/limits/limiter.ts'
import type { Principal } from '../../ir/principal.ts'
import type { Clock } from '../../lib/clock.ts'
import type { OpenLedger } from '../../state/ledger/open.ts'
import { limitStatus } from '../limit-status.ts'
import { callerSpend, type CallerSpend } from '../usage/caller-spend.ts'
import type { SelfReport } from './self-report.ts'

export interface SelfReportParts {
  readonly limiter: Pick<Limiter, 'statusOf'>
  /** Undefined when it is switched off. */
  readonly ledger: OpenLedger | undefined
  readonly clock: Pick<Clock, 'wall'>
}

/**
 * What a gateway can tell a caller of itself: how its limits stand, and what it has spent: its owner with all keys, or the key that has no
 * owner, and what of it went through this key.
 */
export function selfReportsOf({ limiter, ledger, clock }: SelfReportParts): readonly SelfReport[] {
  const limits: SelfReport = { field: 'limits', report: (principal) => limitStatus(limiter, principal) }
  if (ledger === undefined) return [limits]
  const { store, writer } = ledger
  const spendOf = async (principal: Principal): Promise<CallerSpend> => {
    await writer.flush()
    return callerSpend(store, { ...principal, role: 'client' }, clock.wall())
  }
  return [
    limits,
    { field: 'spend', report: spendOf },
    {
      field: 'key_spend',
      report: ({ keyId, owner }) => (owner === undefined || keyId === undefined ? undefined : spendOf({ role: 'client', keyId })),
    },
  ]
}
