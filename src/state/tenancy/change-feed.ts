import type { TenancyChange } from './store.ts'

/** Hands changes on to whoever listens, in the order in which they became durable. */
export class ChangeFeed {
  private readonly listeners = new Set<(change: TenancyChange) => void>()

  watch(listener: (change: TenancyChange) => void): () => void {
    // The same function may listen twice.
    const own = (change: TenancyChange): void => listener(change)
    this.listeners.add(own)
    return () => this.listeners.delete(own)
  }

  tell(change: TenancyChange): void {
    for (const listener of this.listeners) listener(change)
  }
}
