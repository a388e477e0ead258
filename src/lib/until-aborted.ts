/** The outcome of something that others wait for as well, or the reason of the signal when that comes first. What was begun goes on. */
export async function untilAborted<Value>(pending: Promise<Value>, signal: AbortSignal): Promise<Value> {
  if (signal.aborted) {
    pending.catch(() => undefined) // whoever else waits is told
    throw signal.reason
  }
  let abort: (() => void) | undefined
  const aborted = new Promise<never>((_resolve, reject) => {
    abort = () => reject(signal.reason as Error)
    signal.addEventListener('abort', abort, { once: true })
  })
  try {
    return await Promise.race([pending, aborted])
  } finally {
    if (abort !== undefined) signal.removeEventListener('abort', abort)
  }
}
