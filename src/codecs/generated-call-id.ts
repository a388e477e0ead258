import { createHash } from 'node:crypto'

/**
 * Id for a tool call that came without one: the same for the same answer, different between answers. `content` is what was called,
 * where answers may have no id that tells them apart.
 */
export function generatedCallId(responseId: string | undefined, choice: number, call: number, content = ''): string {
  return `call_${createHash('sha256')
    .update(`${responseId ?? ''}:${choice}:${call}${content}`)
    .digest('hex')
    .slice(0, 24)}`
}
