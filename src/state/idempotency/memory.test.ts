import { expect, test } from 'bun:test'
import { idempotencyStoreConformance } from './conformance.ts'
import { createMemoryIdempotency } from './memory.ts'

idempotencyStoreConformance('memory', { bound: 'number' }, (limits) => {
  let time = 0
  return { store: createMemoryIdempotency({ clock: { now: () => time }, ...limits }), advance: (ms) => void (time += ms) }
})

test('answers are bounded by their bytes, and of those that were dropped the calls may be made again', async () => {
  const store = createMemoryIdempotency({ clock: { now: () => 0 }, answerBytes: 100 })
  const keep = async (key: string, bytes: number): Promise<void> => {
    const claim = await store.claim({ key, fingerprint: 'body' })
    if (claim.kind !== 'claimed') throw new Error(claim.kind)
    await store.finish(claim.holder, new Uint8Array(bytes))
  }
  const kindOf = async (key: string): Promise<string> => (await store.claim({ key, fingerprint: 'body' })).kind
  await keep('a', 60)
  await keep('b', 40)
  expect([await kindOf('a'), await kindOf('b')]).toEqual(['answered', 'answered'])
  await keep('c', 1)
  expect([await kindOf('a'), await kindOf('b'), await kindOf('c')]).toEqual(['claimed', 'answered', 'answered'])
  await keep('too large', 101)
  expect([await kindOf('too large'), await kindOf('b'), await kindOf('c')]).toEqual(['claimed', 'answered', 'answered'])
})
