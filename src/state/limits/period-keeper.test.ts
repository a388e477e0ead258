import { afterAll, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ManualClock } from '../../../test/support/manual-clock.ts'
import { period } from './conformance-support.ts'
import { createMemoryLimits, type MemoryLimits } from './memory.ts'
import { keepPeriods, type PeriodFile } from './period-keeper.ts'
import { openSqlitePeriods } from './sqlite-periods.ts'

const directory = mkdtempSync(join(tmpdir(), 'limits-'))
afterAll(() => rmSync(directory, { recursive: true }))

const warn = (): void => undefined
let spendings = 0
const spend = (limits: MemoryLimits, counter: string, amount: number, end?: number): void => {
  const id = `spending ${++spendings}`
  limits.acquire(id, [period(counter, amount, 1_000, { start: 0, end })])
  limits.settle(id, { [counter]: amount })
}

test('what was spent outlives the process, and a period that is over does not', async () => {
  const clock = new ManualClock()
  const path = join(directory, 'state.db')
  const limits = createMemoryLimits({ clock })
  const keeper = keepPeriods({ limits, file: openSqlitePeriods({ path, clock }), clock, warn })
  spend(limits, 'total', 40)
  spend(limits, 'day', 30, clock.wall() + 5_000)
  await clock.advance(250)
  spend(limits, 'total', 2)
  keeper.close()
  await clock.advance(5_000)
  const next = createMemoryLimits({ clock })
  const again = keepPeriods({ limits: next, file: openSqlitePeriods({ path, clock }), clock, warn })
  expect(next.look([period('total', 0, 1), period('day', 0, 1)])).toMatchObject([{ used: 42 }, { used: 0 }])
  spend(next, 'total', 1)
  again.close()
  const file = openSqlitePeriods({ path, clock })
  expect(file.load()).toEqual([{ counter: 'total', start: 0, end: undefined, settled: 43 }])
  file.close()
})

test('figures wait while the file cannot be written, and one warning tells it', async () => {
  const clock = new ManualClock()
  const limits = createMemoryLimits({ clock })
  const saved: unknown[] = []
  const warnings: string[] = []
  let isBroken = true
  const file: PeriodFile = {
    load: () => [],
    save(periods) {
      if (isBroken) throw new Error('disk full')
      saved.push(...periods.map(({ counter, settled }) => [counter, settled]))
    },
    close: () => undefined,
  }
  const keeper = keepPeriods({ limits, file, clock, warn: (message) => void warnings.push(message) })
  spend(limits, 'total', 40)
  await clock.advance(1_000)
  spend(limits, 'total', 2)
  await clock.advance(250)
  expect([saved, warnings.length]).toEqual([[], 1])
  isBroken = false
  keeper.close()
  expect(saved).toEqual([['total', 42]])
})
