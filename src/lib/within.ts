import type { Clock } from './clock.ts'

const LATE = Symbol('late')

/**
 * The outcome of something that may never come. When it has not come after `ms`, `late` says what happens instead: it gives a value
 * or throws. What comes later is ignored.
 */
export async function within<Value>(
  pending: Promise<Value>,
  { clock, ms, late }: { readonly clock: Pick<Clock, 'sleep'>; readonly ms: number; readonly late: () => Value },
): Promise<Value> {
  const waiting = new AbortController()
  const limit = clock.sleep(ms, waiting.signal).then(
    () => LATE,
    () => LATE,
  )
  try {
    const first = await Promise.race([pending, limit])
    if (first !== LATE) return first as Value
    pending.catch(() => undefined)
    return late()
  } finally {
    waiting.abort()
  }
}
