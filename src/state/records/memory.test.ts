import { expect, test } from 'bun:test'
import { exampleRecord, packWhole, recordStoreConformance, unpackWhole } from './conformance.ts'
import { createMemoryRecords } from './memory.ts'

recordStoreConformance('memory', () => createMemoryRecords({ unpack: unpackWhole, capacity: 5000 }))

test('memory keeps the newest written records up to its capacity', async () => {
  const store = createMemoryRecords({ unpack: unpackWhole, capacity: 2 })
  for (const id of ['req_a', 'req_b', 'req_c']) store.append(packWhole(exampleRecord({ request_id: id })))
  expect((await store.list()).map((summary) => summary.request_id)).toEqual(['req_c', 'req_b'])
  await store.close()
})
