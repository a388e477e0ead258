import { expect, test } from 'bun:test'
import { ManualClock } from '../../../test/support/manual-clock.ts'
import { period } from './conformance-support.ts'
import { Relearning } from './relearning.ts'
import type { PeriodClaim } from './store.ts'

test('a counter is asked for three times within a minute, also when nobody answers, and then nothing runs any more', async () => {
  const clock = new ManualClock()
  const asked: [number, string[]][] = []
  const again = new Relearning(clock, (claims) => {
    asked.push([clock.now() / 1_000, claims.map(({ counter }) => counter)])
    return Promise.reject(new Error('away'))
  })
  again.add([])
  expect(clock.pending).toBe(0)
  again.add([period('a', 1, 1) as PeriodClaim])
  await clock.advance(10_000)
  again.add([period('b', 1, 1) as PeriodClaim, period('a', 1, 1, { start: 5, end: 6 }) as PeriodClaim])
  await clock.advance(100_000)
  expect(asked).toEqual([
    [5, ['a']],
    [15, ['a', 'b', 'a']],
    [25, ['b', 'a']],
    [60, ['a']],
    [70, ['b', 'a']],
  ])
  expect(clock.pending).toBe(0)
})
