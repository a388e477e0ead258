import type { RoutingSnapshot } from '../ir/snapshot.ts'

/** What an attempt cost, told once for each when it is settled. */
export interface SettledCost {
  readonly snapshot: RoutingSnapshot
  readonly providerId: string
  readonly targetId: string
  /** Nano-dollars; undefined when the price of the model is not known. */
  readonly nanos: number | undefined
}

/** Hears of settled costs. Must not throw. */
export type SettledCostListener = (cost: SettledCost) => void

/** How much of a budget is used, at one moment. */
export interface BudgetUse {
  readonly scope: 'global' | 'tenant' | 'project' | 'owner' | 'key' | 'provider' | 'account'
  /** Of the scope; empty for `global`. */
  readonly id: string
  /** The window, as the configuration names it. */
  readonly window: 'total' | 'daily' | 'weekly' | 'monthly'
  /** Nano-dollars. */
  readonly limitNanos: number
  /** Settled and reserved. */
  readonly usedNanos: number
}

/** Calls that wait for their turn. */
export interface QueueState {
  readonly waiting: number
  /** Of the one that waits for longest. */
  readonly longestWaitMs: number
}
