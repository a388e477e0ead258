import type { AccountRef } from '../ir/target.ts'
import type { Secret } from '../lib/secret.ts'

/** One credential of a provider. */
export interface Account extends AccountRef {
  /** Undefined for upstreams that need no key. */
  readonly apiKey: Secret | undefined
}

/** Whether both are the same account with the same credential. */
export const isSameAccount = (left: Account, right: Account): boolean =>
  left.id === right.id && left.apiKey?.reveal() === right.apiKey?.reveal()
