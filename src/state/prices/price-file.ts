import { copyFileSync, readFileSync } from 'node:fs'
import { GatewayError } from '../../errors/gateway-error.ts'
import { replaceFile } from '../../lib/replace-file.ts'

/** The operator's prices in the data directory; `prices.json.previous` holds what stood there before. */
export const PRICE_FILE = 'prices.json'

/** Path of the copy that the last replacement left. */
export const previousOf = (path: string): string => `${path}.previous`

/** The text of the file; undefined when there is none. Throws `state_unavailable` when it is there and cannot be read. */
export function readPriceFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    if (isMissing(cause)) return undefined
    throw new GatewayError(
      'state_unavailable',
      `The prices in ${path} cannot be read: ${reasonOf(cause)}. Check the rights of the file.`,
      {
        cause,
      },
    )
  }
}

/**
 * Replaces the file as a whole: whoever reads it sees the old or the new prices, also after a crash. What stood there before is kept
 * beside it. Throws `state_unavailable` when it cannot be written; the old file then stands untouched.
 */
export function replacePriceFile(path: string, text: string): void {
  try {
    replaceFile(path, text, { before: () => keepPrevious(path) })
  } catch (cause) {
    throw new GatewayError(
      'state_unavailable',
      `The prices in ${path} cannot be written: ${reasonOf(cause)}. Nothing was changed. Check the rights and the space of the folder.`,
      { cause },
    )
  }
}

function keepPrevious(path: string): void {
  try {
    copyFileSync(path, previousOf(path))
  } catch (cause) {
    if (!isMissing(cause)) throw cause
  }
}

const isMissing = (cause: unknown): boolean => cause instanceof Error && 'code' in cause && cause.code === 'ENOENT'
const reasonOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))
