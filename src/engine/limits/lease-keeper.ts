import type { Clock } from '../../lib/clock.ts'
import type { LimitStore } from '../../state/limits/store.ts'

/** A quarter of the shortest lease a store may give. */
const RENEW_MS = 15_000

/** Renews the leases of everything that is under way, all of them with one call. Ends when a turn finds nothing under way. */
export class LeaseKeeper {
  private readonly store: Pick<LimitStore, 'renew'>
  private readonly clock: Pick<Clock, 'every'>
  private readonly ids = new Set<string>()
  private stop: (() => void) | undefined = undefined

  constructor(store: Pick<LimitStore, 'renew'>, clock: Pick<Clock, 'every'>) {
    this.store = store
    this.clock = clock
  }

  add(id: string): void {
    this.ids.add(id)
    this.stop ??= this.clock.every(RENEW_MS, () => void this.renew())
  }

  drop(id: string): void {
    this.ids.delete(id)
  }

  private async renew(): Promise<void> {
    if (this.ids.size === 0) {
      this.stop?.()
      this.stop = undefined
      return
    }
    try {
      await this.store.renew([...this.ids])
    } catch {
      // The store is away: the next turn tries again, well before the lease ends.
    }
  }
}
