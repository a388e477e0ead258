import { expect, test } from 'bun:test'
import { InTurn } from './in-turn.ts'

test('work is done in its turn, whatever became of the work before', async () => {
  const turns = new InTurn()
  const gate = Promise.withResolvers<void>()
  const seen: string[] = []
  const first = turns.run(async () => {
    seen.push('first begins')
    await gate.promise
    seen.push('first ends')
    throw new Error('no good')
  })
  const second = turns.run(async () => {
    seen.push('second')
    return 2
  })
  await new Promise((resolve) => setImmediate(resolve))
  expect(seen).toEqual(['first begins'])
  gate.resolve()
  expect(await first.catch((error: Error) => error.message)).toBe('no good')
  expect(await second).toBe(2)
  expect(seen).toEqual(['first begins', 'first ends', 'second'])
})
