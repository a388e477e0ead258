import type { AccountId, TargetId } from '../../ir/ids.ts'

/** Whose conversation, over which route. Sessions of different owners never meet, even under the same id. */
export interface AffinityKey {
  /** Tenant or API key: whoever the caller was authenticated as. */
  readonly owner: string
  readonly session: string
  readonly route: string
}

/** Where a conversation was served last: its prompt cache is there. */
export interface Affinity {
  readonly target: TargetId
  readonly account: AccountId
  /** `Clock.now()` of the turn it is from. */
  readonly at: number
}

/** A target's window was too small for a conversation. */
export interface Overflow {
  readonly target: TargetId
  /** Size of the smallest request that was too long, in estimated tokens; undefined when it was not estimated. */
  readonly inputTokens?: number | undefined
  /** The window the catalogue gives the target, where it is known: windows up to this size are too small as well. */
  readonly windowTokens?: number | undefined
}

/**
 * Remembers where conversations are served, and which windows they have outgrown. Synchronous, bounded (the least recently remembered go
 * first), and forgotten one hour after the last turn that was remembered.
 */
export interface AffinityStore {
  /** Where the conversation was served last. Reads only: it prolongs nothing. */
  lookup(key: AffinityKey): Affinity | undefined
  /** The conversation was served here. Its time begins anew. */
  remember(key: AffinityKey, target: TargetId, account: AccountId): void
  /** The conversation has no place any more. What it has outgrown stays remembered. */
  forget(key: AffinityKey): void
  /** The conversation did not fit the target's window: its next turn need not try again. */
  rememberOverflow(key: AffinityKey, overflow: Overflow): void
  /**
   * Targets the conversation did not fit, latest last. A request smaller than `inputTokens` may fit again: agents compact their
   * conversations. Reads only.
   */
  overflows(key: AffinityKey): readonly Overflow[]
  /** Conversations that have a place; some of them may have run out of time. */
  readonly size: number
}
