import type { AccountId, ProviderId } from '../ir/ids.ts'
import type { Secret } from '../lib/secret.ts'
import type { AuthScheme } from '../transport/auth-scheme.ts'
import type { EgressPath } from '../transport/egress.settings.schema.ts'
import type { UnsentRequest } from '../transport/transport.ts'
import type { AwsSettings } from './aws/aws-settings.types.ts'

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
  /** When what it has ends, in Unix milliseconds; undefined when that is not known, or it has nothing yet. */
  readonly expiresAt?: number | undefined
  /** What it sends or has sent lately, to be cut out of what upstreams say. */
  secrets(): readonly Secret[]
}

/** A kind of credential and what the configuration says of it. Data only: two that are the same are one credential. */
export type CredentialSettings =
  | KeyFileSettings
  | OAuthSettings
  | ServiceAccountSettings
  | MetadataServerSettings
  | NativeLoginSettings
  | AwsSettings

/** A key in a file, read again when the file changes. */
export interface KeyFileSettings {
  readonly kind: 'key_file'
  /** Absolute. */
  readonly path: string
}

/** OAuth 2.0. With a refresh token it is used, else the client's own id and secret; without an endpoint the token is all there is. */
export interface OAuthSettings {
  readonly kind: 'oauth'
  /** To begin with, until it ends or is refused. */
  readonly token?: Secret | undefined
  readonly refreshToken?: Secret | undefined
  readonly tokenUrl?: string | undefined
  readonly clientId?: string | undefined
  readonly clientSecret?: Secret | undefined
  readonly scope?: string | undefined
}

/** A service account of Google Cloud. */
export interface ServiceAccountSettings {
  readonly kind: 'service_account'
  /** The JSON that Google gives out, or the absolute path of a file with it. */
  readonly key: { readonly json: Secret } | { readonly path: string }
  readonly scope: string
}

/** The service account of the machine, from the metadata server of Google Cloud. */
export interface MetadataServerSettings {
  readonly kind: 'google_metadata'
  readonly url: string
}

/** The login of a program on this machine, for the person who logged in with it. */
export interface NativeLoginSettings {
  readonly kind: 'codex_oauth' | 'claude_code_oauth'
  /** Of the environment. It comes before the file. */
  readonly token?: Secret | undefined
  /** Absolute. */
  readonly path: string
  /** JSON pointer (RFC 6901) of the token in the file. */
  readonly pointer: string
  /** Of the environment, where the program knows more than one. */
  readonly loginId?: string | undefined
}

/** An account whose credential is wanted. */
export interface CredentialPlace {
  readonly provider: ProviderId
  readonly account: AccountId
  readonly settings: CredentialSettings
  /** How the upstream wants keys. */
  readonly scheme: AuthScheme
  /** How requests of the account leave. */
  readonly egress?: EgressPath | undefined
}

/** Gives an account its credential: the same one as long as what the configuration says of it is the same. */
export type CredentialSource = (place: CredentialPlace) => Credential
