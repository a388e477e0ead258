import { execFile } from 'node:child_process'

/**
 * Runs a program without a shell and resolves with what it wrote to stdout; empty when it is missing, fails or takes too long: what a program
 * wrote before it failed is nothing to go by. `input` is all it can read from stdin: secrets go there, because arguments are seen by every
 * process of the machine. Never rejects.
 */
export function runProgram(program: string, programArguments: readonly string[], timeoutMs: number, input = ''): Promise<string> {
  return new Promise((resolve) => {
    try {
      const child = execFile(program, [...programArguments], { timeout: timeoutMs, killSignal: 'SIGKILL' }, (error, output) =>
        resolve(error === null ? output : ''),
      )
      // One that has ended already reads nothing.
      child.stdin?.on('error', () => undefined)
      child.stdin?.end(input)
    } catch {
      resolve('') // a name that none can have, as one with a NUL; the error would repeat it
    }
  })
}
