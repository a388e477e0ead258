import type { AccountId, ProviderId } from '../ir/ids.ts'
import type { Secret } from '../lib/secret.ts'
import type { AuthScheme } from '../transport/auth-scheme.ts'
import type { UnsentRequest } from '../transport/transport.ts'

/**
 * What proves to an upstream who sends a request, where that is more than a fixed key: a token that is fetched and ends, or a signature of
 * the request itself. Accounts with a fixed key have none; their headers are prepared once.
 */
export interface Credential {
  /**
   * The request with its proof: at once where everything is at hand, else a promise. Fails with `credential_rejected`,
   * `credential_unavailable`, or the reason of the signal, which ends the waiting of this request alone.
   */
  authorize(request: UnsentRequest, signal: AbortSignal): UnsentRequest | Promise<UnsentRequest>
  /**
   * The upstream refused the proof of this request, as `authorize` had made it. Resolves with whether there is another one now, so that one
   * more try makes sense: fetched for this request, or since it was sent. Left out where nothing can be renewed.
   */
  renew?(refused: UnsentRequest, signal: AbortSignal): Promise<boolean>
  /** What it sends or has sent lately, to be cut out of what upstreams say. */
  secrets(): readonly Secret[]
}

/** A kind of credential and what the configuration says of it. Data only: two that are the same are one credential. */
export type CredentialSettings = KeyFileSettings

/** A key in a file, read again when the file changes. */
export interface KeyFileSettings {
  readonly kind: 'key_file'
  /** Absolute. */
  readonly path: string
}

/** An account whose credential is wanted. */
export interface CredentialPlace {
  readonly provider: ProviderId
  readonly account: AccountId
  readonly settings: CredentialSettings
  /** How the upstream wants keys. */
  readonly scheme: AuthScheme
}

/** Gives an account its credential: the same one as long as what the configuration says of it is the same. */
export type CredentialSource = (place: CredentialPlace) => Credential
