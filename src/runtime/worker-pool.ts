import { spawn, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Clock } from '../lib/clock.ts'

/** Where a worker listens; the message it sends once it does. */
export interface WorkerListening {
  readonly url: string
  readonly host: string
  readonly port: number
  /** What whoever started it is to be told of it. */
  readonly facts?: unknown
}

export interface WorkerPoolOptions {
  readonly count: number
  /** Arguments of the program for the first worker, which may choose a port, and for all others once the port is known. */
  readonly argumentsFor: (address: WorkerListening | undefined) => readonly string[]
  readonly envFor: (index: number) => Readonly<Record<string, string | undefined>>
  readonly clock: Pick<Clock, 'now' | 'sleep'>
  /** Told of each worker that has ended by itself and is started again. */
  readonly onRestart: (event: { readonly worker: number; readonly pid: number | undefined; readonly how: string }) => void
}

/** Processes of this program that serve on one address. */
export interface WorkerPool {
  /** Resolves when all of them listen. Rejects with `WorkerEnded` when one cannot, with nothing left running. */
  start(): Promise<WorkerListening>
  /** Asks all of them to finish what they serve; resolves when they have. */
  stop(): Promise<void>
  /** Asks all of them to read their configuration anew. */
  reload(): void
  /** Ends all of them at once. */
  kill(): void
}

/** A worker ended before it listened; it has said why on stderr. */
export class WorkerEnded extends Error {
  readonly exitCode: number

  constructor(exitCode: number) {
    super(`a worker ended with exit code ${exitCode} before it listened`)
    this.exitCode = exitCode
  }
}

const FIRST_PAUSE_MS = 200
const LONGEST_PAUSE_MS = 10_000
/** A worker that ran for so long did not fail at its start. */
const SOUND_MS = 30_000

export const createWorkerPool = (options: WorkerPoolOptions): WorkerPool => new ProcessPool(options)

class ProcessPool implements WorkerPool {
  private readonly options: WorkerPoolOptions
  private readonly children = new Map<number, ChildProcess>()
  private readonly ended = new Map<ChildProcess, Promise<void>>()
  private readonly stopping = new AbortController()
  private address: WorkerListening | undefined

  constructor(options: WorkerPoolOptions) {
    this.options = options
  }

  async start(): Promise<WorkerListening> {
    try {
      const address = await this.launch(0)
      this.address = address
      await Promise.all(Array.from({ length: this.options.count - 1 }, (_unused, index) => this.launch(index + 1)))
      for (const index of this.children.keys()) this.supervise(index)
      return address
    } catch (error) {
      this.stopping.abort()
      this.kill()
      throw error
    }
  }

  async stop(): Promise<void> {
    this.stopping.abort()
    for (const child of this.children.values()) child.kill('SIGTERM')
    await Promise.all(this.ended.values())
  }

  reload(): void {
    for (const child of this.children.values()) child.kill('SIGHUP')
  }

  kill(): void {
    this.stopping.abort()
    for (const child of this.children.values()) child.kill('SIGKILL')
  }

  /** Starts a worker; resolves when it listens. */
  private launch(index: number): Promise<WorkerListening> {
    const [command, ...fixed] = ownCommand()
    const child = spawn(command!, [...fixed, ...this.options.argumentsFor(this.address)], {
      env: this.options.envFor(index),
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    this.children.set(index, child)
    const ended = new Promise<void>((resolve) => {
      child.once('exit', () => resolve())
      child.once('error', () => resolve())
    })
    this.ended.set(child, ended)
    void ended.then(() => this.ended.delete(child))
    return new Promise((resolve, reject) => {
      child.once('message', (message) => resolve(message as WorkerListening))
      child.once('exit', (code) => reject(new WorkerEnded(code ?? 1)))
      child.once('error', reject)
    })
  }

  /** Starts the worker again whenever it ends, after longer and longer pauses when it keeps ending. */
  private supervise(index: number, pause = FIRST_PAUSE_MS): void {
    const child = this.children.get(index)
    const since = this.options.clock.now()
    child?.once('exit', (code, signal) => {
      if (this.stopping.signal.aborted) return
      const next = this.options.clock.now() - since > SOUND_MS ? FIRST_PAUSE_MS : pause
      this.options.onRestart({ worker: index, pid: child.pid, how: signal ?? `exit code ${code}` })
      void this.restart(index, next)
    })
  }

  private async restart(index: number, pause: number): Promise<void> {
    const longer = Math.min(pause * 2, LONGEST_PAUSE_MS)
    try {
      await this.options.clock.sleep(pause, this.stopping.signal)
    } catch {
      // Asked to stop meanwhile.
      return
    }
    const listening = this.launch(index)
    this.supervise(index, longer)
    // When it ends before it listens, its end is what starts the next one.
    await listening.catch(() => undefined)
  }
}

/** This program as another process; a compiled program is its own. */
function ownCommand(): string[] {
  if (import.meta.url.includes('$bunfs')) return [process.execPath]
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  return [process.execPath, ...process.execArgv, fileURLToPath(new URL(`../main.${extension}`, import.meta.url))]
}
