import { execFile } from 'node:child_process'

/**
 * Runs a program without a shell and resolves with what it wrote to stdout; empty when it is missing, fails or takes too long. `input` is what
 * it reads from stdin: secrets go there, because arguments are seen by every process of the machine.
 */
export function runProgram(
  program: string,
  programArguments: readonly string[],
  timeoutMs: number,
  input?: string,
): Promise<string> {
  return new Promise((resolve) => {
    const child = execFile(program, [...programArguments], { timeout: timeoutMs, killSignal: 'SIGKILL' }, (_error, output) =>
      resolve(output),
    )
    if (input === undefined) return
    // One that has ended already reads nothing.
    child.stdin?.on('error', () => undefined)
    child.stdin?.end(input)
  })
}
