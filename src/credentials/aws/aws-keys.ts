import type { Secret } from '../../lib/secret.ts'

/** Keys are replaced this long before they end, as the SDKs of the vendor do. */
export const KEY_SKEW_MS = 5 * 60_000

/** What signs requests to AWS. */
export interface AwsKeys {
  readonly accessKeyId: string
  readonly secretAccessKey: Secret
  /** Of keys that hold for a while only. */
  readonly sessionToken?: Secret | undefined
  /** Unix milliseconds; undefined for keys that stay. */
  readonly expiresAt?: number | undefined
}

/** Where keys come from. */
export interface AwsKeySource {
  /** Keys that hold now. Asked by one at a time. Rejects with `credential_rejected` or `credential_unavailable`. */
  obtain(): Promise<AwsKeys>
}
