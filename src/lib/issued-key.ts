import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'

/**
 * Keys that the gateway issues: `sbk_<id>_<secret>`, and invitations to fetch one, `sbi_<id>_<secret>`. The beginning and the fixed length
 * let scanners find them in files; the last six characters of the secret are a checksum, so that one that was cut off or mistyped is
 * told from one that nobody knows.
 */
export type IssuedKind = 'key' | 'invitation'

/** An issued text in its parts. The id is no secret: lists, records and logs show it. */
export interface IssuedKey {
  readonly kind: IssuedKind
  /** `sbk_<id>`, of the key itself and of invitations to it. */
  readonly id: string
}

const PREFIXES = { key: 'sbk_', invitation: 'sbi_' } as const
/** Without letters that are mistaken for digits. */
const ID_LETTERS = '0123456789abcdefghjkmnpqrstvwxyz'
const ID_LENGTH = 12
const SECRET_LETTERS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
/** 190 bits. */
const SECRET_LENGTH = 32
const CHECK_LENGTH = 6
const FORM = /^sb[ki]_([0-9a-hjkmnp-tv-z]{12})_[0-9A-Za-z]{38}$/
const ID = /^sbk_[0-9a-hjkmnp-tv-z]{12}$/

/** Random bytes, as `crypto.randomBytes` gives them. */
export type RandomBytes = (count: number) => Uint8Array

/** Whether it claims to be one; it may still be mistyped, or have been pasted with its quotes. */
export const looksIssued = (text: string): boolean => /^["'`]?sb[ki]_/.test(text)

/** Whether it is the id of a key. */
export const isKeyId = (text: string): boolean => ID.test(text)

/** The parts of an issued text; undefined when it is cut off, mistyped or something else. */
export function parseIssuedKey(text: string): IssuedKey | undefined {
  const id = FORM.exec(text)?.[1]
  if (id === undefined || checksum(text.slice(0, -CHECK_LENGTH)) !== text.slice(-CHECK_LENGTH)) return undefined
  return { kind: text.startsWith(PREFIXES.key) ? 'key' : 'invitation', id: `${PREFIXES.key}${id}` }
}

/** A new id. */
export const newKeyId = (random: RandomBytes): string => `${PREFIXES.key}${letters(ID_LETTERS, ID_LENGTH, random)}`

/** A new secret for a key, as its owner gets it. */
export function newIssuedKey(kind: IssuedKind, keyId: string, random: RandomBytes): string {
  const text = `${PREFIXES[kind]}${keyId.slice(PREFIXES.key.length)}_${letters(SECRET_LETTERS, SECRET_LENGTH, random)}`
  return `${text}${checksum(text)}`
}

/** What is kept of it: SHA-256 in hex. With 190 random bits there is nothing to guess, so nothing slower is needed. */
export const hashOfIssuedKey = (text: string): string => createHash('sha256').update(text).digest('hex')

function checksum(text: string): string {
  let rest = crc32(text)
  let digits = ''
  for (let index = 0; index < CHECK_LENGTH; index++) {
    digits = `${SECRET_LETTERS[rest % SECRET_LETTERS.length]}${digits}`
    rest = Math.floor(rest / SECRET_LETTERS.length)
  }
  return digits
}

/** Random letters, each as likely as any other: bytes beyond the last whole multiple are thrown away. */
function letters(alphabet: string, count: number, random: RandomBytes): string {
  const usable = 256 - (256 % alphabet.length)
  let text = ''
  while (text.length < count) {
    for (const byte of random(count)) {
      if (byte < usable && text.length < count) text += alphabet[byte % alphabet.length]
    }
  }
  return text
}
