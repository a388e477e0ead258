import { createHmac, hkdfSync } from 'node:crypto'
import { openSealed, sealBytes } from '../lib/sealed-bytes.ts'

const PURPOSE = 'switchback answer of an idempotent call'

/** What only the caller has: the key it sent, and the body of its call. */
export interface SealingSecret {
  readonly key: string
  readonly body: Uint8Array
}

/**
 * Encrypts an answer so that only who sends the same key and the same body again can have it: the encryption key is made of both, and the gateway
 * keeps neither. `context` is authenticated: an answer cannot be put in another's place.
 */
export const sealAnswer = (answer: Uint8Array, secret: SealingSecret, context: string): Uint8Array =>
  sealBytes(answer, { key: keyOf(secret), context })

/** Undefined when it was sealed with something else, or is damaged. */
export const openAnswer = (sealed: Uint8Array, secret: SealingSecret, context: string): Uint8Array | undefined =>
  openSealed(sealed, { key: keyOf(secret), context })

const keyOf = ({ key, body }: SealingSecret): Uint8Array =>
  new Uint8Array(hkdfSync('sha256', createHmac('sha256', key).update(body).digest(), '', PURPOSE, 32))
