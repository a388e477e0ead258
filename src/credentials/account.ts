import type { AccountRef } from '../ir/target.ts'
import { sameData } from '../lib/same-data.ts'
import type { Secret } from '../lib/secret.ts'
import type { CredentialSettings } from './credential.types.ts'

/** One credential of a provider. */
export interface Account extends AccountRef {
  /** Undefined for upstreams that need no key, and where `credential` says how to come by one. */
  readonly apiKey: Secret | undefined
  readonly credential?: CredentialSettings | undefined
}

/** Whether there is anything an upstream could refuse. */
export const hasCredential = ({ apiKey, credential }: Account): boolean => apiKey !== undefined || credential !== undefined

/** Whether both are the same account with the same credential. */
export const isSameAccount = (left: Account, right: Account): boolean =>
  left.id === right.id && sameData(left.apiKey, right.apiKey) && sameData(left.credential, right.credential)
