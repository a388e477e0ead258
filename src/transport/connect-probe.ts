import net from 'node:net'
import { destinationOf } from './destination.ts'

/** What a TCP connect found out within the time given. */
export type ProbeResult = 'connected' | 'refused' | 'timeout' | 'unreachable' | 'aborted'

/**
 * Opens a TCP connection to the host of `url` and closes it again. `fetch` has no connect timeout of its own; this tells a host
 * that drops packets from a model that thinks. TLS and HTTP are not tried.
 */
export function waitConnected(url: string, timeoutMs: number, signal?: AbortSignal): Promise<ProbeResult> {
  const destination = destinationOf(new URL(url))
  if (signal?.aborted === true) return Promise.resolve('aborted')
  return new Promise((resolve) => {
    const socket = net.connect(destination)
    const finish = (result: ProbeResult): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
      socket.destroy()
      resolve(result)
    }
    const abort = (): void => finish('aborted')
    // Plain timers: the operating system's connect cannot be driven by a manual clock.
    const timer = setTimeout(() => finish('timeout'), timeoutMs)
    signal?.addEventListener('abort', abort, { once: true })
    socket.once('connect', () => finish('connected'))
    // `on`: a socket may report more than one error, and an unheard one would end the process.
    socket.on('error', (error: NodeJS.ErrnoException) => finish(error.code === 'ECONNREFUSED' ? 'refused' : 'unreachable'))
  })
}
