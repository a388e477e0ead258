import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'

/** A database server of a test's own, on loopback, with everything that can happen to it. */
export interface TestServer {
  readonly port: number
  /** Ends it as a crash does: at once, with all its processes. */
  kill(): Promise<void>
  /** Lets it hang: connections stay open and nothing is answered. */
  stall(): void
  /** Lets a stalled one go on. */
  resume(): void
  /** Starts it again on the same port, with what it had kept. Resolves when it answers. */
  start(): Promise<void>
  /** Ends it and removes its folder. */
  close(): Promise<void>
}

type Child = ReturnType<typeof Bun.spawn>

/** The first of these files that exists; servers lie outside PATH on Debian. */
export const firstProgram = (...candidates: readonly string[]): string | undefined => candidates.find((path) => existsSync(path))

/** The command as an unprivileged user when this is root, and ended by the system when the tests end without saying so. */
export function confined(command: readonly string[], user = 'nobody'): string[] {
  const asUser = process.getuid?.() === 0 ? [`--reuid=${user}`, `--regid=${groupOf(user)}`, '--clear-groups'] : []
  return ['setpriv', ...asUser, '--pdeathsig', 'KILL', ...command]
}

function groupOf(user: string): string {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${user}:`))
  if (line === undefined) throw new Error(`this machine has no user ${user}`)
  return line.split(':')[3] ?? ''
}

/** A port that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.on('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      probe.close(() => resolve(port))
    })
  })
}

/** One process with its children, started again and again. */
export class ServerProcess {
  private readonly command: readonly string[]
  private readonly answers: () => Promise<boolean>
  private child: Child | undefined

  /** `answers` tells whether the server takes connections. */
  constructor(command: readonly string[], answers: () => Promise<boolean>) {
    this.command = command
    this.answers = answers
  }

  async start(): Promise<void> {
    const child = Bun.spawn([...this.command], { stdio: ['ignore', 'ignore', 'pipe'] })
    this.child = child
    const output = new Response(child.stderr).text()
    const deadline = Date.now() + 20_000
    while (!(await this.answers())) {
      if (child.exitCode !== null) throw new Error(`${this.command.join(' ')} ended: ${await output}`)
      if (Date.now() > deadline) throw new Error(`${this.command.join(' ')} does not answer`)
      await Bun.sleep(20)
    }
  }

  async kill(): Promise<void> {
    const child = this.child
    if (child === undefined) return
    const members = [child.pid, ...childrenOf(child.pid)]
    this.signal('SIGKILL')
    await child.exited
    // What a child holds, shared memory for one, is free when it has gone as well.
    while (members.some((pid) => existsSync(`/proc/${pid}`))) await Bun.sleep(5)
    this.child = undefined
  }

  signal(signal: NodeJS.Signals): void {
    const pid = this.child?.pid
    if (pid === undefined) return
    for (const member of [pid, ...childrenOf(pid)]) {
      try {
        process.kill(member, signal)
      } catch {
        // It ended between being listed and being signalled.
      }
    }
  }
}

function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number)
  } catch {
    return []
  }
}
