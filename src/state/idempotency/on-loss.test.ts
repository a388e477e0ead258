import { describe, expect, test } from 'bun:test'
import { ManualClock } from '../../../test/support/manual-clock.ts'
import { unavailable } from '../unavailable.ts'
import { createMemoryIdempotency } from './memory.ts'
import { idempotencyWithLoss } from './on-loss.ts'
import type { IdempotencyStore } from './store.ts'

/** A shared store that is away while the test says so, and what it was told of ends. */
function world(mode: 'open' | 'closed' = 'open') {
  const clock = new ManualClock()
  const kept = createMemoryIdempotency({ clock })
  const finished: (readonly [holder: string, answer: number | undefined])[] = []
  const state = { isAway: false }
  const reached = async (): Promise<void> => {
    await new Promise((resolve) => setImmediate(resolve))
    if (state.isAway) throw unavailable(new Error('away'), (reason) => reason)
  }
  const shared: IdempotencyStore = {
    async claim(call) {
      await reached()
      return kept.claim(call)
    },
    async renew(holders) {
      await reached()
      return kept.renew(holders)
    },
    async finish(holder, sealed) {
      await reached()
      finished.push([holder, sealed?.length])
      return kept.finish(holder, sealed)
    },
  }
  const store = idempotencyWithLoss({ shared, local: createMemoryIdempotency({ clock }), mode })
  const claimed = async (key: string): Promise<string> => {
    const claim = await store.claim({ key, fingerprint: 'body' })
    if (claim.kind !== 'claimed') throw new Error(claim.kind)
    return claim.holder
  }
  return { store, state, finished, claimed }
}

const call = (key: string) => ({ key, fingerprint: 'body' })

describe('while the shared keys cannot be reached', () => {
  test('each process keeps its calls apart by itself', async () => {
    const { store, state, claimed } = world()
    state.isAway = true
    const holder = await claimed('k')
    expect(await store.claim(call('k'))).toEqual({ kind: 'in-flight' })
    await store.renew([holder])
    await store.finish(holder, new Uint8Array(1))
    expect(await store.claim(call('k'))).toMatchObject({ kind: 'answered' })
  })

  test('no call under a key begins, where that was chosen', async () => {
    const { store, state } = world('closed')
    state.isAway = true
    expect(store.claim(call('k'))).rejects.toMatchObject({ code: 'coordination_lost' })
  })
})

describe('ends that could not be told', () => {
  test('are told before the next claim, each once, however many claims come at once', async () => {
    const { store, state, finished, claimed } = world()
    const holders = await Promise.all(Array.from({ length: 200 }, (_none, index) => claimed(`k${index}`)))
    state.isAway = true
    for (const holder of holders) await store.finish(holder, new Uint8Array(3))
    expect(finished).toEqual([])
    state.isAway = false
    const again = await Promise.all(holders.map(async (_holder, index) => store.claim(call(`k${index}`))))
    expect(new Set(again.map(({ kind }) => kind))).toEqual(new Set(['answered']))
    expect(finished.map(([holder]) => holder).toSorted()).toEqual(holders.toSorted())
  })

  test('wait without their answers when those are too many', async () => {
    const { store, state, finished, claimed } = world()
    const holders = [await claimed('a'), await claimed('b'), await claimed('c')]
    state.isAway = true
    const half = new Uint8Array(2 ** 25)
    for (const holder of holders) await store.finish(holder, half)
    state.isAway = false
    await claimed('d')
    expect(finished.map(([, answer]) => answer ?? 0).toSorted((left, right) => left - right)).toEqual([0, 2 ** 25, 2 ** 25])
    // There is room again.
    state.isAway = true
    await store.finish(await world().claimed('e'), half)
    state.isAway = false
    await claimed('f')
    expect(finished.at(-1)).toEqual([expect.any(String), 2 ** 25])
  })
})
