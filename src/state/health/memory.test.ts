import { healthStoreConformance } from './conformance.ts'
import { createMemoryHealth } from './memory.ts'

healthStoreConformance('memory', (settings) => {
  let time = 0
  const store = createMemoryHealth({ clock: { now: () => time, wall: () => 1_700_000_000_000 + time }, settings })
  return { store, advance: (ms) => void (time += ms) }
})
