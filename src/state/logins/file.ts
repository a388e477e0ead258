import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { GatewayError } from '../../errors/gateway-error.ts'
import { isObject } from '../../ir/json.ts'
import type { KeptLogin, LoginStore } from '../../ir/login.ts'
import { tryFileLock, type FileLock } from '../../lib/file-lock.ts'
import { replaceFile } from '../../lib/replace-file.ts'

/** Folder of the data directory. */
export const LOGINS_FOLDER = 'logins'

const PAUSE_MS = 50
/** A minute: another process waits at most half of that for its token endpoint. */
const MOST_TRIES = 1200

export interface FileLoginsOptions {
  readonly folder: string
  /** Told when a login could not be kept; the gateway goes on with it in memory. */
  readonly warn: (message: string) => void
}

/** Logins in files that only their owner can read, one each, replaced as a whole. */
export function createFileLogins({ folder, warn }: FileLoginsOptions): LoginStore {
  /** What the disk did not take is newer than what is on it. */
  const unsaved = new Map<string, KeptLogin>()
  return {
    async update(name, task) {
      const path = join(folder, createHash('sha256').update(name).digest('hex').slice(0, 32))
      const lock = await lockOf(folder, `${path}.lock`)
      try {
        const kept = unsaved.get(name) ?? readLogin(`${path}.json`)
        const login = await task(kept)
        if (login === kept) return login
        try {
          replaceFile(`${path}.json`, `${JSON.stringify(login)}\n`)
          unsaved.delete(name)
        } catch (error) {
          unsaved.set(name, login)
          const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
          warn(
            `The login of ${name.replace('~', '/')} could not be kept (${reason}): after a restart it may have to be made anew.`,
          )
        }
        return login
      } finally {
        lock.release()
      }
    },
  }
}

async function lockOf(folder: string, path: string): Promise<FileLock> {
  // Plain timers: what is waited for is another process, which no manual clock drives.
  for (let tries = 0; tries < MOST_TRIES; tries++, await pause(PAUSE_MS)) {
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      const lock = tryFileLock(path)
      if (lock !== undefined) return lock
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause)
      throw new GatewayError('credential_unavailable', `Logins cannot be kept in ${folder}: ${reason}. Check its rights.`, {
        cause,
      })
    }
  }
  throw new GatewayError('credential_unavailable', 'Another process has been renewing this login for a minute. Is it stuck?')
}

/** What is kept; undefined when there is nothing, or nothing that can be read: then the login of the configuration is used. */
function readLogin(path: string): KeptLogin | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'))
    if (!isObject(value)) return undefined
    const { origin, refreshToken, accessToken, expiresAt } = value
    if (typeof origin !== 'string' || typeof refreshToken !== 'string' || typeof accessToken !== 'string') return undefined
    return { origin, refreshToken, accessToken, expiresAt: typeof expiresAt === 'number' ? expiresAt : undefined }
  } catch {
    return undefined
  }
}
