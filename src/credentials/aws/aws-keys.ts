import type { Secret } from '../../lib/secret.ts'

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
