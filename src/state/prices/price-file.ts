import { closeSync, copyFileSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { GatewayError } from '../../errors/gateway-error.ts'

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
  const temporary = `${path}.${process.pid}.tmp`
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    writeDurably(temporary, text)
    keepPrevious(path)
    renameSync(temporary, path)
    syncFolder(dirname(path))
  } catch (cause) {
    rmSync(temporary, { force: true })
    throw new GatewayError(
      'state_unavailable',
      `The prices in ${path} cannot be written: ${reasonOf(cause)}. Nothing was changed. Check the rights and the space of the folder.`,
      { cause },
    )
  }
}

function writeDurably(path: string, text: string): void {
  const file = openSync(path, 'w', 0o600)
  try {
    writeFileSync(file, text)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

function keepPrevious(path: string): void {
  try {
    copyFileSync(path, previousOf(path))
  } catch (cause) {
    if (!isMissing(cause)) throw cause
  }
}

/** A rename lasts once its folder is on the disk. */
function syncFolder(path: string): void {
  const folder = openSync(path, 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}

const isMissing = (cause: unknown): boolean => cause instanceof Error && 'code' in cause && cause.code === 'ENOENT'
const reasonOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))
