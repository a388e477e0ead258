import { join } from 'node:path'
import { writeFileSync } from 'node:fs'
import { CommandLine, type Served } from './command-line.ts'
import { freePort } from './server-process.ts'
import { Stalls } from './stalls.ts'

/** A gateway as a process of its own that is killed and started again, always on the same port. */
export class MortalGateway {
  readonly url: string
  private readonly home: CommandLine
  private readonly port: number
  /** What it said when it ended without having been told to: its exit code, and the end of its last words. */
  readonly ownDeaths: string[] = []
  private served: Served | undefined
  private stalls: Stalls | undefined

  private constructor(home: CommandLine, port: number) {
    this.home = home
    this.port = port
    this.url = `http://127.0.0.1:${port}`
  }

  /** A gateway with this configuration; not started yet. */
  static async make(config: string, variables: Record<string, string>): Promise<MortalGateway> {
    const home = new CommandLine(variables)
    writeFileSync(join(home.home, 'switchback.yaml'), config)
    return new MortalGateway(home, await freePort())
  }

  get isUp(): boolean {
    return this.served !== undefined
  }

  async start(): Promise<void> {
    this.served = await this.home.serve(['--bind', `127.0.0.1:${this.port}`, '--log-level', 'error'])
    const { served } = this
    this.stalls = new Stalls(served.pid)
    void served.finished.then(({ exitCode, stderr }) => {
      if (this.served === served) this.ownDeaths.push(`exit code ${exitCode}: ${stderr.slice(-2_000)}`)
    })
  }

  /** Ends it as a crash does. Resolves with how long it was kept from running before, from any moment on. */
  async kill(): Promise<Stalls | undefined> {
    const { served, stalls } = this
    this.served = undefined
    stalls?.end()
    served?.signal('SIGKILL')
    await served?.finished
    return stalls
  }

  /** Lets it finish; resolves with what it said. */
  async stop(): Promise<string> {
    const { served, stalls } = this
    this.served = undefined
    stalls?.end()
    served?.signal('SIGTERM')
    return (await served?.finished)?.stderr ?? ''
  }

  run(words: readonly string[]): ReturnType<CommandLine['run']> {
    return this.home.run(words)
  }

  dispose(): Promise<void> {
    this.stalls?.end()
    return this.home.dispose()
  }
}

/** Draws from a seed, so that a run can be told again. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
