import { expect, test } from 'bun:test'
import { asProviderId } from '../../ir/ids.ts'
import { disableStoreConformance } from './conformance.ts'
import { createMemoryDisables } from './memory.ts'

disableStoreConformance('memory', () => {
  let time = 1_700_000_000_000
  return { store: createMemoryDisables({ clock: { wall: () => time } }), advance: (ms) => void (time += ms) }
})

test('memory keeps the last thousand changes', async () => {
  const store = createMemoryDisables({ clock: { wall: () => 0 } })
  for (let index = 0; index < 1_500; index++)
    await store.disable({ subject: { scope: 'provider', provider: asProviderId('p') }, reason: `${index}`, by: 'admin' })
  const changes = await store.changes(5_000)
  expect([changes.length, changes[0]?.reason, changes.at(-1)?.reason]).toEqual([1_000, '1499', '500'])
})
