import { statfs } from 'node:fs/promises'
import type { AccountHealth } from '../credentials/account-pool.ts'
import type { RoutingSnapshot } from '../ir/snapshot.ts'
import type { Observation, Spool } from '../observability/alerts/observation.ts'
import type { BudgetUse } from '../observability/settled-cost.ts'
import type { RecordStore } from '../state/records/store.ts'
import type { OperatorParts } from './disable-switches.ts'

/** What alerts are made of. What a gateway does not have is left out. */
export interface AlertedParts extends Pick<OperatorParts, 'accounts' | 'health'> {
  readonly snapshot: () => Pick<RoutingSnapshot, 'providers'>
  readonly records: Pick<RecordStore, 'backlog'>
  readonly fallbacks: () => Observation['fallbacks']
  readonly unpriced: () => readonly string[]
  /** Undefined keeps everything in memory. */
  readonly dataDir: string | undefined
  /** Further things that are written later than they happen. */
  readonly spools?: (() => readonly Spool[]) | undefined
  readonly budgets?: (() => readonly BudgetUse[]) | undefined
  readonly replicas?: (() => Observation['replicas']) | undefined
}

/** The state of the gateway as the rules of alerts look at it. */
export async function observeForAlerts(parts: AlertedParts): Promise<Observation> {
  const backlog = parts.records.backlog?.()
  return {
    providers: providersOf(parts),
    locked: lockedOf(parts.accounts.snapshot()),
    fallbacks: parts.fallbacks(),
    unpriced: parts.unpriced(),
    spools: [...(backlog === undefined ? [] : [{ what: 'request records', ...backlog }]), ...(parts.spools?.() ?? [])],
    budgets: parts.budgets?.(),
    disk: parts.dataDir === undefined ? undefined : await freeAt(parts.dataDir),
    replicas: parts.replicas?.(),
  }
}

/** A provider is down when its own circuit is open, or that of every target that was called. Half open is not back yet. */
function providersOf({ health, snapshot }: AlertedParts): Observation['providers'] {
  const { providers, targets } = health.snapshot()
  const circuits = new Map(providers.map(({ id, circuit }) => [id, circuit]))
  const byProvider = Map.groupBy(targets, ({ provider }) => provider)
  return [...snapshot().providers.keys()].map((id) => {
    const called = byProvider.get(id) ?? []
    const ownIsOpen = (circuits.get(id) ?? 'closed') !== 'closed'
    return { id, down: ownIsOpen || (called.length > 0 && called.every(({ circuit }) => circuit !== 'closed')) }
  })
}

/** Providers of which every account is locked, and models for which every one is. What an operator has disabled is wanted so. */
function lockedOf(accounts: readonly AccountHealth[]): Observation['locked'] {
  return [...Map.groupBy(accounts, ({ provider }) => provider)].flatMap(([provider, all]) => {
    const inUse = all.filter(({ disabled }) => disabled === undefined)
    const whole = inUse.filter(({ locks }) => locks.some(({ scope }) => scope === 'account'))
    if (inUse.length === 0) return []
    if (whole.length === inUse.length) return [{ subject: provider, accounts: inUse.length, causes: causesOf(inUse) }]
    const models = new Set(inUse.flatMap(({ locks }) => locks.flatMap(({ model }) => (model === undefined ? [] : [model]))))
    return [...models]
      .filter((model) => inUse.every(({ locks }) => locks.some((lock) => lock.scope === 'account' || lock.model === model)))
      .map((model) => ({ subject: `${provider}/${model}`, accounts: inUse.length, causes: causesOf(inUse, model) }))
  })
}

const causesOf = (accounts: readonly AccountHealth[], model?: string): string[] => [
  ...new Set(
    accounts.flatMap(({ locks }) =>
      locks.filter((lock) => lock.scope === 'account' || lock.model === model).map(({ error_code: code }) => code),
    ),
  ),
]

/** Undefined where it cannot be told. */
async function freeAt(path: string): Promise<Observation['disk']> {
  const stats = await statfs(path).catch(() => undefined)
  return stats === undefined ? undefined : { path, freeBytes: stats.bavail * stats.bsize }
}
