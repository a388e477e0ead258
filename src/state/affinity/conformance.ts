import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { asAccountId, targetIdOf } from '../../ir/ids.ts'
import type { AffinityKey, AffinityStore, Origin } from './store.ts'

/** A store that holds `capacity` conversations and as many answers for `ttlMs`, and the hands of its clock. */
export interface AffinityUnderTest {
  readonly store: AffinityStore
  readonly advance: (ms: number) => void
}

const CAPACITY = 3
const TTL_MS = 1_000
const SMALL = targetIdOf('p', 'small')
const LARGE = targetIdOf('p', 'large')
const ACCOUNT = asAccountId('a')
const key = (session: string, owner = 'team', route = 'main'): AffinityKey => ({ owner, session, route })

type Open = (limits: { readonly capacity: number; readonly ttlMs: number }) => AffinityUnderTest

/** The laws every affinity store keeps. */
export function affinityStoreConformance(name: string, open: Open): void {
  describe(`affinity in ${name}`, () => {
    describe('places', () => placeLaws(open))
    describe('outgrown windows', () => overflowLaws(open))
    describe('origins of answers', () => originLaws(open))
  })
}

function placeLaws(open: Open): void {
  test('are those of the last turns remembered, in number and age', () => {
    const action = fc.record({
      do: fc.constantFrom('remember' as const, 'remember' as const, 'forget' as const, 'look' as const),
      session: fc.constantFrom('s', 't', 'u', 'v', 'w'),
      target: fc.constantFrom(SMALL, LARGE),
      wait: fc.constantFrom(0, 1, 400, 999, 1_000),
    })
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60, size: 'max' }), (actions) => {
        const { store, advance } = open({ capacity: CAPACITY, ttlMs: TTL_MS })
        let turns: { session: string; target: string; at: number }[] = []
        let now = 0
        for (const { do: what, session, target, wait } of actions) {
          advance(wait)
          now += wait
          if (what !== 'look') turns = turns.filter((turn) => turn.session !== session)
          if (what === 'forget') store.forget(key(session))
          if (what === 'remember') {
            store.remember(key(session), { target, account: ACCOUNT })
            turns = [...turns, { session, target, at: now }].slice(-CAPACITY)
          }
          turns = turns.filter(({ at }) => at > now - TTL_MS)
          for (const other of ['s', 't', 'u', 'v', 'w'])
            expect(String(store.lookup(key(other))?.target)).toBe(String(turns.find((turn) => turn.session === other)?.target))
          expect(store.size).toBeLessThanOrEqual(CAPACITY)
        }
      }),
      { numRuns: 60 },
    )
  })

  test('hold target and account', () => {
    const { store } = open({ capacity: CAPACITY, ttlMs: TTL_MS })
    store.remember(key('s'), { target: LARGE, account: ACCOUNT })
    expect(store.lookup(key('s'))).toMatchObject({ target: LARGE, account: ACCOUNT })
  })

  test('tell what is cached for five minutes, and nothing of the cache after a turn that told nothing', () => {
    const { store, advance } = open({ capacity: CAPACITY, ttlMs: 3_600_000 })
    store.remember(key('s'), { target: LARGE, account: ACCOUNT, cachedTokens: 900 })
    advance(299_999)
    expect(store.lookup(key('s'))?.cachedTokens).toBe(900)
    advance(1)
    expect(store.lookup(key('s'))).toMatchObject({ target: LARGE, cachedTokens: undefined })
    store.remember(key('s'), { target: LARGE, account: ACCOUNT, cachedTokens: 900 })
    store.remember(key('s'), { target: LARGE, account: ACCOUNT })
    expect(store.lookup(key('s'))?.cachedTokens).toBeUndefined()
  })

  test('of different owners, sessions and routes never meet', () => {
    const part = fc.string({ maxLength: 4, unit: fc.constantFrom('a', 'b', ':', '1', '2', '\u0000') })
    const anyKey = fc.record({ owner: part, session: part, route: part })
    fc.assert(
      fc.property(anyKey, anyKey, (left, right) => {
        const { store } = open({ capacity: CAPACITY, ttlMs: TTL_MS })
        store.remember(left, { target: LARGE, account: ACCOUNT })
        const isSame = left.owner === right.owner && left.session === right.session && left.route === right.route
        expect(store.lookup(right) !== undefined).toBe(isSame)
      }),
    )
  })

  test('looking prolongs nothing', () => {
    const { store, advance } = open({ capacity: CAPACITY, ttlMs: TTL_MS })
    store.remember(key('s'), { target: LARGE, account: ACCOUNT })
    advance(TTL_MS - 1)
    expect(store.lookup(key('s'))).toBeDefined()
    advance(1)
    expect(store.lookup(key('s'))).toBeUndefined()
  })
}

