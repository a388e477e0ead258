import { tenancyStoreConformance } from './conformance.ts'
import { createMemoryTenancy } from './memory.ts'

tenancyStoreConformance('memory', createMemoryTenancy)
