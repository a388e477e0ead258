import type { BudgetUse } from '../settled-cost.ts'

/** Something that is written later than it happens. */
export interface Spool {
  /** What waits, in a word or two, such as `request records`. */
  readonly what: string
  readonly waiting: number
  readonly dropped: number
  readonly failing: boolean
}

/** What the rules of alerts look at. What a gateway does not have is undefined. */
export interface Observation {
  readonly providers: readonly { readonly id: string; readonly down: boolean }[]
  /** Providers, and targets of them, of which no account can be used because all are locked. */
  readonly locked: readonly { readonly subject: string; readonly accounts: number; readonly causes: readonly string[] }[]
  readonly fallbacks: { readonly requests: number; readonly fallbacks: number }
  readonly unpriced: readonly string[]
  readonly spools: readonly Spool[]
  readonly budgets?: readonly BudgetUse[] | undefined
  readonly disk?: { readonly path: string; readonly freeBytes: number } | undefined
  readonly replicas?: readonly { readonly id: string; readonly behindMs: number }[] | undefined
}
