import { createHash } from 'node:crypto'
import type { SignedCall } from './store.ts'

/** All that is kept of a call. The length keeps the parts apart, whatever characters they hold. */
export const callHash = ({ owner, callId }: SignedCall): string =>
  createHash('sha256').update(`${owner.length}:${owner}${callId}`).digest('base64url')
