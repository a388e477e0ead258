import { readdirSync, readFileSync } from 'node:fs'

/** A child process of the benchmark that printed `PORT n` or a URL. */
export interface Measured {
  readonly pid: number
  readonly url: string
  stop(): Promise<void>
}

/** Starts a command and waits until `ready` finds its URL on stdout or stderr. */
export async function start(
  command: string[],
  environment: Record<string, string> = {},
  ready = /PORT (\d+)/,
): Promise<Measured> {
  const child = Bun.spawn(command, { stdout: 'pipe', stderr: 'pipe', env: { ...process.env, ...environment } })
  const seen = { text: '' }
  const url = await Promise.race([findUrl(child.stdout, ready, seen), findUrl(child.stderr, ready, seen)])
  if (url === undefined) throw new Error(`${command.join(' ')} said nothing usable:\n${seen.text}`)
  return {
    pid: child.pid,
    url,
    async stop() {
      child.kill()
      await child.exited
    },
  }
}

async function findUrl(stream: ReadableStream<Uint8Array>, ready: RegExp, seen: { text: string }): Promise<string | undefined> {
  const decoder = new TextDecoder()
  const reader = stream.getReader()
  for (;;) {
    const { value, done } = await reader.read()
    if (done) return new Promise((resolve) => setTimeout(() => resolve(undefined), 2_000))
    seen.text += decoder.decode(value, { stream: true })
    const match = ready.exec(seen.text)
    if (match === null) continue
    void drain(reader)
    return match[1]!.startsWith('http') ? match[1]! : `http://127.0.0.1:${match[1]}`
  }
}

async function drain(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  for (;;) if ((await reader.read()).done) return
}

/** CPU time of all threads of a process so far, in microseconds (Linux). */
export const cpuMicroseconds = (pid: number): number => threadMicroseconds(pid, () => true)

/** CPU time of the threads that compile JavaScript. */
export const compilerMicroseconds = (pid: number): number =>
  threadMicroseconds(pid, (name) => /^(?:JITWorker|JSCWarmUp)/.test(name))

function threadMicroseconds(pid: number, counts: (name: string) => boolean): number {
  let nanoseconds = 0
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    try {
      if (!counts(readFileSync(`/proc/${pid}/task/${task}/comm`, 'utf8'))) continue
      nanoseconds += Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0])
    } catch {
      // The thread ended between listing and reading.
    }
  }
  return nanoseconds / 1000
}

/** Resident memory in MiB: of now, and the highest so far. */
export function memory(pid: number): { readonly rss: number; readonly peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const read = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) / 1024
  return { rss: read('VmRSS'), peak: read('VmHWM') }
}
