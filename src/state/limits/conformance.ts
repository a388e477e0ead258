import { describe, expect, test } from 'bun:test'
import { acquired, period, sliding, slot, type Bounds, type OpenLimits } from './conformance-support.ts'
import { limitModelLaws } from './conformance-model.ts'

/** The laws every store of limits keeps. `open` gives a fresh one whose leases last so long, with a clock of its own. */
export function limitStoreConformance(name: string, open: OpenLimits): void {
  describe(`limits in ${name}`, () => {
    describe('acquiring', () => acquiringLaws(open))
    describe('names', () => namingLaws(open))
    describe('rates', () => rateLaws(open))
    describe('periods', () => periodLaws(open))
    describe('leases', () => leaseLaws(open))
    describe('any sequence of calls', () => limitModelLaws(open))
  })
}

function acquiringLaws(open: OpenLimits): void {
  test('takes everything or nothing, and tells every limit that refuses', async () => {
    const { store, wall } = await open()
    await acquired(store, 'a', [slot('places', 1)])
    const claims = [sliding('rate', 1, 5), slot('places', 1), period('money', 30, 20, { start: 0, end: wall() + 500 })]
    expect(await store.acquire('b', claims)).toMatchObject({
      granted: false,
      refused: [
        { index: 1, used: 1, held: 1, fitsAt: undefined },
        { index: 2, used: 0, held: 0, fitsAt: undefined },
      ],
    })
    expect((await store.look(claims)).map(({ used }) => used)).toEqual([0, 1, 0])
  })

  test('of nothing is granted, and looking takes nothing', async () => {
    const { store } = await open()
    expect(await store.acquire('a', [])).toEqual({ granted: true, standings: [] })
    for (let time = 0; time < 3; time++)
      expect(await store.look([sliding('rate', 9, 1), slot('places', 1)])).toMatchObject([{ used: 0 }, { used: 0 }])
  })

  test('a limit that is reached exactly is kept, and one that was lowered refuses until enough is free', async () => {
    const { store } = await open()
    expect(await acquired(store, 'a', [slot('places', 2)])).toMatchObject([{ used: 1, held: 1 }])
    expect(await acquired(store, 'b', [slot('places', 2)])).toMatchObject([{ used: 2, held: 2 }])
    await store.release('a')
    expect(await store.acquire('c', [slot('places', 1)])).toMatchObject({ granted: false })
    await store.release('b')
    await acquired(store, 'c', [slot('places', 1)])
  })

  test('an id may take more besides what it has, and gives all of it back at once', async () => {
    const { store } = await open()
    await acquired(store, 'a', [slot('places', 1)])
    await acquired(store, 'a', [period('money', 5, 10)])
    await store.settle('a', { money: 3 })
    expect(await store.look([slot('places', 1), period('money', 0, 10)])).toMatchObject([{ used: 0 }, { used: 3, held: 0 }])
  })

  test('settling and releasing happen once, and unknown ids change nothing', async () => {
    const { store } = await open()
    await acquired(store, 'a', [period('money', 5, 10)])
    expect(await store.settle('a', { money: 4 })).toMatchObject([{ counter: 'money', used: 4, held: 0 }])
    expect(await store.settle('a', { money: 4 })).toBeUndefined()
    await store.release('a')
    await store.settle('nobody', { money: 4 })
    await store.renew(['nobody'])
    expect(await store.look([period('money', 0, 10)])).toMatchObject([{ used: 4, held: 0 }])
  })
}

function namingLaws(open: OpenLimits): void {
  test('counters and holders may have any names', async () => {
    const { store } = await open()
    const names = ['a "b" \\c/d', 'é 😀\n\u0000{}[],:', '1', 'held']
    await acquired(
      store,
      'holder "1" 😀',
      names.map((name) => period(name, 5, 10)),
    )
    const settled = await store.settle('holder "1" 😀', Object.fromEntries(names.map((name, index) => [name, index])))
    expect(new Map(settled?.map(({ counter, used }) => [counter, used]))).toEqual(
      new Map(names.map((name, index) => [name, index])),
    )
  })
}

function rateLaws(open: OpenLimits): void {
  test('what was taken comes free a window later, and a refusal says when', async () => {
    const { store, advance, wall } = await open()
    await acquired(store, 'a', [sliding('rate', 3, 5)])
    await advance(10_000)
    await acquired(store, 'b', [sliding('rate', 2, 5)])
    const refusal = await store.acquire('c', [sliding('rate', 1, 5)])
    if (refusal.granted) throw new Error('over the limit')
    const { fitsAt = 0, resetAt = 0 } = refusal.refused[0]!
    expect(fitsAt).toBeGreaterThanOrEqual(wall() + 50_000)
    expect(fitsAt).toBeLessThanOrEqual(wall() + 51_000)
    expect(resetAt).toBeGreaterThanOrEqual(wall() + 60_000)
    await advance(fitsAt - wall() - 1)
    expect(await store.acquire('c', [sliding('rate', 1, 5)])).toMatchObject({ granted: false })
    await advance(1)
    await acquired(store, 'c', [sliding('rate', 3, 5)])
  })

  test('more than a limit never fits, and no time is told', async () => {
    const { store } = await open()
    expect(await store.acquire('a', [sliding('rate', 6, 5)])).toMatchObject({ granted: false, refused: [{ fitsAt: undefined }] })
  })

  test('an estimate is corrected where it was taken, down and up, while it counts', async () => {
    const { store, advance } = await open()
    await acquired(store, 'a', [sliding('tokens', 80, 100)])
    await acquired(store, 'b', [sliding('tokens', 10, 100)])
    await advance(1_000)
    await store.settle('a', { tokens: 20 })
    await store.settle('b', { tokens: 25 })
    expect(await store.look([sliding('tokens', 0, 100)])).toMatchObject([{ used: 45 }])
    await acquired(store, 'late', [sliding('tokens', 30, 100)])
    await advance(62_000)
    await store.settle('late', { tokens: 90 })
    expect(await store.look([sliding('tokens', 0, 100)])).toMatchObject([{ used: 0 }])
  })
}

