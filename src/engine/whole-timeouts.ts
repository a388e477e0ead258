import type { Timeouts } from '../ir/snapshot.ts'

const waitingForWhole = new WeakMap<Timeouts, Timeouts>()

/** A buffered answer comes all at once, after as long as the whole of it takes: only silence limits it. */
export function wholeTimeouts(timeouts: Timeouts): Timeouts {
  let whole = waitingForWhole.get(timeouts)
  if (whole === undefined) {
    whole = { ...timeouts, firstTokenMs: Math.max(timeouts.firstTokenMs, timeouts.idleMs) }
    waitingForWhole.set(timeouts, whole)
  }
  return whole
}
