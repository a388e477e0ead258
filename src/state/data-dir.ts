import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { GatewayError } from '../errors/gateway-error.ts'
import { tryFileLock, type FileLock } from '../lib/file-lock.ts'

const LOCK_FILE = 'lock'
const OWNER_FILE = 'process.json'

/** The process that serves from a data directory. */
export interface DataDirOwner {
  readonly pid: number
  /** Where it listens; undefined while it is starting. */
  readonly url?: string | undefined
  /** ISO 8601. */
  readonly started: string
}

export interface DataDirOptions {
  readonly path: string
  readonly pid: number
  /** Unix milliseconds. */
  readonly startedAt: number
}

/** A data directory held by this process, and by no other until it is released. */
export interface DataDir {
  readonly path: string
  /** Path of a file in it. */
  file(name: string): string
  /** Tells others where this process listens. */
  announce(url: string): void
  /** Gives the directory back. Also happens by itself when the process ends, however it ends. */
  release(): void
}

/**
 * Creates the directory (for its owner only) and takes it. The lock falls with the process. Throws `data_dir_locked` naming the
 * process that has it, `state_unavailable` when the directory cannot be used.
 */
export function takeDataDir(options: DataDirOptions): DataDir {
  const { path, pid } = options
  createFolder(path)
  const lock = takeLock(path)
  const started = new Date(options.startedAt).toISOString()
  writeOwner(path, { pid, started })
  let held = true
  return {
    path,
    file: (name) => join(path, name),
    announce: (url) => writeOwner(path, { pid, url, started }),
    release() {
      if (!held) return
      held = false
      rmSync(join(path, OWNER_FILE), { force: true })
      lock.release()
    },
  }
}

/** A data directory that the process which started this one holds for it. */
export const joinDataDir = (path: string): DataDir => ({
  path,
  file: (name) => join(path, name),
  announce: () => undefined,
  release: () => undefined,
})

/** Who serves from the directory right now; undefined when nobody does. Never changes anything in a directory that is in use. */
export function dataDirOwner(path: string): DataDirOwner | undefined {
  const owner = readOwner(path)
  return owner !== undefined && isAlive(owner.pid) ? owner : undefined
}

function createFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new GatewayError(
      'state_unavailable',
      `The data directory ${path} cannot be created: ${reason}. Choose another with --data-dir or SWITCHBACK_HOME.`,
      {
        cause,
      },
    )
  }
}

function takeLock(path: string): FileLock {
  let lock: FileLock | undefined
  try {
    lock = tryFileLock(join(path, LOCK_FILE))
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new GatewayError(
      'state_unavailable',
      `The data directory ${path} cannot be used: ${reason}. Check its rights, or choose another with --data-dir.`,
      {
        cause,
      },
    )
  }
  return lock ?? refuseLocked(path)
}

function refuseLocked(path: string): never {
  const owner = dataDirOwner(path)
  const who = owner === undefined ? 'another process that is just starting' : describeOwner(owner)
  throw new GatewayError(
    'data_dir_locked',
    `The data directory ${path} is in use by ${who}. Use that gateway, stop it, or start this one with another --data-dir.`,
    { details: { ...owner } },
  )
}

function describeOwner(owner: DataDirOwner): string {
  const where = owner.url === undefined ? '' : ` at ${owner.url}`
  return `process ${owner.pid}${where}, running since ${owner.started}`
}

/** Written whole or not at all, so that a reader never sees half of it. */
function writeOwner(path: string, owner: DataDirOwner): void {
  const temporary = join(path, `${OWNER_FILE}.${owner.pid}`)
  writeFileSync(temporary, `${JSON.stringify(owner)}\n`, { mode: 0o600 })
  renameSync(temporary, join(path, OWNER_FILE))
}

function readOwner(path: string): DataDirOwner | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(join(path, OWNER_FILE), 'utf8'))
    return isOwner(value) ? value : undefined
  } catch {
    // Missing or unreadable both mean: not known.
    return undefined
  }
}

function isOwner(value: unknown): value is DataDirOwner {
  return (
    typeof value === 'object' &&
    value !== null &&
    'pid' in value &&
    typeof value.pid === 'number' &&
    'started' in value &&
    typeof value.started === 'string'
  )
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
