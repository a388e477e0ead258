import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as pause } from 'node:timers/promises'
import { GatewayError } from '../errors/gateway-error.ts'

const PAUSE_MS = 20
/** Five seconds for somebody else's change, which takes some milliseconds. */
const MOST_TRIES = 250

/**
 * Lets one change of a vault happen at a time, also of other processes: what another has changed meanwhile would be lost. The lock is the
 * operating system's own, held through SQLite, so nothing stale can stay behind after a crash. Throws `state_unavailable`.
 */
export async function withVaultLock<Result>(path: string, change: () => Promise<Result>): Promise<Result> {
  const lock = await take(`${path}.lock`)
  try {
    return await change()
  } finally {
    lock.close()
  }
}

async function take(path: string): Promise<DatabaseSync> {
  // Plain timers: what is waited for is another process, which no manual clock drives.
  for (let tries = 1; ; tries++, await pause(PAUSE_MS)) {
    let lock: DatabaseSync | undefined
    try {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
      lock = new DatabaseSync(path)
      lock.exec('PRAGMA busy_timeout = 0; PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE')
      return lock
    } catch (cause) {
      lock?.close()
      const reason = cause instanceof Error ? cause.message : String(cause)
      const isTaken = /locked|busy/i.test(reason)
      if (isTaken && tries < MOST_TRIES) continue
      throw new GatewayError(
        'state_unavailable',
        isTaken
          ? `Another process is changing the vault (${path}). Try again in a moment.`
          : `The vault cannot be changed: ${path}: ${reason}. Check the rights of its folder.`,
        { cause },
      )
    }
  }
}
