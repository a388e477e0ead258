import type { AccountId, ProviderId } from '../../ir/ids.ts'
import type { Disabled } from '../../ir/observed.ts'

/** What can be taken out of use: a provider, one of its accounts, or one of its models. */
export type DisableSubject =
  | { readonly scope: 'provider'; readonly provider: ProviderId }
  | { readonly scope: 'account'; readonly provider: ProviderId; readonly account: AccountId }
  | { readonly scope: 'model'; readonly provider: ProviderId; readonly model: string }

export interface DisableOrder {
  readonly subject: DisableSubject
  /** Shown to whoever is refused because of it; at most 500 characters. */
  readonly reason?: string | undefined
  /** Milliseconds after which it ends by itself; until it is enabled when absent. */
  readonly forMs?: number | undefined
  /** Who ordered it, for the audit; at most 200 characters. */
  readonly by: string
}

export type EnableOrder = Omit<DisableOrder, 'forMs'>

/** A disabled subject, in force or about to end. Times are Unix milliseconds. */
export interface DisableEntry extends Disabled {
  readonly subject: DisableSubject
  readonly since: number
  readonly by: string
}

/** One change, for the audit. An end by itself is no change: it stands in `until`. */
export interface DisableChange {
  readonly at: number
  readonly action: 'disable' | 'enable'
  readonly subject: DisableSubject
  readonly reason?: string | undefined
  readonly until?: number | undefined
  readonly by: string
}

/**
 * What operators have taken out of use. Asking about a call is synchronous and costs next to nothing while nothing is disabled; a change
 * is durable, and audited, when its promise resolves. Where several gateways share the store, a change made by one holds in the others
 * within a second.
 */
export interface DisableStore {
  /** Something may be disabled, so it is worth asking. */
  readonly any: boolean
  /** Why the model must not be called at the provider: the provider's own disable first, then the model's. */
  model(provider: ProviderId, model: string): Disabled | undefined
  /** Why the account must not be used. A disabled provider does not show here. */
  account(provider: ProviderId, account: AccountId): Disabled | undefined
  /**
   * Takes a subject out of use; what was ordered before for the same subject is replaced. Throws `invalid_body` for a time or a text that
   * cannot be meant, `state_unavailable` when the order cannot be kept: then nothing has changed.
   */
  disable(order: DisableOrder): Promise<DisableEntry>
  /** Puts a subject back into use; false when it was not disabled, and then nothing is noted. Throws `state_unavailable`. */
  enable(order: EnableOrder): Promise<boolean>
  /** What is disabled now, the oldest order first. */
  list(): readonly DisableEntry[]
  /** The latest changes, newest first; 100 when no limit is given, at most 1000. */
  changes(limit?: number): Promise<readonly DisableChange[]>
  close(): Promise<void>
}
