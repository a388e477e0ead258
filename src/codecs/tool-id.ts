import { createHash } from 'node:crypto'

/** Anthropic and OpenAI both accept this alphabet; OpenAI limits ids to 64 characters. */
const VALID = /^[A-Za-z0-9_-]{1,64}$/
const ESCAPED = /^sbid_/

/**
 * Makes a tool-call id acceptable to every vendor. Valid ids stay as they are; others get each foreign character written as
 * `_x<hex>_` behind the mark `sbid_`. The same id always gives the same result, and different ids different ones; ids too long
 * for that become a hash, which `restoreToolId` cannot undo.
 */
export function sanitizeToolId(id: string): string {
  if (VALID.test(id) && !ESCAPED.test(id)) return id
  const escaped = `sbid_${id.replace(/[^A-Za-z0-9-]/gu, (character) => `_x${character.codePointAt(0)!.toString(16)}_`)}`
  return escaped.length <= 64 ? escaped : `sbid_h${createHash('sha256').update(id).digest('hex').slice(0, 48)}`
}

/** Undoes `sanitizeToolId`; ids it never touched, and hashed ones, come back unchanged. */
export function restoreToolId(id: string): string {
  if (!ESCAPED.test(id) || /^sbid_h[0-9a-f]{48}$/.test(id)) return id
  return id.slice(5).replace(/_x([0-9a-f]+)_/g, (_match, hex: string) => String.fromCodePoint(Number.parseInt(hex, 16)))
}
