import { readdir, readFile, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { runProgram } from '../runtime/run-program.ts'

/** The process that listens on a port. */
export interface PortOwner {
  readonly pid: number
  /** Command line, or the name of the program. */
  readonly command: string
}

export interface FindPortOwnerOptions {
  readonly port: number
  /** Where the kernel shows processes; `/proc` when absent. */
  readonly processFolder?: string | undefined
}

/** State of a listening socket in `/proc/net/tcp`. */
const LISTENING = '0A'

/**
 * Who listens on a TCP port of this machine: from `/proc` where there is one, else from `lsof`. Undefined when nobody can tell, such
 * as for processes of other users. Never throws.
 */
export async function findPortOwner(options: FindPortOwnerOptions): Promise<PortOwner | undefined> {
  const folder = options.processFolder ?? '/proc'
  const sockets = await listeningSockets(folder, options.port)
  if (sockets === undefined) return askLsof(options.port)
  if (sockets.size === 0) return undefined
  return (await holderOf(folder, sockets)) ?? askLsof(options.port)
}

/** Who listens on a port, as the end of a sentence; how to find out when this program may not look. */
export async function describePortOwner(port: number): Promise<string> {
  const owner = await findPortOwner({ port })
  if (owner !== undefined) return `process ${owner.pid} (${owner.command.slice(0, 200)}).`
  return `a process that this user may not look at; "sudo lsof -nP -iTCP:${port} -sTCP:LISTEN" names it.`
}

/** Inodes of the sockets that listen on the port; undefined without a `/proc/net`. */
async function listeningSockets(folder: string, port: number): Promise<Set<string> | undefined> {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  const tables = await Promise.all(
    ['tcp', 'tcp6'].map((name) => readFile(join(folder, 'net', name), 'utf8').catch(() => undefined)),
  )
  if (tables.every((table) => table === undefined)) return undefined
  const inodes = new Set<string>()
  for (const line of tables.join('\n').split('\n')) {
    const [, local, , state, , , , , , inode] = line.trim().split(/\s+/)
    if (local?.endsWith(wanted) === true && state === LISTENING && inode !== undefined) inodes.add(`socket:[${inode}]`)
  }
  return inodes
}

async function holderOf(folder: string, sockets: ReadonlySet<string>): Promise<PortOwner | undefined> {
  const names = await readdir(folder).catch(() => [])
  for (const name of names) {
    if (!/^\d+$/.test(name)) continue
    if (await holds(join(folder, name, 'fd'), sockets)) return { pid: Number(name), command: await commandOf(join(folder, name)) }
  }
  return undefined
}

async function holds(descriptors: string, sockets: ReadonlySet<string>): Promise<boolean> {
  // A process that has ended, or belongs to somebody else, cannot be looked into.
  const names = await readdir(descriptors).catch(() => [])
  for (const name of names) {
    const target = await readlink(join(descriptors, name)).catch(() => '')
    if (sockets.has(target)) return true
  }
  return false
}

async function commandOf(processFolder: string): Promise<string> {
  const line = await readFile(join(processFolder, 'cmdline'), 'utf8').catch(() => '')
  const words = line.split('\0').join(' ').trim()
  return words === '' ? 'unknown command' : words
}

async function askLsof(port: number): Promise<PortOwner | undefined> {
  const output = await runProgram('lsof', ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-Fpc'], 2000)
  const pid = /^p(\d+)$/m.exec(output)?.[1]
  const command = /^c(.+)$/m.exec(output)?.[1]
  return pid === undefined ? undefined : { pid: Number(pid), command: command ?? 'unknown command' }
}
