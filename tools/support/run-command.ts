import { BoundedOutput } from './bounded-output.ts'
import { ROOT } from './repository.ts'

export interface CommandResult {
  readonly exitCode: number
  /** Standard output and standard error in the order they came, the middle left out if it is very long. */
  readonly output: string
  readonly seconds: number
}

export interface CommandOptions {
  readonly cwd?: string
  readonly env?: Record<string, string | undefined>
  /** Shows the output while the command runs, besides collecting it. */
  readonly echo?: boolean
  /** Ends the program by force after this time. */
  readonly timeoutMs?: number
}

/** Runs a program to its end without standard input; a program that cannot be started counts as exit code 127. */
export async function runCommand(command: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const started = performance.now()
  const collected = new BoundedOutput()
  let exitCode = 127
  try {
    const child = Bun.spawn({
      cmd: [...command],
      cwd: options.cwd ?? ROOT,
      env: options.env ?? process.env,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(options.timeoutMs === undefined ? {} : { timeout: options.timeoutMs, killSignal: 'SIGKILL' }),
    })
    const collect = async (stream: ReadableStream<Uint8Array>): Promise<void> => {
      const decoder = new TextDecoder()
      for await (const chunk of stream) {
        const text = decoder.decode(chunk, { stream: true })
        if (collected.push(text) && options.echo === true) process.stderr.write(text)
      }
    }
    await Promise.all([collect(child.stdout), collect(child.stderr)])
    exitCode = await child.exited
    if (options.echo === true) process.stderr.write(collected.rest)
  } catch (error) {
    collected.push(`${command.join(' ')}: ${String(error)}\n`)
  }
  return { exitCode, output: collected.toString(), seconds: (performance.now() - started) / 1000 }
}
