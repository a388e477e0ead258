import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { SignatureStore, SignedCall } from './store.ts'

/** A store to test, and the hands of its clock. */
export interface SignaturesUnderTest {
  readonly store: SignatureStore
  readonly advance: (ms: number) => void
}

export interface SignatureLimits {
  readonly capacityBytes: number
  readonly ttlMs: number
}

type Open = (limits: SignatureLimits) => SignaturesUnderTest

const LIMITS: SignatureLimits = { capacityBytes: 64 * 1024, ttlMs: 1_000 }
const call = (callId: string, more: Partial<SignedCall> = {}): SignedCall => ({ owner: 'team', callId, ...more })

/** The laws every store of signatures keeps. */
export function signatureStoreConformance(name: string, open: Open): void {
  describe(`signatures of calls in ${name}`, () => {
    test('come back for the same call of the same owner alone', () => {
      const { store } = open(LIMITS)
      store.remember(call('a'), 'one')
      expect(store.recall(call('a'))).toBe('one')
      expect(store.recall(call('b'))).toBeUndefined()
      expect(store.recall(call('a', { owner: 'others' }))).toBeUndefined()
      // Parts that run into each other are not the same parts.
      expect(store.recall({ owner: 'tea', callId: 'ma' })).toBeUndefined()
    })

    test('are the last ones that were told', () => {
      const { store } = open(LIMITS)
      store.remember(call('a'), 'one')
      store.remember(call('a'), 'two')
      expect(store.recall(call('a'))).toBe('two')
      expect(store.size).toBe(1)
    })

    test('are forgotten with time, however often they were asked for', () => {
      const { store, advance } = open(LIMITS)
      store.remember(call('a'), 'one')
      advance(LIMITS.ttlMs - 1)
      expect(store.recall(call('a'))).toBe('one')
      advance(1)
      expect(store.recall(call('a'))).toBeUndefined()
    })

    test('that are the newest are held, as many as there is room for', () => {
      const size = fc.integer({ min: 0, max: 900 })
      fc.assert(
        fc.property(fc.array(fc.record({ id: fc.constantFrom('a', 'b', 'c', 'd', 'e'), size }), { maxLength: 400 }), (told) => {
          const { store } = open(LIMITS)
          const known = new Map<string, string>()
          for (const [index, { id, size: length }] of told.entries()) {
            const signature = `${index}`.padEnd(length, '.')
            store.remember(call(id), signature)
            known.set(id, signature)
            expect(store.recall(call(id))).toBe(signature)
          }
          // Five small ones always fit.
          for (const [id, signature] of known) expect(store.recall(call(id))).toBe(signature)
        }),
        { numRuns: 40 },
      )
    })

    test('never take more than their bytes', () => {
      const { store } = open(LIMITS)
      const signature = 's'.repeat(500)
      for (let index = 0; index < 2_000; index++) store.remember(call(`call_${index}`), signature)
      expect(store.size * signature.length).toBeLessThanOrEqual(LIMITS.capacityBytes)
      expect(store.size).toBeGreaterThan(10)
      expect(store.recall(call('call_1999'))).toBe(signature)
      expect(store.recall(call('call_0'))).toBeUndefined()
    })

    test('that are no signatures, but megabytes, push nothing out', () => {
      const { store } = open(LIMITS)
      store.remember(call('a'), 'one')
      store.remember(call('b'), 's'.repeat(LIMITS.capacityBytes))
      expect(store.recall(call('a'))).toBe('one')
      expect(store.recall(call('b'))).toBeUndefined()
    })
  })
}
