import { hkdfSync } from 'node:crypto'
import type { Secret } from '../lib/secret.ts'

const PURPOSE = 'switchback rotated keys v1'

/** Key (32 bytes) for what gateways seal for each other: whoever has the key of the vault can make it, and nobody else. */
export const sealingKeyOf = (identity: Secret): Uint8Array =>
  new Uint8Array(hkdfSync('sha256', identity.reveal(), '', PURPOSE, 32))
