import type { Eventually } from '../../lib/eventually.ts'

/** What a caller wants to do once. Both are hashes, so that a store holds nothing of anybody. */
export interface IdempotentCall {
  /** Of the caller, the address and the key it sent. */
  readonly key: string
  /** Of the body. */
  readonly fingerprint: string
}

export type IdempotencyClaim =
  /** Nobody else is at it. `holder` renews and finishes the claim. */
  | { readonly kind: 'claimed'; readonly holder: string }
  /** The same call is under way. */
  | { readonly kind: 'in-flight' }
  /** The key was used for another body. */
  | { readonly kind: 'mismatch' }
  /** The same call was answered, and its answer was kept, sealed. */
  | { readonly kind: 'answered'; readonly sealed: Uint8Array }

/**
 * Who is doing what under which idempotency key. A claim has a lease, so that one of a dead process ends; a key is remembered for a while after its
 * last use, so that it cannot mean something else. Bounded: by number, or by that time alone where a server keeps them.
 */
export interface IdempotencyStore {
  claim(call: IdempotentCall): Eventually<IdempotencyClaim>
  /** The holders are at it still: their leases begin anew. */
  renew(holders: readonly string[]): Eventually<void>
  /**
   * The call has ended. With an answer, which the store cannot read, the same call gets that as long as there is room; without, it may be made
   * again. Happens once; an unknown holder changes nothing.
   */
  finish(holder: string, sealed?: Uint8Array): Eventually<void>
}
