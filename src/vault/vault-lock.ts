import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { GatewayError } from '../errors/gateway-error.ts'
import { tryFileLock, type FileLock } from '../lib/file-lock.ts'

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
    lock.release()
  }
}

async function take(path: string): Promise<FileLock> {
  // Plain timers: what is waited for is another process, which no manual clock drives.
  for (let tries = 0; tries < MOST_TRIES; tries++, await pause(PAUSE_MS)) {
    try {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
      const lock = tryFileLock(path)
      if (lock !== undefined) return lock
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause)
      throw new GatewayError(
        'state_unavailable',
        `The vault cannot be changed: ${path}: ${reason}. Check the rights of its folder.`,
        {
          cause,
        },
      )
    }
  }
  throw new GatewayError('state_unavailable', `Another process is changing the vault (${path}). Try again in a moment.`)
}
