import { afterEach, describe, expect, test } from 'bun:test'
import { GatewayError } from '../../errors/gateway-error.ts'
import { asAccountId, asProviderId } from '../../ir/ids.ts'
import type { DisableOrder, DisableStore, DisableSubject } from './store.ts'

/** An empty store, and the hands of its clock. */
export interface DisablesUnderTest {
  readonly store: DisableStore
  readonly advance: (ms: number) => void
}

const P = asProviderId('p')
const Q = asProviderId('q')
const A = asAccountId('a')
const PROVIDER: DisableSubject = { scope: 'provider', provider: P }
const ACCOUNT: DisableSubject = { scope: 'account', provider: P, account: A }
const MODEL: DisableSubject = { scope: 'model', provider: P, model: 'vendor/m' }
const by = 'admin'

/** The laws every store of disables keeps. */
export function disableStoreConformance(name: string, open: () => DisablesUnderTest): void {
  describe(`disables in ${name}`, () => {
    const opened: DisableStore[] = []
    const fresh = (): DisablesUnderTest => {
      const tested = open()
      opened.push(tested.store)
      return tested
    }
    afterEach(async () => {
      for (const store of opened.splice(0)) await store.close()
    })
    describe('orders', () => orderLaws(fresh))
    describe('the audit', () => auditLaws(fresh))
    describe('bad orders', () => refusalLaws(fresh))
  })
}

type Fresh = () => DisablesUnderTest

function orderLaws(fresh: Fresh): void {
  test('nothing is disabled at first', async () => {
    const { store } = fresh()
    expect(store.any).toBe(false)
    expect(store.model(P, 'vendor/m')).toBeUndefined()
    expect(store.account(P, A)).toBeUndefined()
    expect(store.list()).toEqual([])
  })

  test('a disabled model is out of use at its provider, and nothing else is', async () => {
    const { store } = fresh()
    await store.disable({ subject: MODEL, reason: 'wrong answers', by })
    expect(store.any).toBe(true)
    expect(store.model(P, 'vendor/m')).toMatchObject({ scope: 'model', reason: 'wrong answers' })
    expect(store.model(P, 'other')).toBeUndefined()
    expect(store.model(Q, 'vendor/m')).toBeUndefined()
    expect(store.account(P, A)).toBeUndefined()
  })

  test('a disabled provider takes all its models with it, and comes before their own disables', async () => {
    const { store } = fresh()
    await store.disable({ subject: MODEL, by })
    await store.disable({ subject: PROVIDER, reason: 'contract ended', by })
    expect(store.model(P, 'vendor/m')).toMatchObject({ scope: 'provider', reason: 'contract ended' })
    expect(store.model(P, 'other')).toMatchObject({ scope: 'provider' })
    expect(await store.enable({ subject: PROVIDER, by })).toBe(true)
    expect(store.model(P, 'vendor/m')).toMatchObject({ scope: 'model' })
    expect(store.model(P, 'other')).toBeUndefined()
  })

  test('a disabled account is out of use', async () => {
    const { store } = fresh()
    await store.disable({ subject: ACCOUNT, by })
    expect(store.account(P, A)).toMatchObject({ scope: 'account' })
    expect(store.account(P, asAccountId('b'))).toBeUndefined()
    expect(store.account(Q, A)).toBeUndefined()
    expect(store.model(P, 'vendor/m')).toBeUndefined()
  })

  test('an order with a time ends by itself, to the millisecond', async () => {
    const { store, advance } = fresh()
    const { since, until } = await store.disable({ subject: MODEL, forMs: 1_800_000, by })
    expect((until ?? 0) - since).toBe(1_800_000)
    advance(1_799_999)
    expect(store.model(P, 'vendor/m')).toMatchObject({ until: until ?? 0 })
    expect(store.list()).toHaveLength(1)
    advance(1)
    expect(store.model(P, 'vendor/m')).toBeUndefined()
    expect(store.list()).toEqual([])
    expect(store.any).toBe(false)
    expect(await store.enable({ subject: MODEL, by })).toBe(false)
  })

  test('a later order replaces the one before', async () => {
    const { store, advance } = fresh()
    await store.disable({ subject: MODEL, forMs: 1_000, reason: 'first', by })
    await store.disable({ subject: MODEL, reason: 'second', by })
    advance(5_000)
    expect(store.list()).toMatchObject([{ reason: 'second', until: undefined }])
    expect(await store.enable({ subject: MODEL, by })).toBe(true)
    expect(store.any).toBe(false)
    expect(await store.enable({ subject: MODEL, by })).toBe(false)
  })

  test('the list tells what, since when, until when, why and by whom, the oldest order first', async () => {
    const { store, advance } = fresh()
    await store.disable({ subject: PROVIDER, by: 'one' })
    advance(10)
    await store.disable({ subject: ACCOUNT, forMs: 500, reason: 'rotation', by: 'two' })
    const [first, second] = store.list()
    expect(first).toMatchObject({ scope: 'provider', subject: PROVIDER, by: 'one' })
    expect(second).toMatchObject({ scope: 'account', subject: ACCOUNT, reason: 'rotation', by: 'two' })
    expect((second?.since ?? 0) - (first?.since ?? 0)).toBe(10)
  })
}

function auditLaws(fresh: Fresh): void {
  test('names every change, who made it, when and why, the newest first', async () => {
    const { store, advance } = fresh()
    const { since, until } = await store.disable({ subject: MODEL, forMs: 60_000, reason: 'wrong answers', by: 'one' })
    advance(10)
    await store.enable({ subject: MODEL, reason: 'repaired', by: 'two' })
    expect(await store.changes()).toEqual([
      { at: since + 10, action: 'enable', subject: MODEL, reason: 'repaired', by: 'two' },
      { at: since, action: 'disable', subject: MODEL, reason: 'wrong answers', until, by: 'one' },
    ])
    expect(await store.changes(1)).toHaveLength(1)
  })

  test('does not note an order that changed nothing', async () => {
    const { store } = fresh()
    await store.enable({ subject: MODEL, by })
    expect(store.disable({ subject: MODEL, forMs: -1, by })).rejects.toThrow(GatewayError)
    expect(await store.changes()).toEqual([])
  })
}

function refusalLaws(fresh: Fresh): void {
  test.each<[string, Partial<DisableOrder>, RegExp]>([
    ['no time', { forMs: 0 }, /more than nothing/],
    ['a time that is no number', { forMs: Number.NaN }, /more than nothing/],
    ['a time beyond a year', { forMs: 400 * 86_400_000 }, /366 days/],
    ['a long reason', { reason: 'x'.repeat(501) }, /501 characters/],
    ['nobody', { by: '' }, /who orders/],
    ['no name', { subject: { scope: 'model', provider: P, model: '' } }, /Name the model/],
    ['no provider', { subject: { scope: 'provider', provider: asProviderId('') } }, /Name the provider/],
    ['an endless name', { subject: { scope: 'model', provider: P, model: 'm'.repeat(513) } }, /longer than 512/],
  ])('with %s are refused and change nothing', async (_what, part, message) => {
    const { store } = fresh()
    expect(store.disable({ subject: MODEL, by, ...part })).rejects.toThrow(message)
    expect(store.list()).toEqual([])
  })
}
