import { describe, expect, test } from 'bun:test'
import { limitStoreConformance } from './conformance.ts'
import { period, slot } from './conformance-support.ts'
import { createMemoryLimits, type MemoryLimits } from './memory.ts'
import type { OnLoss } from '../coordination/on-loss.ts'
import { withLoss } from './on-loss.ts'
import type { SpentBefore } from './spent-before.ts'
import type { Acquisition, LimitStore, PeriodClaim, SharedLimitStore } from './store.ts'

interface World {
  readonly store: LimitStore
  readonly shared: MemoryLimits
  readonly changes: boolean[]
  isLost: boolean
  wipe(ledger: number | undefined): void
  readonly advance: (ms: number) => void
  readonly wall: () => number
}

const EPOCH = 1_700_000_000_000

/** A shared store that rejects every call while it is lost. */
function open(mode: OnLoss, replicas = 4, leaseMs?: number, spentBefore?: SpentBefore): World {
  let time = 0
  const clock = { now: () => time, wall: () => EPOCH + time }
  const changes: boolean[] = []
  const world = {
    isLost: false,
    generation: 1,
    ledger: undefined as number | undefined,
    shared: createMemoryLimits({ clock, leaseMs }),
    /** The server forgets everything, and the ledger knows that so much was spent. */
    wipe(ledger: number | undefined) {
      world.shared = createMemoryLimits({ clock, leaseMs })
      world.generation += 1
      world.ledger = ledger
    },
  }
  const more = {
    generation: () => String(world.generation),
    relearn(claims: readonly PeriodClaim[]) {
      if (world.ledger === undefined) return false
      world.shared.loadPeriods(claims.map(({ counter, start, end }) => ({ counter, start, end, settled: world.ledger ?? 0 })))
      return true
    },
  }
  const unreliable = new Proxy({} as SharedLimitStore, {
    get: (_target, name) => {
      const target = name in more ? more : world.shared
      const member: unknown = Reflect.get(target, name)
      if (typeof member !== 'function') return member
      return async (...given: unknown[]): Promise<unknown> => {
        if (world.isLost) throw new Error('not reached in time')
        return Reflect.apply(member, target, given) as unknown
      }
    },
  })
  const store = withLoss({
    shared: unreliable,
    local: () => createMemoryLimits({ clock, leaseMs }),
    mode,
    spentBefore,
    replicas: () => replicas,
    changed: (isLost) => void changes.push(isLost),
  })
  return Object.assign(world, { store, changes, advance: (ms: number) => void (time += ms), wall: clock.wall })
}

limitStoreConformance('a shared store that is there', (leaseMs) => open('local_share', 4, leaseMs))

const spent = ({ shared }: World): unknown => shared.look([period('money', 0, 1)])[0]

