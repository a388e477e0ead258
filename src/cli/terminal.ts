import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import type { Terminal } from './cli-context.ts'

/** The terminal of this process; undefined when stdin or stderr is none, as in scripts. */
export function processTerminal(): Terminal | undefined {
  const { stdin, stderr } = process
  if (!stdin.isTTY || !stderr.isTTY) return undefined
  return {
    ask: (question) => askLine(question, stderr),
    async askSecret(question) {
      stderr.write(question)
      // What is typed is echoed by the reader and not by the terminal, so it can be swallowed.
      const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
      const answer = await askLine('', nowhere)
      stderr.write('\n')
      return answer
    },
  }
}

async function askLine(question: string, output: NodeJS.WritableStream): Promise<string> {
  const reader = createInterface({ input: process.stdin, output, terminal: true, historySize: 0 })
  // Ctrl-C ends the program as it does everywhere; Ctrl-D is an empty answer.
  reader.on('SIGINT', () => process.kill(process.pid, 'SIGINT'))
  const ended = new Promise<string>((resolve) => reader.once('close', () => resolve('')))
  try {
    return (await Promise.race([reader.question(question), ended])).trim()
  } finally {
    reader.close()
  }
}
