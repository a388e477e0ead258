import type { Secret } from '../lib/secret.ts'

/** A token that upstreams take for a while. */
export interface Token {
  readonly secret: Secret
  /** Unix milliseconds; undefined when whoever gave it did not say. */
  readonly expiresAt: number | undefined
  /** Headers that go with it; joined to what the request has under the name. */
  readonly headers?: Readonly<Record<string, string>> | undefined
}

/** Where tokens of one login come from. */
export interface TokenSource {
  /**
   * A token that holds now and is not `refused`, the one an upstream did not take; the same one again where there is no other. Asked by one
   * at a time. Rejects with `credential_rejected` or `credential_unavailable`.
   */
  obtain(refused: Secret | undefined): Promise<Token>
}
