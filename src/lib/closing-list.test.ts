import { expect, test } from 'bun:test'
import { ClosingList } from './closing-list.ts'

test('what was opened last is closed first, and a failure keeps no other from being closed', async () => {
  const closed: string[] = []
  const list = new ClosingList()
  const part = list.add({ close: () => void closed.push('first') })
  expect(part.close).toBeFunction()
  list.add({
    async close() {
      await Promise.resolve()
      closed.push('second')
      throw new Error('the second')
    },
  })
  list.addEnd(() => {
    closed.push('third')
    throw new Error('the third')
  })
  expect(list.close()).rejects.toThrow('the third')
  await list.close()
  expect(closed).toEqual(['third', 'second', 'first'])
})
