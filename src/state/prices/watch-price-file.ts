import { readFile, stat } from 'node:fs/promises'
import type { Clock } from '../../lib/clock.ts'

export interface WatchPriceFileOptions {
  readonly path: string
  readonly clock: Clock
  /** Gets the text whenever the file has changed; undefined when it has gone. */
  readonly onChange: (text: string | undefined) => void
  /** Told once for each new reason why the file cannot be read. The last text stands until it can be. */
  readonly onUnreadable: (reason: string) => void
}

/** A file seen by its age, size and inode: one look costs a system call and reads nothing. */
const LOOK_EVERY_MS = 3_000
const MISSING = 'missing'

/**
 * Reads the file, then looks every three seconds whether it has changed; never on the way of a request. Resolves when the first
 * reading is done, with a function that ends the watch.
 */
export async function watchPriceFile(options: WatchPriceFileOptions): Promise<() => void> {
  const { path, clock, onChange, onUnreadable } = options
  let seen = MISSING
  let complaint: string | undefined
  let looking = false

  async function look(): Promise<void> {
    if (looking) return
    looking = true
    try {
      const mark = await markOf(path)
      if (mark !== seen) {
        const text = mark === MISSING ? undefined : await readFile(path, 'utf8')
        seen = mark
        onChange(text)
      }
      complaint = undefined
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause)
      if (reason !== complaint) onUnreadable(reason)
      complaint = reason
    } finally {
      looking = false
    }
  }

  await look()
  return clock.every(LOOK_EVERY_MS, () => void look())
}

async function markOf(path: string): Promise<string> {
  try {
    const { mtimeMs, size, ino } = await stat(path)
    return `${mtimeMs} ${size} ${ino}`
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return MISSING
    throw cause
  }
}
