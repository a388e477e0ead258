import type { Limiter } from '../../engine/limits/limiter.ts'
import type { JsonObject } from '../../ir/json.ts'
import type { Clock } from '../../lib/clock.ts'
import type { LedgerStore } from '../../state/ledger/store.ts'
import { limitStatus } from '../limit-status.ts'
import { callerSpend } from '../usage/caller-spend.ts'
import type { SelfReport } from './self-report.ts'

export interface CallerReportParts {
  readonly limiter: Pick<Limiter, 'statusOf'>
  /** Undefined without a ledger. */
  readonly ledger: { readonly store: Pick<LedgerStore, 'rollups'>; readonly writer: { flush(): Promise<void> } } | undefined
  readonly clock: Pick<Clock, 'wall'>
}

/** What limits a caller and what it has spent, for `/v1/me` and for operators who inspect its key. */
export function callerReports({ limiter, ledger, clock }: CallerReportParts): readonly SelfReport[] {
  const limits: SelfReport = {
    field: 'limits',
    async report(principal): Promise<JsonObject | undefined> {
      const rules = await limitStatus(limiter, principal)
      return rules.length === 0 ? undefined : { rules }
    },
  }
  if (ledger === undefined) return [limits]
  const spend: SelfReport = {
    field: 'spend',
    // Its own, also for those who may see what others spend.
    async report(principal): Promise<JsonObject> {
      await ledger.writer.flush()
      return { ...(await callerSpend(ledger.store, { ...principal, role: 'client' }, clock.wall())) }
    },
  }
  return [limits, spend]
}
