import { execFile } from 'node:child_process'

/** Runs a program without a shell and resolves with what it wrote to stdout; empty when it is missing, fails or takes too long. */
export function runProgram(program: string, programArguments: readonly string[], timeoutMs: number): Promise<string> {
  return new Promise((resolve) => {
    execFile(program, [...programArguments], { timeout: timeoutMs }, (_error, output) => resolve(output))
  })
}
