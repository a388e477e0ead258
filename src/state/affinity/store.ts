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
  /** Tokens that its answer read from the prompt cache or wrote to it; undefined when it did not tell, or too long ago to count. */
  readonly cachedTokens?: number | undefined
  /** `Clock.now()` of the turn it is from. */
  readonly at: number
}

/** An answer, by the id under which its client may continue it. */
export interface AnswerKey {
  readonly owner: string
  readonly answer: string
}

/** Who gave an answer. The turns up to it are kept there, for this account alone. */
export interface Origin {
  readonly target: TargetId
  readonly account: AccountId
  /** Name of the conversation the answer belongs to. */
  readonly session: string
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
 * Remembers where conversations are served, which windows they have outgrown, and who gave the answers that later calls may continue.
 * Synchronous, bounded (the least recently remembered go first), and forgotten with time: places and windows one hour after the last turn
 * that was remembered, answers after as long as providers keep them.
 */
export interface AffinityStore {
  /** Where the conversation was served last. Reads only: it prolongs nothing. */
  lookup(key: AffinityKey): Affinity | undefined
  /** The conversation was served here. Its time begins anew. What is cached counts for five minutes, as providers keep it by default. */
  remember(key: AffinityKey, place: Pick<Affinity, 'target' | 'account' | 'cachedTokens'>): void
  /** The conversation has no place any more. What it has outgrown stays remembered. */
  forget(key: AffinityKey): void
  /** The conversation did not fit the target's window: its next turn need not try again. */
  rememberOverflow(key: AffinityKey, overflow: Overflow): void
  /**
   * Targets the conversation did not fit, latest last. A request smaller than `inputTokens` may fit again: agents compact their
   * conversations. Reads only.
   */
  overflows(key: AffinityKey): readonly Overflow[]
  /** Who gave the answer; undefined when it is not remembered (any more). Reads only. */
  origin(key: AnswerKey): Origin | undefined
  /** The answer was served, so its client may continue it. Of its id only a hash is kept. */
  rememberOrigin(key: AnswerKey, origin: Origin): void
  /** Conversations that have a place; some of them may have run out of time. */
  readonly size: number
}
