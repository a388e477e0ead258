import { expect, test } from 'bun:test'
import { eachBounded } from './each-bounded.ts'

test('does everything, in order of beginning, and never more at once than it may', async () => {
  let running = 0
  let most = 0
  const begun: number[] = []
  await eachBounded(['a', 'b', 'c', 'd', 'e'], 2, async (_item, index) => {
    begun.push(index)
    most = Math.max(most, ++running)
    await Promise.resolve()
    running--
  })
  expect([begun, most]).toEqual([[0, 1, 2, 3, 4], 2])
  await eachBounded([], 2, () => Promise.reject(new Error('never')))
})

test('begins nothing after a failure, waits for what is under way, and throws the first', async () => {
  const gate = Promise.withResolvers<void>()
  const ended: string[] = []
  const all = eachBounded(['slow', 'broken', 'next'], 2, async (item) => {
    if (item === 'broken') throw new Error('first')
    await gate.promise
    ended.push(item)
    throw new Error('second')
  })
  let isOver = false
  const over = all.catch((error: unknown) => error).finally(() => (isOver = true))
  await Promise.resolve()
  expect(isOver).toBe(false)
  gate.resolve()
  expect(await over).toMatchObject({ message: 'first' })
  expect(ended).toEqual(['slow'])
})
