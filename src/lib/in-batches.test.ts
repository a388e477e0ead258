import { expect, test } from 'bun:test'
import { inBatches } from './in-batches.ts'

function world(most = 3) {
  const calls: { readonly items: readonly number[]; readonly answer: () => void; readonly fail: (reason: Error) => void }[] = []
  const add = inBatches((items: readonly number[]) => {
    const { promise, resolve, reject } = Promise.withResolvers<readonly string[]>()
    calls.push({ items, answer: () => resolve(items.map((item) => `answer ${item}`)), fail: reject })
    return promise
  }, most)
  return { calls, add, sent: () => calls.map(({ items }) => items) }
}

test('what comes together goes together, and what comes meanwhile goes next, so many at once', async () => {
  const { calls, add, sent } = world()
  const first = [add(1), add(2)]
  await Promise.resolve()
  const next = [3, 4, 5, 6].map(add)
  expect(sent()).toEqual([[1, 2]])
  calls[0]?.answer()
  expect(await Promise.all(first)).toEqual(['answer 1', 'answer 2'])
  expect(sent()).toEqual([
    [1, 2],
    [3, 4, 5],
  ])
  calls[1]?.answer()
  expect(await Promise.all(next.slice(0, 3))).toEqual(['answer 3', 'answer 4', 'answer 5'])
  calls[2]?.answer()
  expect(await next[3]).toBe('answer 6')
})

test('a call that fails fails for those that went with it, and the next ones go', async () => {
  const { calls, add } = world()
  const [lost, kept] = [add(1), Promise.resolve().then(() => add(2))]
  await Promise.resolve()
  calls[0]?.fail(new Error('away'))
  expect(await lost.catch(String)).toBe('Error: away')
  calls[1]?.answer()
  expect(await kept).toBe('answer 2')
})
