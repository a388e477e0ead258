import { expect, test } from 'bun:test'
import { exampleSettlement, ledgerConformance, TEN } from './conformance.ts'
import { createMemoryLedger } from './memory.ts'

ledgerConformance('memory', () => createMemoryLedger())

test('memory keeps the entries written last, up to its capacity, and their sums', async () => {
  const store = createMemoryLedger({ capacity: 2 })
  await store.write(['req_a.0', 'req_b.0', 'req_c.0'].map((id) => exampleSettlement(id)))
  expect((await store.entries({})).entries.map(({ id }) => id)).toEqual(['req_c.0', 'req_b.0'])
  const [total] = await store.rollups({ since: TEN, until: TEN + 3_600_000, groupBy: [], filter: {} })
  expect(total?.sums.attempts).toBe(3n)
})
