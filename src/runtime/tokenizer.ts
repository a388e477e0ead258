import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'

/** Counts tokens of a text (encoding o200k). Rejects when the tokenizer is not to be had in time. */
export interface Tokenizer {
  count(text: string): Promise<number>
  close(): void
}

export interface TokenizerOptions {
  /** Longest wait for one count, in ms; the first one loads the tables (about 400 ms). */
  readonly timeoutMs: number
  /** The process ends after this long without work, in ms. */
  readonly idleMs: number
}

type Child = ChildProcessByStdio<Writable, Readable, null>
interface Waiting {
  readonly resolve: (count: number) => void
  readonly reject: (error: Error) => void
}

/** A tokenizer in a child process, started at the first count and let go when idle. */
export function createTokenizer({ timeoutMs, idleMs }: TokenizerOptions): Tokenizer {
  let child: Child | undefined
  let idle: ReturnType<typeof setTimeout> | undefined
  const queue: Waiting[] = []

  const close = (): void => {
    clearTimeout(idle)
    child?.kill()
    child = undefined
    for (const waiting of queue.splice(0)) waiting.reject(new Error('the tokenizer ended'))
  }

  const started = (): Child => {
    if (child !== undefined) return child
    const [command, ...args] = tokenizerCommand()
    const process = spawn(command!, args, { stdio: ['pipe', 'pipe', 'ignore'] })
    process.on('error', close)
    process.on('exit', () => {
      if (child === process) close()
    })
    process.stdin.on('error', close)
    createInterface({ input: process.stdout }).on('line', (line) => queue.shift()?.resolve(Number(line)))
    child = process
    return process
  }

  return {
    close,
    count(text) {
      clearTimeout(idle)
      return new Promise<number>((resolve, reject) => {
        const timer = setTimeout(() => {
          reject(new Error(`the tokenizer took longer than ${timeoutMs} ms`))
          close()
        }, timeoutMs)
        queue.push({
          resolve(count) {
            clearTimeout(timer)
            resolve(count)
          },
          reject(error) {
            clearTimeout(timer)
            reject(error)
          },
        })
        started().stdin.write(`${JSON.stringify(text)}\n`)
      }).finally(() => {
        idle = setTimeout(close, idleMs)
        idle.unref()
      })
    },
  }
}

/** In a compiled binary the tokenizer is the binary itself with another argument. */
function tokenizerCommand(): string[] {
  if (import.meta.url.includes('$bunfs')) return [process.execPath, '__tokenize']
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  return [process.execPath, fileURLToPath(new URL(`./tokenizer-process.${extension}`, import.meta.url)), '__tokenize']
}
