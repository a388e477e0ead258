import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { Eventually } from '../../lib/eventually.ts'
import type { IdempotencyStore } from './store.ts'

/** A store to test, and the hands of its clock. */
export interface IdempotencyUnderTest {
  readonly store: IdempotencyStore
  readonly advance: (ms: number) => Eventually<void>
}

export interface IdempotencyLimits {
  readonly leaseMs: number
  readonly ttlMs: number
  readonly capacity: number
}

type Open = (limits: IdempotencyLimits) => Eventually<IdempotencyUnderTest>

export interface IdempotencyTraits {
  /** How keys are bounded: by a number of them, or by the time for which they are remembered. */
  readonly bound: 'number' | 'time'
}

const LIMITS: IdempotencyLimits = { leaseMs: 1_000, ttlMs: 5_000, capacity: 100 }

/** The laws every store of idempotency keys keeps. */
export function idempotencyStoreConformance(name: string, { bound }: IdempotencyTraits, open: Open): void {
  describe(`idempotency keys in ${name}`, () => {
    describe('claims', () => claimLaws(open))
    describe('keeping', () => keepingLaws(open))
    describe('answers', () => answerLaws(open))
    if (bound === 'number') describe('bounds', () => boundLaws(open))
  })
}

async function claimed(store: IdempotencyStore, key: string, fingerprint = 'body'): Promise<string> {
  const claim = await store.claim({ key, fingerprint })
  if (claim.kind !== 'claimed') throw new Error(`not claimed: ${claim.kind}`)
  return claim.holder
}

function claimLaws(open: Open): void {
  test('one call at a time, and the same one again when it has ended', async () => {
    const { store } = await open(LIMITS)
    const holder = await claimed(store, 'k')
    expect(await store.claim({ key: 'k', fingerprint: 'body' })).toEqual({ kind: 'in-flight' })
    await claimed(store, 'another')
    await store.finish(holder)
    await claimed(store, 'k')
  })

  test('a key means one body, while its call runs and afterwards', async () => {
    const { store } = await open(LIMITS)
    const holder = await claimed(store, 'k')
    expect(await store.claim({ key: 'k', fingerprint: 'other' })).toEqual({ kind: 'mismatch' })
    await store.finish(holder)
    expect(await store.claim({ key: 'k', fingerprint: 'other' })).toEqual({ kind: 'mismatch' })
  })

  test('whoever finishes late, or twice, does not end the claim of another', async () => {
    const { store, advance } = await open(LIMITS)
    const dead = await claimed(store, 'k')
    await advance(LIMITS.leaseMs)
    const alive = await claimed(store, 'k')
    await store.finish(dead)
    await store.finish('nobody')
    expect(await store.claim({ key: 'k', fingerprint: 'body' })).toEqual({ kind: 'in-flight' })
    await store.finish(alive)
    await store.finish(alive)
    await claimed(store, 'k')
  })

  test('never two at once under one key, whatever happens', async () => {
    const step = fc.record({
      do: fc.constantFrom('claim' as const, 'claim' as const, 'finish' as const, 'renew' as const, 'wait' as const),
      key: fc.constantFrom('a', 'b'),
      ms: fc.constantFrom(1, 400, 999, 1_000),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40, size: 'max' }), async (steps) => {
        const { store, advance } = await open(LIMITS)
        const running = new Map<string, { holder: string; leaseEnd: number }>()
        let now = 0
        for (const { do: what, key, ms } of steps) {
          const run = running.get(key)
          const isAlive = run !== undefined && run.leaseEnd > now
          if (what === 'wait') {
            await advance(ms)
            now += ms
          } else if (what === 'claim') {
            const claim = await store.claim({ key, fingerprint: 'body' })
            expect(claim.kind).toBe(isAlive ? 'in-flight' : 'claimed')
            if (claim.kind === 'claimed') running.set(key, { holder: claim.holder, leaseEnd: now + LIMITS.leaseMs })
          } else if (isAlive && what === 'renew') {
            await store.renew([run.holder, 'nobody'])
            run.leaseEnd = now + LIMITS.leaseMs
          } else if (run !== undefined && what === 'finish') {
            await store.finish(run.holder)
            running.delete(key)
          }
        }
      }),
      { numRuns: 60 },
    )
  })
}

function keepingLaws(open: Open): void {
  test('a key is forgotten some time after its last use, and means anything then', async () => {
    const { store, advance } = await open(LIMITS)
    await store.finish(await claimed(store, 'k'))
    await advance(LIMITS.ttlMs - 1)
    expect(await store.claim({ key: 'k', fingerprint: 'other' })).toEqual({ kind: 'mismatch' })
    await advance(1)
    await claimed(store, 'k', 'other')
  })

  test('a call that lasts longer than keys are remembered keeps its own', async () => {
    const { store, advance } = await open(LIMITS)
    const holder = await claimed(store, 'k')
    for (let time = 0; time < 10; time++) {
      await advance(900)
      await store.renew([holder])
    }
    expect(await store.claim({ key: 'k', fingerprint: 'body' })).toEqual({ kind: 'in-flight' })
  })
}

function answerLaws(open: Open): void {
  const ANSWER = new Uint8Array([0, 1, 2, 200, 255, 10])

  test('the same call gets the answer again, and another body is refused', async () => {
    const { store } = await open(LIMITS)
    await store.finish(await claimed(store, 'k'), ANSWER)
    for (let turn = 0; turn < 2; turn++) {
      const again = await store.claim({ key: 'k', fingerprint: 'body' })
      expect(again).toEqual({ kind: 'answered', sealed: ANSWER })
    }
    expect(await store.claim({ key: 'k', fingerprint: 'other' })).toEqual({ kind: 'mismatch' })
    expect((await store.claim({ key: 'other', fingerprint: 'body' })).kind).toBe('claimed')
  })

  test('an answer is forgotten with its key, some time after it was last asked for', async () => {
    const { store, advance } = await open(LIMITS)
    await store.finish(await claimed(store, 'k'), ANSWER)
    await advance(LIMITS.ttlMs - 1)
    expect((await store.claim({ key: 'k', fingerprint: 'body' })).kind).toBe('answered')
    await advance(LIMITS.ttlMs - 1)
    expect((await store.claim({ key: 'k', fingerprint: 'body' })).kind).toBe('answered')
    await advance(LIMITS.ttlMs)
    await claimed(store, 'k', 'other')
  })

  test('whoever lost its claim leaves no answer', async () => {
    const { store, advance } = await open(LIMITS)
    const dead = await claimed(store, 'k')
    await advance(LIMITS.leaseMs)
    const alive = await claimed(store, 'k')
    await store.finish(dead, ANSWER)
    expect(await store.claim({ key: 'k', fingerprint: 'body' })).toEqual({ kind: 'in-flight' })
    await store.finish(alive)
    await claimed(store, 'k')
  })
}

function boundLaws(open: Open): void {
  test('keys are bounded, and those in flight stay longest', async () => {
    const { store } = await open({ ...LIMITS, capacity: 3 })
    const holder = await claimed(store, 'running')
    for (let index = 0; index < 10; index++) await store.finish(await claimed(store, `k${index}`))
    expect(await store.claim({ key: 'running', fingerprint: 'body' })).toEqual({ kind: 'in-flight' })
    await claimed(store, 'k0', 'other')
    await store.finish(holder)
  })
}
