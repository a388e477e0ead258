import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

export interface ReplaceOptions {
  /** Rights of the new file. Default: for its owner alone. */
  readonly mode?: number | undefined
  /** Called when the new content is on the disk and the old file still stands. */
  readonly before?: (() => void) | undefined
}

/**
 * Replaces a file as a whole: whoever reads it sees the old or the new content, also after a crash. Makes the folder. Throws the system's
 * error; the old file then stands untouched.
 */
export function replaceFile(path: string, content: string | Uint8Array, { mode = 0o600, before }: ReplaceOptions = {}): void {
  const temporary = `${path}.${process.pid}.tmp`
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    writeDurably(temporary, content, mode)
    before?.()
    renameSync(temporary, path)
    syncFolder(dirname(path))
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
}

/** A link that somebody has laid in the place of the temporary file is not followed. */
function writeDurably(path: string, content: string | Uint8Array, mode: number): void {
  rmSync(path, { force: true })
  const file = openSync(path, 'wx', mode)
  try {
    writeFileSync(file, content)
    fsyncSync(file)
  } finally {
    closeSync(file)
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
