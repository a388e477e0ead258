import { idempotencyStoreConformance } from './conformance.ts'
import { createMemoryIdempotency } from './memory.ts'

idempotencyStoreConformance('memory', (limits) => {
  let time = 0
  return { store: createMemoryIdempotency({ clock: { now: () => time }, ...limits }), advance: (ms) => void (time += ms) }
})
