import type { LedgerDurability, LedgerStore } from '../../state/ledger/store.ts'
import type { UsageRange } from './usage-query.ts'
import { usageSums, type UsageSums } from './usage-sums.ts'

type IssueCode =
  | 'state_store_disabled'
  | 'usage_write_failures'
  | 'spooled_entries'
  | 'dropped_entries'
  | 'post_commit_usage_failure'
  | 'lost_attempts'
  | 'unexplained_usage_delta'

export interface ReconcileIssue {
  readonly code: IssueCode
  readonly message: string
}

/** Schema `switchback.reconcile/v1`: whether what the ledger says can be billed. */
export interface Reconciliation {
  readonly schema: 'switchback.reconcile/v1'
  /** `inconsistent`: the sums do not agree with the entries. `degraded`: something is missing, or not where it belongs. */
  readonly status: 'ok' | 'degraded' | 'inconsistent'
  readonly billing_grade: boolean
  readonly since: string
  readonly until: string
  /** The time range added up from single entries, and from the sums that reports use. */
  readonly entries: UsageSums
  readonly rollups: UsageSums
  readonly delta: { readonly attempts: number; readonly cost_nanos: number }
  /** Of the process that answers; absent when files are read without one. */
  readonly durability?: LedgerDurability | undefined
  readonly issues: readonly ReconcileIssue[]
}

export interface ReconcileOptions extends UsageRange {
  readonly durability: LedgerDurability | undefined
  /** Bytes of the local file, where no process tells. */
  readonly spoolBytes?: number | undefined
}

/** Compares entries with their sums, and tells what is spooled, lost or gone. */
export async function reconcileUsage(store: Pick<LedgerStore, 'prove'>, options: ReconcileOptions): Promise<Reconciliation> {
  const { since, until, durability, spoolBytes = durability?.spool_bytes ?? 0 } = options
  const proof = await store.prove({ since, until })
  const [entries, rollups] = [usageSums(proof.entries), usageSums(proof.rollups)]
  const delta = { attempts: entries.attempts - rollups.attempts, cost_nanos: entries.cost_nanos - rollups.cost_nanos }
  const issues = [
    ...deltaIssues(delta),
    ...(durability === undefined ? [] : processIssues(durability)),
    ...placeIssues(entries, spoolBytes),
  ]
  const status = issues.some(({ code }) => code === 'unexplained_usage_delta')
    ? 'inconsistent'
    : issues.length > 0
      ? 'degraded'
      : 'ok'
  return {
    schema: 'switchback.reconcile/v1',
    status,
    billing_grade: status === 'ok',
    since: new Date(since).toISOString(),
    until: new Date(until).toISOString(),
    entries,
    rollups,
    delta,
    durability,
    issues,
  }
}

function deltaIssues({ attempts, cost_nanos: nanos }: Reconciliation['delta']): ReconcileIssue[] {
  if (attempts === 0 && nanos === 0) return []
  const message = `Entries and sums differ by ${attempts} attempts and ${nanos} nano-dollars. The database was damaged or written by hand, or entries of this range have been deleted by retention.`
  return [{ code: 'unexplained_usage_delta', message }]
}

function processIssues(durability: LedgerDurability): ReconcileIssue[] {
  const { store_configured, failed_writes, dropped_writes, post_commit_failed_writes, waiting, status } = durability
  const issues: ReconcileIssue[] = []
  const tell = (isSo: boolean, code: IssueCode, message: string): void => void (isSo && issues.push({ code, message }))
  tell(!store_configured, 'state_store_disabled', 'The ledger is in memory only (state.store: memory) and ends with the process.')
  tell(
    status === 'degraded' && failed_writes > 0 && waiting > 0,
    'usage_write_failures',
    `${waiting} entries wait in memory because the ledger cannot be written: ${durability.last_error ?? 'unknown'}.`,
  )
  tell(dropped_writes > 0, 'dropped_entries', `${dropped_writes} entries are gone: nothing could take them, and memory was full.`)
  tell(
    post_commit_failed_writes > 0,
    'post_commit_usage_failure',
    `${post_commit_failed_writes} streams had been delivered when their cost could not be kept.`,
  )
  return issues
}

function placeIssues({ lost }: UsageSums, spoolBytes: number): ReconcileIssue[] {
  const issues: ReconcileIssue[] = []
  if (spoolBytes > 0)
    issues.push({
      code: 'spooled_entries',
      message: `The local file holds ${spoolBytes} bytes of entries that are not in the ledger yet. They are taken over as soon as it can be written.`,
    })
  if (lost > 0)
    issues.push({
      code: 'lost_attempts',
      message: `Of ${lost} attempts only the reservation is known: their process ended before they were settled. Compare with the provider's invoice (switchback usage import).`,
    })
  return issues
}