describe('while the shared store is lost', () => {
  test('`closed` lets nothing in, and says when to come back', async () => {
    const world = open('closed')
    world.isLost = true
    const refusal = Promise.resolve(world.store.acquire('a', [slot('places', 4)])).catch((error: unknown) => error)
    expect(await refusal).toMatchObject({ code: 'coordination_lost', retryAfterMs: 1_000 })
    world.isLost = false
    expect(await world.store.acquire('a', [slot('places', 4)])).toMatchObject({ granted: true })
    expect(world.changes).toEqual([true, false])
  })

  test('`local_share` keeps its share of every limit', async () => {
    const world = open('local_share')
    world.isLost = true
    const answers: Acquisition[] = []
    for (const id of ['a', 'b', 'c']) answers.push(await world.store.acquire(id, [slot('places', 8), period('money', 10, 100)]))
    expect(answers.map(({ granted }) => granted)).toEqual([true, true, false])
    expect(await world.store.acquire('d', [slot('few', 2)])).toMatchObject({ granted: true })
    expect(await world.store.look([slot('places', 8)])).toMatchObject([{ used: 2 }])
  })

  test('`local_share` keeps its share of what was left of a budget, and says how much of it is used', async () => {
    const world = open('local_share')
    await world.store.acquire('before', [period('money', 60, 100)])
    await world.store.settle('before', { money: 60 })
    await world.store.acquire('seen', [period('money', 20, 100)])
    world.isLost = true
    expect(await world.store.acquire('a', [period('money', 5, 100)])).toMatchObject({ granted: true, standings: [{ used: 85 }] })
    expect(await world.store.acquire('b', [period('money', 1, 100)])).toMatchObject({ granted: false, refused: [{ used: 85 }] })
    expect(await world.store.look([period('money', 0, 100)])).toMatchObject([{ used: 85 }])
    // A period that nobody has seen is whole.
    expect(await world.store.acquire('c', [period('money', 25, 100, { start: 1, end: EPOCH * 2 })])).toMatchObject({
      granted: true,
    })
  })

  test('a gateway that has not asked yet learns from the ledger what is spent of a budget, once', async () => {
    const asked: string[] = []
    const world = open('local_share', 4, undefined, async (counter) => {
      asked.push(counter)
      return counter === 'money' ? 90 : undefined
    })
    world.isLost = true
    expect(await world.store.acquire('a', [slot('places', 4), period('money', 3, 100), period('minute', 5, 20)])).toMatchObject({
      granted: false,
      refused: [{ index: 1, used: 90 }],
    })
    expect(await world.store.acquire('b', [period('money', 2, 100)])).toMatchObject({ granted: true })
    expect(await world.store.acquire('c', [period('money', 1, 100)])).toMatchObject({ granted: false })
    expect(asked).toEqual(['money', 'minute'])
  })

  test('a ledger that is away as well does not keep calls from being served', async () => {
    const world = open('local_share', 4, undefined, () => Promise.reject(new Error('away')))
    world.isLost = true
    expect(await world.store.acquire('a', [period('money', 25, 100)])).toMatchObject({ granted: true })
    expect(await world.store.acquire('b', [period('money', 1, 100)])).toMatchObject({ granted: false })
  })

  test('a second loss begins where the shared store stood, not with what the first one has used up', async () => {
    const world = open('local_share')
    for (const id of ['a', 'b']) {
      world.isLost = true
      expect(await world.store.acquire(id, [slot('places', 4), period('money', 25, 100)])).toMatchObject({ granted: id === 'a' })
      world.isLost = false
      await world.store.settle(id, { money: 25 })
      await world.store.acquire(`${id} is back`, [period('money', 1, 100)])
    }
    world.isLost = true
    expect(await world.store.acquire('c', [slot('places', 4), period('money', 18, 100)])).toMatchObject({ granted: true })
  })

  test('`open` lets everything in, and counts it', async () => {
    const world = open('open')
    world.isLost = true
    for (let index = 0; index < 20; index++)
      expect(await world.store.acquire(`${index}`, [slot('places', 1)])).toMatchObject({ granted: true })
  })

  test('what is spent is counted in the shared store when it is back, once', async () => {
    const world = open('local_share')
    world.isLost = true
    await world.store.acquire('a', [period('money', 10, 100)])
    await world.store.acquire('b', [period('money', 10, 100)])
    await world.store.settle('a', { money: 7 })
    world.isLost = false
    await world.store.acquire('c', [period('money', 30, 100)])
    expect(spent(world)).toMatchObject({ used: 37, held: 30 })
    await world.store.settle('b', { money: 5 })
    await world.store.settle('b', { money: 5 })
    await world.store.settle('c', { money: 20 })
    expect(spent(world)).toMatchObject({ used: 32, held: 0 })
  })

  test('what was held there and ends meanwhile is settled when it is back', async () => {
    const world = open('local_share')
    await world.store.acquire('a', [period('money', 60, 100)])
    world.isLost = true
    await world.store.settle('a', { money: 8 })
    await world.store.renew(['a'])
    world.isLost = false
    await world.store.acquire('b', [])
    expect(spent(world)).toMatchObject({ used: 8, held: 0 })
  })

  test('what could not be told at once is owed still', async () => {
    const world = open('local_share')
    world.isLost = true
    for (const id of ['a', 'b', 'c']) {
      await world.store.acquire(id, [period('money', 5, 100)])
      await world.store.settle(id, { money: 5 })
      world.isLost = false
      // Lost again in the middle of telling.
      const first = world.store.acquire(`${id} again`, [])
      world.isLost = true
      await first
    }
    world.isLost = false
    await world.store.acquire('last', [])
    expect(spent(world)).toMatchObject({ used: 15, held: 0 })
  })
})

describe('a shared store that has lost everything', () => {
  test('is told by the ledger what was spent, and nothing twice', async () => {
    const world = open('local_share')
    await world.store.acquire('there', [period('money', 10, 1_000)])
    world.isLost = true
    await world.store.acquire('here', [period('money', 10, 1_000)])
    await world.store.settle('here', { money: 7 })
    await world.store.settle('there', { money: 9 })
    world.wipe(500)
    world.isLost = false
    await world.store.acquire('next', [])
    expect(spent(world)).toMatchObject({ used: 500, held: 0 })
  })

  test('gets what was spent meanwhile where there is no ledger', async () => {
    const world = open('local_share')
    await world.store.acquire('first', [])
    world.isLost = true
    await world.store.acquire('here', [period('money', 10, 1_000)])
    await world.store.settle('here', { money: 7 })
    world.wipe(undefined)
    world.isLost = false
    await world.store.acquire('next', [])
    expect(spent(world)).toMatchObject({ used: 7, held: 0 })
  })

  test('is told what calls came to that it does not know any more', async () => {
    const world = open('local_share')
    await world.store.acquire('under way', [slot('places', 4), period('money', 60, 1_000)])
    await world.store.acquire('given back', [period('money', 60, 1_000)])
    world.wipe(100)
    await world.store.release('given back')
    expect(await world.store.settle('under way', { money: 8 })).toBeUndefined()
    expect(await world.store.settle('under way', { money: 8 })).toBeUndefined()
    expect(spent(world)).toMatchObject({ used: 8, held: 0 })
  })
})
