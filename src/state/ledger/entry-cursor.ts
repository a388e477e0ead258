import { GatewayError } from '../../errors/gateway-error.ts'

const DEFAULT_LIMIT = 100
const MOST = 1000

export const entryLimit = (limit: number | undefined): number => Math.min(MOST, Math.max(1, limit ?? DEFAULT_LIMIT))

export const writeCursor = (sequence: number): string => `e${sequence.toString(36)}`

/** The position a cursor stands for. Throws `invalid_body` for a text that is none. */
export function readCursor(cursor: string | undefined): number | undefined {
  if (cursor === undefined) return undefined
  const sequence = /^e[0-9a-z]{1,11}$/.test(cursor) ? Number.parseInt(cursor.slice(1), 36) : Number.NaN
  if (Number.isSafeInteger(sequence)) return sequence
  throw new GatewayError('invalid_body', 'The cursor is none that this gateway gave out. Take `next` of the page before.', {
    param: 'cursor',
  })
}
