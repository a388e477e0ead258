import { affinityStoreConformance } from './conformance.ts'
import { createMemoryAffinity } from './memory.ts'

affinityStoreConformance('memory', (limits) => {
  let time = 0
  return { store: createMemoryAffinity({ clock: { now: () => time }, ...limits }), advance: (ms) => void (time += ms) }
})
