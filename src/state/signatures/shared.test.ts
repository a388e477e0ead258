import { expect, test } from 'bun:test'
import type { Announcement, AnnouncementListener } from '../coordination/store.ts'
import { signatureStoreConformance } from './conformance.ts'
import { createMemorySignatures } from './memory.ts'
import { createSharedSignatures } from './shared.ts'
import type { SignatureStore } from './store.ts'

const clock = { now: () => 0 }
const alone = { announce: () => undefined, listen: () => undefined }

signatureStoreConformance('shared memory', (limits) => {
  let time = 0
  const local = createMemorySignatures({ clock: { now: () => time }, ...limits })
  return { store: createSharedSignatures({ local, coordination: alone }), advance: (ms) => void (time += ms) }
})

/** Replicas that hear each other at once. */
function replicas(ageMs = 0): { readonly stores: readonly [SignatureStore, SignatureStore]; readonly told: Announcement[] } {
  const told: Announcement[] = []
  const listeners: AnnouncementListener[] = []
  const join = (own: number): SignatureStore =>
    createSharedSignatures({
      local: createMemorySignatures({ clock }),
      coordination: {
        announce(_topic, announcement) {
          told.push(announcement)
          for (const [index, listener] of listeners.entries()) if (index !== own) listener(announcement, ageMs)
        },
        listen: (_topic, listener) => void (listeners[own] = listener),
      },
    })
  return { stores: [join(0), join(1)], told }
}

const call = { owner: 'team', callId: 'call_1' }

test('a signature that one replica saw is known to the others, and of the call they hear no name', () => {
  const { stores, told } = replicas()
  stores[0].remember(call, 'signed')
  expect(stores[1].recall(call)).toBe('signed')
  expect(stores[1].recall({ ...call, owner: 'others' })).toBeUndefined()
  expect(JSON.stringify(told)).not.toMatch(/team|call_1/)
})

test('what is very long stays where it was seen', () => {
  const { stores, told } = replicas()
  stores[0].remember(call, 's'.repeat(100_000))
  expect(stores[0].recall(call)).toHaveLength(100_000)
  expect(told).toEqual([])
})

test('what is older than a day is not heard any more, and neither is what cannot be read', () => {
  const { stores } = replicas(86_400_000)
  stores[0].remember(call, 'signed')
  expect(stores[1].recall(call)).toBeUndefined()
  let hear: AnnouncementListener = () => undefined
  const local = createMemorySignatures({ clock })
  createSharedSignatures({
    local,
    coordination: { announce: () => undefined, listen: (_topic, listener) => void (hear = listener) },
  })
  for (const odd of [{}, { call: 7, signature: 'x' }, { call: 'x', signature: null }]) hear(odd, 0)
  expect(local.size).toBe(0)
})
