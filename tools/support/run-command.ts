import { ROOT } from './repository.ts'

export interface CommandResult {
  readonly exitCode: number
  /** Standard output and standard error in the order they came. */
  readonly output: string
  readonly seconds: number
}

export interface CommandOptions {
  readonly cwd?: string
  readonly env?: Record<string, string | undefined>
  /** Shows the output while the command runs, besides collecting it. */
  readonly echo?: boolean
}

/** Runs a program to its end without standard input; a program that cannot be started counts as exit code 127. */
export async function runCommand(command: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const started = performance.now()
  const pieces: string[] = []
  let exitCode = 127
  try {
    const child = Bun.spawn({
      cmd: [...command],
      cwd: options.cwd ?? ROOT,
      env: options.env ?? process.env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const collect = async (stream: ReadableStream<Uint8Array>): Promise<void> => {
      const decoder = new TextDecoder()
      for await (const chunk of stream) {
        if (options.echo === true) process.stderr.write(chunk)
        pieces.push(decoder.decode(chunk, { stream: true }))
      }
    }
    await Promise.all([collect(child.stdout), collect(child.stderr)])
    exitCode = await child.exited
  } catch (error) {
    pieces.push(`${command.join(' ')}: ${String(error)}\n`)
  }
  return { exitCode, output: pieces.join(''), seconds: (performance.now() - started) / 1000 }
}
