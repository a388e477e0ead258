import { expect, test } from 'bun:test'
import { ManualClock } from '../../test/support/manual-clock.ts'
import { ChangeWatch } from './change-watch.ts'

const EVERY_MS = 1_000

function world() {
  const clock = new ManualClock()
  const place: { mark: string | Error } = { mark: 'one' }
  const mark = async (): Promise<string> => {
    if (place.mark instanceof Error) throw place.mark
    return place.mark
  }
  const watch = new ChangeWatch({ mark, everyMs: EVERY_MS, clock })
  return { place, watch, clock, look: () => clock.advance(EVERY_MS) }
}

test('tells at first and once for each change', async () => {
  const { place, watch, look } = world()
  let told = 0
  watch.watch(() => void told++)
  for (let time = 0; time < 3; time++) await look()
  expect(told).toBe(1)
  place.mark = 'two'
  for (let time = 0; time < 3; time++) await look()
  expect(told).toBe(2)
})

test('a listener that fails, now or later, is asked again until it has taken the change over', async () => {
  const { watch, look } = world()
  let told = 0
  watch.watch(() => {
    told++
    if (told === 1) throw new Error('at once')
    return told === 2 ? Promise.reject(new Error('later')) : Promise.resolve()
  })
  for (let time = 0; time < 5; time++) await look()
  expect(told).toBe(3)
})

test('what changes while the listener reads is told of again', async () => {
  const { place, watch, look } = world()
  const read: unknown[] = []
  watch.watch(async () => {
    read.push(place.mark)
    place.mark = 'two'
  })
  for (let time = 0; time < 3; time++) await look()
  expect(read).toEqual(['one', 'two'])
})

test('tells nothing while it cannot look, and goes on afterwards', async () => {
  const { place, watch, look } = world()
  place.mark = new Error('away')
  let told = 0
  watch.watch(() => void told++)
  await look()
  expect(told).toBe(0)
  place.mark = 'two'
  await look()
  expect(told).toBe(1)
})

test('closes when the listener has ended, and asks no more', async () => {
  const { place, watch, clock, look } = world()
  const { promise, resolve } = Promise.withResolvers<void>()
  let told = 0
  watch.watch(() => {
    told++
    return promise
  })
  await look()
  let isClosed = false
  const closing = watch.close().then(() => (isClosed = true))
  await look()
  expect([told, isClosed, clock.pending]).toEqual([1, false, 0])
  resolve()
  await closing
  place.mark = 'two'
  watch.look()
  await look()
  expect(told).toBe(1)
})