function overflowLaws(open: Open): void {
  test('are remembered for the session, with the smallest request that was too long', () => {
    const { store } = open({ capacity: CAPACITY, ttlMs: TTL_MS })
    store.rememberOverflow(key('s'), { target: SMALL, inputTokens: 9_000, windowTokens: 8_192 })
    store.rememberOverflow(key('s'), { target: LARGE })
    store.rememberOverflow(key('s'), { target: SMALL, inputTokens: 12_000 })
    expect(store.overflows(key('s'))).toEqual([{ target: LARGE }, { target: SMALL, inputTokens: 9_000, windowTokens: 8_192 }])
    expect(store.overflows(key('t'))).toEqual([])
    expect(store.lookup(key('s'))).toBeUndefined()
  })

  test('stay remembered when the place is forgotten, and go with their time', () => {
    const { store, advance } = open({ capacity: CAPACITY, ttlMs: TTL_MS })
    store.remember(key('s'), { target: LARGE, account: ACCOUNT })
    store.rememberOverflow(key('s'), { target: SMALL })
    store.forget(key('s'))
    expect(store.overflows(key('s'))).toHaveLength(1)
    advance(TTL_MS)
    expect(store.overflows(key('s'))).toEqual([])
  })

  test('are bounded in sessions and in targets of one session', () => {
    const { store } = open({ capacity: CAPACITY, ttlMs: TTL_MS })
    for (let index = 0; index < 100; index++) store.rememberOverflow(key('s'), { target: targetIdOf('p', `m${index}`) })
    expect(store.overflows(key('s')).length).toBeLessThanOrEqual(16)
    expect(store.overflows(key('s')).at(-1)?.target).toBe(targetIdOf('p', 'm99'))
    for (let index = 0; index < CAPACITY; index++) store.rememberOverflow(key(`other ${index}`), { target: SMALL })
    expect(store.overflows(key('s'))).toEqual([])
  })
}

function originLaws(open: Open): void {
  const origin: Origin = { target: LARGE, account: ACCOUNT, session: 's' }

  test('are found again by whoever got the answer, until their time is over; looking prolongs nothing', () => {
    const { store, advance } = open({ capacity: CAPACITY, ttlMs: TTL_MS })
    store.rememberOrigin({ owner: 'team', answer: 'resp_1' }, origin)
    expect(store.origin({ owner: 'team', answer: 'resp_1' })).toEqual(origin)
    expect(store.origin({ owner: 'team', answer: 'resp_2' })).toBeUndefined()
    advance(TTL_MS - 1)
    expect(store.origin({ owner: 'team', answer: 'resp_1' })).toEqual(origin)
    advance(1)
    expect(store.origin({ owner: 'team', answer: 'resp_1' })).toBeUndefined()
  })

  test('of different owners and answers never meet', () => {
    const part = fc.string({ maxLength: 4, unit: fc.constantFrom('a', 'b', ':', '1', '2', '\u0000') })
    const anyKey = fc.record({ owner: part, answer: part })
    fc.assert(
      fc.property(anyKey, anyKey, (left, right) => {
        const { store } = open({ capacity: CAPACITY, ttlMs: TTL_MS })
        store.rememberOrigin(left, origin)
        expect(store.origin(right) !== undefined).toBe(left.owner === right.owner && left.answer === right.answer)
      }),
    )
  })

  test('are bounded, the earliest go first, and conversations take none of their room', () => {
    const { store } = open({ capacity: CAPACITY, ttlMs: TTL_MS })
    for (let index = 0; index <= CAPACITY; index++) store.rememberOrigin({ owner: 'team', answer: `resp_${index}` }, origin)
    for (let index = 0; index < 10; index++) store.remember(key(`s${index}`), { target: SMALL, account: ACCOUNT })
    expect(store.origin({ owner: 'team', answer: 'resp_0' })).toBeUndefined()
    expect(store.origin({ owner: 'team', answer: 'resp_1' })).toEqual(origin)
    expect(store.origin({ owner: 'team', answer: `resp_${CAPACITY}` })).toEqual(origin)
  })
}
