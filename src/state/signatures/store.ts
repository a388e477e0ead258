/** A tool call of an answer that was given to somebody. */
export interface SignedCall {
  /** Tenant or API key: whoever the caller was authenticated as. */
  readonly owner: string
  readonly callId: string
}

/**
 * Remembers the signatures that a vendor gave its tool calls and wants back with them, for clients that keep no such thing. A signature is
 * opaque; of the call only a hash is kept, and neither its input nor anything else that was said. Synchronous, bounded in number and bytes
 * (the oldest go first), and forgotten with time.
 */
export interface SignatureStore {
  remember(call: SignedCall, signature: string): void
  /** Undefined when none is remembered (any more). Prolongs nothing: turns that are over are not asked for. */
  recall(call: SignedCall): string | undefined
  /** Signatures that are held; some of them may have run out of time. */
  readonly size: number
}
