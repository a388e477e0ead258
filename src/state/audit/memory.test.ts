import { expect, test } from 'bun:test'
import { auditStoreConformance } from './conformance.ts'
import { createMemoryAudit } from './memory.ts'

auditStoreConformance('memory', createMemoryAudit)

test('memory keeps the last thousand entries', async () => {
  const store = createMemoryAudit()
  for (let at = 0; at < 1_500; at++)
    await store.append({ at, action: 'x', outcome: 'done', actor: { kind: 'gateway' }, source: { via: 'http' } })
  const entries = await store.list({ limit: 5_000 })
  expect([entries.length, entries[0]?.at, entries.at(-1)?.at]).toEqual([1_000, 1_499, 500])
})
