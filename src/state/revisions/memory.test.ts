import { revisionStoreConformance } from './conformance.ts'
import { createMemoryRevisions } from './memory.ts'

revisionStoreConformance('memory', () => {
  const store = createMemoryRevisions()
  return { open: () => store }
})
