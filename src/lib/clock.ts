/** Time as the gateway sees it; tests pass a manual one. */
export interface Clock {
  /** Monotonic milliseconds, for durations and deadlines. */
  now(): number
  /** Unix milliseconds, for timestamps. */
  wall(): number
  /** Calls `task` every `intervalMs` until the returned function is called. Never keeps the process alive. */
  every(intervalMs: number, task: () => void): () => void
  /** Resolves after `ms`; rejects with the signal's reason when aborted first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  every(intervalMs, task) {
    const timer = setInterval(task, intervalMs)
    timer.unref()
    return () => clearInterval(timer)
  },
  sleep(ms, signal) {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      const abort = (): void => {
        clearTimeout(timer)
        reject(signal?.reason)
      }
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', abort)
        resolve()
      }, ms)
      signal?.addEventListener('abort', abort, { once: true })
    })
  },
}
