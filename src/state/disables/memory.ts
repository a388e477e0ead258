import type { Clock } from '../../lib/clock.ts'
import { createJournaledDisables } from './journaled.ts'
import type { DisableChange, DisableStore } from './store.ts'

/** Changes kept. */
const CAPACITY = 1_000

/** Disables in memory: for a gateway without a data directory. They end with the process. */
export function createMemoryDisables({ clock }: { readonly clock: Pick<Clock, 'wall'> }): DisableStore {
  const history: DisableChange[] = []
  const note = (change: DisableChange): void => {
    history.push(change)
    if (history.length > CAPACITY) history.shift()
  }
  return createJournaledDisables(
    {
      load: () => [],
      put: (_entry, change) => note(change),
      remove: (_subject, change) => note(change),
      changes: (limit) => history.slice(-limit).reverse(),
      close: () => undefined,
    },
    clock,
  )
}
