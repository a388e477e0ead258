import type { ChangeListener } from '../../lib/change-watch.ts'

/** A key that took the place of the one in the configuration, as it is kept: sealed, so that the store cannot read it. */
export interface SealedKey {
  readonly provider: string
  readonly account: string
  /** Base64. */
  readonly sealed: string
  /** When it was rotated, Unix ms. */
  readonly at: number
}

/**
 * Rotated keys of accounts, one an account, for the next start and for the other gateways that share the state. What it is asked rejects with
 * `state_unavailable`.
 */
export interface RotatedKeyStore {
  /** By provider and account. */
  list(): Promise<readonly SealedKey[]>
  /** Durable when it resolves. Replaces the one of the same account. */
  put(key: SealedKey): Promise<void>
  /** Tells that another gateway has put a key, within seconds, until the listener has taken it over. One listener. */
  watch(listener: ChangeListener): void
  close(): Promise<void>
}
