import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

const CIPHER = 'aes-256-gcm'
const NONCE_BYTES = 12
const TAG_BYTES = 16

/** What bytes are sealed with. */
export interface Seal {
  /** 32 bytes. */
  readonly key: Uint8Array
  /** Authenticated with them: they cannot be put in the place of others. */
  readonly context: string
}

/** Encrypts and authenticates bytes. */
export function sealBytes(plain: Uint8Array, { key, context }: Seal): Uint8Array {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv(CIPHER, key, nonce).setAAD(Buffer.from(context))
  return new Uint8Array(Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]))
}

/** Undefined when they were sealed with something else, or are damaged. */
export function openSealed(sealed: Uint8Array, { key, context }: Seal): Uint8Array | undefined {
  const end = sealed.length - TAG_BYTES
  if (end < NONCE_BYTES) return undefined
  const decipher = createDecipheriv(CIPHER, key, sealed.subarray(0, NONCE_BYTES))
  decipher.setAAD(Buffer.from(context)).setAuthTag(sealed.subarray(end))
  try {
    return new Uint8Array(Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES, end)), decipher.final()]))
  } catch {
    return undefined
  }
}
