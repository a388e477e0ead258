import type { Coordination, ReplicaCard } from './store.ts'

/** For a gateway that is alone. */
export function createNoCoordination(card: ReplicaCard): Coordination {
  let own = card
  return {
    id: card.id,
    announce: () => undefined,
    listen: () => undefined,
    replicas: () => [own],
    status: () => ({ connected: true, waiting: 0, lost: 0 }),
    join: async () => undefined,
    behindMs: () => 0,
    describe(change) {
      own = { ...own, ...change }
    },
    look: async () => undefined,
    close: async () => undefined,
  }
}
