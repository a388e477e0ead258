import { affinityStoreConformance } from './conformance.ts'
import { createMemoryAffinity } from './memory.ts'

affinityStoreConformance('memory', (limits) => {
  let time = 0
  const { capacity, ttlMs } = limits
  const store = createMemoryAffinity({
    clock: { now: () => time },
    capacity,
    ttlMs,
    answerCapacity: capacity,
    answerTtlMs: ttlMs,
  })
  return { store, advance: (ms) => void (time += ms) }
})
