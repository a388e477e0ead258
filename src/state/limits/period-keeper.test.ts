import { afterAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ManualClock } from '../../../test/support/manual-clock.ts'
import { period } from './conformance-support.ts'
import { createMemoryLimits, type MemoryLimits } from './memory.ts'
import { keepPeriods, type PeriodFile } from './period-keeper.ts'
import { chargeSqlitePeriods, openSqlitePeriods } from './sqlite-periods.ts'

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
    charges: () => [],
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

describe('what commands have spent', () => {
  const world = (name: string) => {
    const clock = new ManualClock()
    const path = join(directory, `${name}.db`)
    const open = (breaksAt?: 'save') => {
      const limits = createMemoryLimits({ clock })
      const file = openSqlitePeriods({ path, clock })
      const broken: PeriodFile = {
        ...file,
        save() {
          throw new Error('disk full')
        },
      }
      return { limits, file, keeper: keepPeriods({ limits, file: breaksAt === undefined ? file : broken, clock, warn }) }
    }
    open().keeper.close()
    const charge = (counter: string, amount: number, end?: number): void =>
      chargeSqlitePeriods({ path, clock }, [{ counter, amount, start: 0, end }])
    return { clock, open, charge }
  }
  const used = (limits: MemoryLimits, counter = 'total'): number => limits.look([period(counter, 0, 1)])[0]?.used ?? -1

  test('is counted by a gateway that runs within 250 ms, besides what it spends itself, once', async () => {
    const { clock, open, charge } = world('runs')
    const { limits, keeper } = open()
    spend(limits, 'total', 40)
    charge('total', 2)
    expect(used(limits)).toBe(40)
    await clock.advance(250)
    expect(used(limits)).toBe(42)
    await clock.advance(1_000)
    charge('total', 1)
    keeper.close()
    const next = open()
    expect(used(next.limits)).toBe(43)
    next.keeper.close()
  })

  test('is counted at once by one that starts later, in the period in which it was spent', async () => {
    const { clock, open, charge } = world('later')
    charge('day', 5, clock.wall() + 5_000)
    charge('over', 5, clock.wall() + 100)
    charge('total', 7)
    await clock.advance(200)
    const { limits, keeper, file } = open()
    expect(['day', 'over', 'total'].map((counter) => used(limits, counter))).toEqual([5, 0, 7])
    expect(file.charges()).toEqual([])
    keeper.close()
  })

  test('is neither lost nor counted twice when the counters cannot be saved, or the process dies before they are', async () => {
    const { clock, open, charge } = world('dies')
    charge('total', 7)
    const dying = open('save')
    await clock.advance(1_000)
    expect(used(dying.limits)).toBe(7)
    dying.file.close()
    const next = open()
    expect(used(next.limits)).toBe(7)
    next.keeper.close()
    const last = open()
    expect(used(last.limits)).toBe(7)
    last.keeper.close()
  })
})
