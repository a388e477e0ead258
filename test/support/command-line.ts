import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const LAUNCHER = resolve(import.meta.dir, '../../bin/switchback')

export interface Finished {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

export interface Served {
  readonly url: string
  readonly pid: number
  /** Sends a signal. */
  readonly signal: (name: NodeJS.Signals) => void
  /** Resolves when the process has ended. */
  readonly finished: Promise<Finished>
}

/** The `switchback` command in a home of its own, where no key and no configuration of the person who runs the tests is seen. */
export class CommandLine {
  readonly home = mkdtempSync(join(tmpdir(), 'switchback-home-'))
  private readonly running = new Set<Bun.Subprocess<'pipe', 'pipe', 'pipe'>>()
  private readonly variables: Record<string, string>

  constructor(variables: Record<string, string> = {}) {
    this.variables = { PATH: process.env['PATH'] ?? '', HOME: this.home, NO_PROXY: '127.0.0.1,localhost', ...variables }
    const bun = process.env['SWITCHBACK_BUN']
    if (bun !== undefined) this.variables['SWITCHBACK_BUN'] = bun
  }

  /** Runs a command to its end. */
  async run(words: readonly string[], input = ''): Promise<Finished> {
    const child = this.spawn(words)
    void child.stdin.write(input)
    void child.stdin.end()
    return outcome(child, new Response(child.stdout).text())
  }

  /** Starts `serve` on a free port and resolves when it listens. Rejects with what it said when it does not. */
  async serve(words: readonly string[] = []): Promise<Served> {
    const child = this.spawn(['serve', '--json', '--bind', '127.0.0.1:0', ...words])
    const output = new Output(child.stdout)
    const finished = outcome(child, output.whole)
    const line = await output.firstLine
    if (line === undefined) throw new Error(`serve ended: ${JSON.stringify(await finished)}`)
    const { url } = JSON.parse(line) as { url: string }
    return { url, pid: child.pid, finished, signal: (name) => child.kill(name) }
  }

  /** Starts a command and leaves it running. */
  spawn(words: readonly string[]): Bun.Subprocess<'pipe', 'pipe', 'pipe'> {
    const child = Bun.spawn({
      cmd: [LAUNCHER, ...words],
      cwd: this.home,
      env: this.variables,
      stdin: 'pipe',
      stdout: 'pipe',
      stderr: 'pipe',
    })
    this.running.add(child)
    void child.exited.then(() => this.running.delete(child))
    return child
  }

  /** Ends what still runs and removes the home. */
  async dispose(): Promise<void> {
    for (const child of this.running) child.kill('SIGKILL')
    await Promise.all([...this.running].map((child) => child.exited))
    rmSync(this.home, { recursive: true, force: true })
  }
}

async function outcome(child: Bun.Subprocess<'pipe', 'pipe', 'pipe'>, stdout: Promise<string>): Promise<Finished> {
  const [out, error, exitCode] = await Promise.all([stdout, new Response(child.stderr).text(), child.exited])
  return { exitCode, stdout: out, stderr: error }
}

/** Everything a process writes, and its first line as soon as there is one. */
class Output {
  readonly whole: Promise<string>
  /** Undefined when the stream ends before a line is complete. */
  readonly firstLine: Promise<string | undefined>

  constructor(stream: ReadableStream<Uint8Array>) {
    const first = Promise.withResolvers<string | undefined>()
    this.firstLine = first.promise
    this.whole = (async () => {
      const decoder = new TextDecoder()
      let text = ''
      for await (const chunk of stream) {
        text += decoder.decode(chunk, { stream: true })
        const end = text.indexOf('\n')
        if (end !== -1) first.resolve(text.slice(0, end))
      }
      first.resolve(undefined)
      return text
    })()
  }
}
