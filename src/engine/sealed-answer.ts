import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto'

const CIPHER = 'aes-256-gcm'
const NONCE_BYTES = 12
const TAG_BYTES = 16
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
export function sealAnswer(answer: Uint8Array, secret: SealingSecret, context: string): Uint8Array {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv(CIPHER, keyOf(secret), nonce).setAAD(Buffer.from(context))
  const parts = [nonce, cipher.update(answer), cipher.final(), cipher.getAuthTag()]
  return new Uint8Array(Buffer.concat(parts))
}

/** Undefined when it was sealed with something else, or is damaged. */
export function openAnswer(sealed: Uint8Array, secret: SealingSecret, context: string): Uint8Array | undefined {
  const end = sealed.length - TAG_BYTES
  if (end < NONCE_BYTES) return undefined
  const decipher = createDecipheriv(CIPHER, keyOf(secret), sealed.subarray(0, NONCE_BYTES))
  decipher.setAAD(Buffer.from(context)).setAuthTag(sealed.subarray(end))
  try {
    return new Uint8Array(Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES, end)), decipher.final()]))
  } catch {
    return undefined
  }
}

const keyOf = ({ key, body }: SealingSecret): Uint8Array =>
  new Uint8Array(hkdfSync('sha256', createHmac('sha256', key).update(body).digest(), '', PURPOSE, 32))
