import type { RoutingSnapshot } from '../ir/snapshot.ts'
import { knownNames } from '../observability/metrics/known-names.ts'
import type { CellFamily } from '../observability/metrics/metric-family.ts'
import type { MetricRegistry } from '../observability/metrics/registry.ts'
import type { Spool } from '../observability/alerts/observation.ts'
import type { BudgetUse, QueueState } from '../observability/settled-cost.ts'
import type { RecordStore } from '../state/records/store.ts'
import type { OperatorParts } from './disable-switches.ts'

/** The state that gauges show. What a gateway does not have is undefined, and then has no series. */
export interface ObservedParts extends Pick<OperatorParts, 'accounts' | 'health'> {
  readonly snapshot: () => RoutingSnapshot
  readonly records: Pick<RecordStore, 'backlog'>
  /** Calls whose answer is not complete. */
  readonly active: () => number
  readonly queue?: (() => QueueState) | undefined
  /** Further things that are written later than they happen. */
  readonly spools?: (() => readonly Spool[]) | undefined
  /** The budgets that are used most, a bounded number of them. */
  readonly budgets?: (() => readonly BudgetUse[]) | undefined
}

/** Budgets with series of their own; issued keys may be many. */
const MOST_BUDGETS = 100
const CIRCUIT = { closed: 0, half_open: 1, open: 2 } as const

/** Defines the gauges of a gateway's state, and reads them whenever somebody asks for metrics. */
export function defineStateMetrics(registry: MetricRegistry, parts: ObservedParts): void {
  defineTraffic(registry, parts)
  defineHealth(registry, parts)
  defineAccounts(registry, parts)
  defineBudgets(registry, parts)
  defineRecords(registry, parts)
  defineSpools(registry, parts)
}

function defineTraffic(registry: MetricRegistry, { active, queue, snapshot }: ObservedParts): void {
  const running = registry.gauge({ name: 'switchback_requests_running', help: 'Model calls whose answer is not complete.' }).of()
  const revision = registry.gauge({ name: 'switchback_config_revision', help: 'Revision of the configuration in force.' }).of()
  const waiting = registry.gauge({ name: 'switchback_queue_waiting', help: 'Model calls that wait for their turn.' })
  const longest = registry.gauge({
    name: 'switchback_queue_longest_wait_seconds',
    help: 'Time that the first of the waiting calls has waited.',
  })
  registry.onRead(() => {
    running.value = active()
    revision.value = snapshot().revision
    if (queue === undefined) return
    const state = queue()
    waiting.of().value = state.waiting
    longest.of().value = state.longestWaitMs / 1000
  })
}

function defineHealth(registry: MetricRegistry, { health, snapshot }: ObservedParts): void {
  const providers = registry.gauge({
    name: 'switchback_provider_circuit',
    help: 'Circuit of a provider: 0 closed, 1 half open, 2 open.',
    labels: ['provider'],
  })
  const targets = registry.gauge({
    name: 'switchback_target_circuit',
    help: 'Circuit of a target, or its provider, whichever is worse: 0 closed, 1 half open, 2 open.',
    labels: ['provider', 'target'],
  })
  const running = registry.gauge({
    name: 'switchback_target_running',
    help: 'Calls under way to a target.',
    labels: ['provider', 'target'],
  })
  registry.onRead(() => {
    const seen = health.snapshot()
    const now = snapshot()
    const names = knownNames(now)
    providers.clear()
    // A provider nobody has called yet is closed.
    for (const id of now.providers.keys()) providers.of(id)
    for (const { id, circuit } of seen.providers) if (now.providers.has(id)) providers.of(id).value = CIRCUIT[circuit]
    targets.clear()
    running.clear()
    for (const { id, provider, circuit, inFlight } of seen.targets) {
      const labels = [names.provider(provider), names.target(id)] as const
      const cell = targets.of(...labels)
      cell.value = Math.max(cell.value, CIRCUIT[circuit])
      running.of(...labels).add(inFlight)
    }
  })
}

function defineAccounts(registry: MetricRegistry, { accounts }: ObservedParts): void {
  const all = registry.gauge({ name: 'switchback_accounts', help: 'Accounts of a provider.', labels: ['provider'] })
  const usable = registry.gauge({
    name: 'switchback_accounts_usable',
    help: 'Accounts of a provider that nothing locks as a whole and nobody has disabled.',
    labels: ['provider'],
  })
  const locks = registry.gauge({
    name: 'switchback_account_locks',
    help: 'Locks in force on accounts and on single models of them, by the error that put them there.',
    labels: ['provider', 'scope', 'cause'],
  })
  registry.onRead(() => {
    for (const family of [all, usable, locks]) family.clear()
    for (const { provider, locks: own, disabled } of accounts.snapshot()) {
      all.of(provider).add()
      const isLocked = own.some(({ scope }) => scope === 'account')
      usable.of(provider).add(isLocked || disabled !== undefined ? 0 : 1)
      for (const { scope, error_code: cause } of own) locks.of(provider, scope, cause).add()
    }
  })
}

function defineBudgets(registry: MetricRegistry, { budgets }: ObservedParts): void {
  const labels = ['scope', 'id', 'window']
  const used = registry.gauge({
    name: 'switchback_budget_used_ratio',
    help: `Share of a budget that is settled or reserved, of the ${MOST_BUDGETS} that are used most.`,
    labels,
  })
  const limit = registry.gauge({ name: 'switchback_budget_limit_usd', help: 'Budget in US dollars, of the same.', labels })
  if (budgets === undefined) return
  registry.onRead(() => {
    clearAll(used, limit)
    const most = budgets()
      .toSorted((left, right) => shareOf(right) - shareOf(left))
      .slice(0, MOST_BUDGETS)
    for (const budget of most) {
      const values = [budget.scope, budget.id, budget.window] as const
      used.of(...values).value = shareOf(budget)
      limit.of(...values).value = budget.limitNanos / 1e9
    }
  })
}

const shareOf = ({ usedNanos, limitNanos }: BudgetUse): number => (limitNanos > 0 ? usedNanos / limitNanos : 1)

function clearAll(...families: readonly CellFamily[]): void {
  for (const family of families) family.clear()
}

function defineSpools(registry: MetricRegistry, { spools }: ObservedParts): void {
  const labels = ['what']
  const waiting = registry.gauge({
    name: 'switchback_spool_waiting',
    help: 'Settlements that are not in the ledger yet.',
    labels,
  })
  const dropped = registry.counter({
    name: 'switchback_spool_dropped_total',
    help: 'Settlements that were lost, because neither the ledger nor the disk could take them.',
    labels,
  })
  if (spools === undefined) return
  registry.onRead(() => {
    for (const spool of spools()) {
      waiting.of(spool.what).value = spool.waiting
      dropped.of(spool.what).value = spool.dropped
    }
  })
}

function defineRecords(registry: MetricRegistry, { records }: ObservedParts): void {
  const waiting = registry.gauge({
    name: 'switchback_records_waiting',
    help: 'Request records that are not written yet.',
  })
  const dropped = registry.counter({
    name: 'switchback_records_dropped_total',
    help: 'Request records that were lost, because the store could not write and too many waited.',
  })
  registry.onRead(() => {
    const backlog = records.backlog?.()
    waiting.of().value = backlog?.waiting ?? 0
    dropped.of().value = backlog?.dropped ?? 0
  })
}
