import { signatureStoreConformance } from './conformance.ts'
import { createMemorySignatures } from './memory.ts'

signatureStoreConformance('memory', (limits) => {
  let time = 0
  return { store: createMemorySignatures({ clock: { now: () => time }, ...limits }), advance: (ms) => void (time += ms) }
})
