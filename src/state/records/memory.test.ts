import { expect, test } from 'bun:test'
import { systemClock } from '../../lib/clock.ts'
import { exampleRecord, recordStoreConformance } from './conformance.ts'
import { createMemoryRecords } from './memory.ts'

const ignore = (): void => undefined

recordStoreConformance('memory', () => createMemoryRecords({ clock: systemClock, warn: ignore, capacity: 5000 }))

test('memory keeps the newest written records up to its capacity', async () => {
  const store = createMemoryRecords({ clock: systemClock, warn: ignore, capacity: 2 })
  for (const id of ['req_a', 'req_b', 'req_c']) store.append(exampleRecord({ request_id: id }))
  expect((await store.list()).map((summary) => summary.request_id)).toEqual(['req_c', 'req_b'])
  await store.close()
})