function periodLaws(open: OpenLimits): void {
  const periods = (now: number): readonly [first: Bounds, second: Bounds] => [
    { start: now - 500, end: now + 500 },
    { start: now + 500, end: now + 1_500 },
  ]

  test('what is held counts like what is settled, and the difference comes back', async () => {
    const { store } = await open()
    await acquired(store, 'a', [period('money', 60, 100)])
    expect(await store.acquire('b', [period('money', 50, 100)])).toMatchObject({
      granted: false,
      refused: [{ used: 60, held: 60 }],
    })
    await store.settle('a', { money: 10 })
    await acquired(store, 'b', [period('money', 90, 100)])
    await store.release('b')
    expect(await store.look([period('money', 0, 100)])).toMatchObject([{ used: 10, held: 0 }])
  })

  test('the true amount is counted even beyond the limit, and as claimed where none is given', async () => {
    const { store } = await open()
    await acquired(store, 'a', [period('money', 60, 100)])
    await store.settle('a', { money: 150 })
    await store.release('b')
    expect(await store.look([period('money', 0, 100)])).toMatchObject([{ used: 150 }])
    await acquired(store, 'c', [period('other', 7, 100)])
    await store.settle('c', {})
    expect(await store.look([period('other', 0, 100)])).toMatchObject([{ used: 7 }])
  })

  test('a new period begins empty, also of what is still held from the one before', async () => {
    const { store, wall } = await open()
    const [first, second] = periods(wall())
    await acquired(store, 'a', [period('money', 100, 100, first)])
    expect(await store.look([period('money', 0, 100, second)])).toMatchObject([{ used: 0, resetAt: second.end }])
    await acquired(store, 'b', [period('money', 100, 100, second)])
    await store.settle('a', { money: 80 })
    await store.settle('b', { money: 30 })
    expect(await store.look([period('money', 0, 100, second)])).toMatchObject([{ used: 30, held: 0 }])
  })

  test('a process whose clock is behind counts into the period that has begun', async () => {
    const { store, wall } = await open()
    const [first, second] = periods(wall())
    await acquired(store, 'a', [period('money', 60, 100, second)])
    expect(await store.acquire('b', [period('money', 60, 100, first)])).toMatchObject({ granted: false })
    await acquired(store, 'c', [period('money', 40, 100, first)])
    await store.settle('c', { money: 40 })
    expect(await store.look([period('money', 0, 100, second)])).toMatchObject([{ used: 100, held: 60 }])
  })

  test('a refusal tells when the period ends, and nothing where it never does', async () => {
    const { store, wall } = await open()
    const [first] = periods(wall())
    await acquired(store, 'a', [period('day', 60, 100, first), period('total', 60, 100)])
    expect(await store.acquire('b', [period('day', 60, 100, first), period('total', 60, 100)])).toMatchObject({
      refused: [{ fitsAt: first.end }, { fitsAt: undefined }],
    })
  })
}

function leaseLaws(open: OpenLimits): void {
  test('a holder that does not renew loses places and money that were held', async () => {
    const { store, advance } = await open(1_000)
    await acquired(store, 'dead', [slot('places', 1), period('money', 100, 100)])
    await advance(999)
    expect(await store.acquire('b', [slot('places', 1)])).toMatchObject({ granted: false })
    await advance(1)
    await acquired(store, 'b', [slot('places', 1), period('money', 100, 100)])
  })

  test('a holder that renews keeps everything', async () => {
    const { store, advance } = await open(1_000)
    await acquired(store, 'alive', [slot('places', 1), period('money', 60, 100)])
    for (let turn = 0; turn < 5; turn++) {
      await advance(900)
      await store.renew(['alive', 'unknown'])
    }
    expect(await store.look([slot('places', 1), period('money', 0, 100)])).toMatchObject([{ used: 1 }, { used: 60, held: 60 }])
  })

  test('a holder whose lease has ended may take again: only that is held, and all of it is counted', async () => {
    const { store, advance } = await open(1_000)
    await acquired(store, 'late', [slot('places', 3), period('early', 60, 100)])
    await advance(1_500)
    await acquired(store, 'late', [period('later', 30, 100)])
    const claims = [slot('places', 3), period('early', 0, 100), period('later', 0, 100)]
    expect(await store.look(claims)).toMatchObject([{ used: 0 }, { used: 0 }, { used: 30, held: 30 }])
    await store.settle('late', { early: 45 })
    expect(await store.look(claims)).toMatchObject([
      { used: 0, held: 0 },
      { used: 45, held: 0 },
      { used: 30, held: 0 },
    ])
  })

  test('money of a holder that comes back late is counted all the same', async () => {
    const { store, advance } = await open(1_000)
    await acquired(store, 'late', [period('money', 60, 100)])
    await advance(1_500)
    expect(await store.look([period('money', 0, 100)])).toMatchObject([{ used: 0 }])
    await store.settle('late', { money: 45 })
    expect(await store.look([period('money', 0, 100)])).toMatchObject([{ used: 45, held: 0 }])
  })
}
