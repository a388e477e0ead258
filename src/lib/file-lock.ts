import { DatabaseSync } from 'node:sqlite'

/** A lock that is held until it is released, or the process ends. */
export interface FileLock {
  release(): void
}

/**
 * Takes a lock that is the operating system's own on a file, held through SQLite: it falls with the process, so nothing stale can stay
 * behind, and two cannot both win. Undefined while another holds it. Throws the system's error when the file cannot be used.
 */
export function tryFileLock(path: string): FileLock | undefined {
  let lock: DatabaseSync | undefined
  try {
    const taken = (lock = new DatabaseSync(path))
    taken.exec('PRAGMA busy_timeout = 0; PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE')
    return { release: () => taken.close() }
  } catch (cause) {
    lock?.close()
    if (cause instanceof Error && /locked|busy/i.test(cause.message)) return undefined
    throw cause
  }
}
