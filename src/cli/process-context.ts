import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { isatty } from 'node:tty'
import { readSurroundings, variable } from '../config/env.ts'
import { systemClock } from '../lib/clock.ts'
import type { CliContext, GatewayApp, WorkerRole } from './cli-context.ts'
import { processTerminal } from './terminal.ts'
import { WORKER_VARIABLE } from './worker-variable.ts'

const STDERR = 2

export interface ProcessContextOptions {
  readonly version: string
  readonly loadApp: () => Promise<GatewayApp>
}

/** The command line's view of this process. */
export function processContext(options: ProcessContextOptions): CliContext {
  // A reader that has seen enough (`| head`) closes the pipe; that is no fault.
  process.stdout.on('error', () => undefined)
  process.stderr.on('error', () => undefined)
  const surroundings = readSurroundings()
  const worker = workerRole(variable(surroundings.env, WORKER_VARIABLE))
  return {
    argv: process.argv.slice(2),
    version: options.version,
    surroundings,
    clock: systemClock,
    fetch: globalThis.fetch,
    stdout: (words) => void process.stdout.write(words),
    stderr: (words) => void process.stderr.write(words),
    readText: (path) => (path === '-' ? text(process.stdin) : readFile(path, 'utf8')),
    terminal: processTerminal(),
    onHangUp,
    stopRequested: worker === undefined ? nextStopSignal : nextWordOfSupervisor,
    loadApp: options.loadApp,
    worker,
  }
}

/** The same signal comes when the terminal goes away. Then nobody asks for anything any more, and the process is to stop as ever. */
function onHangUp(listener: () => void): () => void {
  const hadTerminal = isatty(STDERR)
  const heard = (): void => {
    if (hadTerminal && !isatty(STDERR)) process.kill(process.pid, 'SIGTERM')
    else listener()
  }
  process.on('SIGHUP', heard)
  return () => process.off('SIGHUP', heard)
}

function nextStopSignal(): Promise<string> {
  return new Promise((resolve) => {
    const heard = (signal: string): void => {
      process.off('SIGTERM', heard)
      process.off('SIGINT', heard)
      resolve(signal)
    }
    process.on('SIGTERM', heard)
    process.on('SIGINT', heard)
  })
}

/** Undefined for a process that nobody has started as a worker. */
function workerRole(number: string | undefined): WorkerRole | undefined {
  if (number === undefined || process.send === undefined) return undefined
  return { number: Number(number), listens: (address) => void process.send?.(address) }
}

/**
 * A worker stops when the process that started it says so, or is gone. A Ctrl-C reaches all processes of a terminal, and is for the
 * other one to understand.
 */
function nextWordOfSupervisor(): Promise<string> {
  return new Promise((resolve) => {
    process.on('SIGINT', () => undefined)
    process.once('SIGTERM', () => resolve('SIGTERM'))
    process.once('disconnect', () => resolve('the supervisor is gone'))
  })
}

/** Ends the process once everything written has left it. */
export async function endProcess(exitCode: number): Promise<void> {
  await Promise.all(
    [process.stdout, process.stderr].map((stream) => new Promise<void>((resolve) => stream.write('', () => resolve()))),
  )
  process.exit(exitCode)
}
