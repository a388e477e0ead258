import type { TenancyEntity } from './store.ts'

/** Hands changes on to whoever listens, in the order in which they became durable. */
export class ChangeFeed {
  private readonly listeners = new Set<(changed: TenancyEntity) => void>()

  watch(listener: (changed: TenancyEntity) => void): () => void {
    // The same function may listen twice.
    const own = (changed: TenancyEntity): void => listener(changed)
    this.listeners.add(own)
    return () => this.listeners.delete(own)
  }

  tell(changed: TenancyEntity): void {
    for (const listener of this.listeners) listener(changed)
  }
}
