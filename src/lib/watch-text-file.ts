import { readFileSync } from 'node:fs'
import type { Clock } from './clock.ts'
import { fileMark } from './file-mark.ts'

export interface WatchTextFileOptions {
  readonly path: string
  readonly clock: Clock
  /** Gets the text at first and whenever the file has changed; undefined when there is no file any more. Gets it again after it has thrown. */
  readonly onChange: (text: string | undefined) => void
  /** Told once for each new reason why the file cannot be read, or its text not be taken. The last text stands until it can be. */
  readonly onUnreadable: (reason: string) => void
}

const LOOK_EVERY_MS = 3_000

/**
 * Reads the file at once, so that nothing is served without it, then looks every three seconds whether it has changed: one system
 * call of some microseconds, off the way of any request. Returns what ends the watch.
 */
export function watchTextFile({ path, clock, onChange, onUnreadable }: WatchTextFileOptions): () => void {
  let seen: string | undefined
  let complaint: string | undefined

  function look(): void {
    try {
      const mark = fileMark(path)
      if (mark !== seen) {
        const text = mark === undefined ? undefined : readFileSync(path, 'utf8')
        onChange(text)
        seen = mark
      }
      complaint = undefined
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause)
      if (reason !== complaint) onUnreadable(reason)
      complaint = reason
    }
  }

  look()
  return clock.every(LOOK_EVERY_MS, look)
}
