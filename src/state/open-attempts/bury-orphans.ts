import type { Clock } from '../../lib/clock.ts'
import type { LedgerStore } from '../ledger/store.ts'
import type { StoreWarning } from '../records/store.ts'
import type { OpenAttempts } from './store.ts'

/** How often it is looked for attempts of processes that are gone; a lease of theirs lasts twice as long. */
const EVERY_MS = 5_000
/** The ledger takes so many at once. */
const AT_ONCE = 256

export interface BuryOrphansOptions {
  readonly attempts: OpenAttempts
  readonly ledger: Pick<LedgerStore, 'write'>
  readonly clock: Pick<Clock, 'every'>
  readonly warn: StoreWarning
}

/**
 * Writes attempts of processes that are gone into the ledger as lost: at once, and every five seconds until the returned function is called. The
 * ledger takes each once, however often and by however many it is told; what it cannot take now is told again.
 */
export function buryOrphans({ attempts, ledger, clock, warn }: BuryOrphansOptions): () => void {
  let isRunning = false
  const bury = async (): Promise<void> => {
    if (isRunning) return
    isRunning = true
    try {
      const orphans = await attempts.orphans()
      let lost = 0
      for (let from = 0; from < orphans.length; from += AT_ONCE) {
        const some = orphans.slice(from, from + AT_ONCE)
        lost += (await ledger.write(some)).written
        await attempts.buried(some.map(({ id }) => id))
      }
      if (lost > 0) warn('a gateway was killed while attempts were under way; the ledger has them as lost', { attempts: lost })
    } catch {
      // The ledger or the notes cannot be reached, which is told elsewhere: the next turn finds them again.
    } finally {
      isRunning = false
    }
  }
  void bury()
  return clock.every(EVERY_MS, () => void bury())
}
