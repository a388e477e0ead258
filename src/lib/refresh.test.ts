import { expect, test } from 'bun:test'
import { Refresh } from './refresh.ts'

function world() {
  const runs: { readonly end: () => void; readonly fail: () => void }[] = []
  const refresh = new Refresh(() => {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    runs.push({ end: resolve, fail: () => reject(new Error('away')) })
    return promise
  })
  const turns = async (): Promise<void> => {
    for (let turn = 0; turn < 10; turn++) await Promise.resolve()
  }
  return { refresh, runs, turns }
}

test('runs once at a time, and once more however often it was asked for meanwhile', async () => {
  const { refresh, runs, turns } = world()
  for (let time = 0; time < 3; time++) refresh.ask()
  refresh.ask()
  expect(runs).toHaveLength(1)
  runs[0]?.end()
  await turns()
  expect(runs).toHaveLength(2)
  runs[1]?.end()
  await turns()
  expect(runs).toHaveLength(2)
  refresh.ask()
  expect(runs).toHaveLength(3)
})

test('a run that fails is left to the next', async () => {
  const { refresh, runs, turns } = world()
  refresh.ask()
  runs[0]?.fail()
  await turns()
  refresh.ask()
  expect(runs).toHaveLength(2)
})

test('closes when the run under way has ended, and begins no other', async () => {
  const { refresh, runs, turns } = world()
  refresh.ask()
  refresh.ask()
  let isClosed = false
  const closing = refresh.close().then(() => (isClosed = true))
  await turns()
  expect(isClosed).toBe(false)
  runs[0]?.end()
  await closing
  refresh.ask()
  await turns()
  expect(runs).toHaveLength(1)
})
