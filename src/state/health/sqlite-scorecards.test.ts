import { afterEach, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ManualClock } from '../../../test/support/manual-clock.ts'
import { asProviderId, targetIdOf } from '../../ir/ids.ts'
import type { Target } from '../../ir/target.ts'
import { createMemoryHealth } from './memory.ts'
import { keepScorecards, type ScorecardKeeper } from './scorecard-keeper.ts'
import { openSqliteScorecards } from './sqlite-scorecards.ts'
import type { HealthStore } from './store.ts'

const START = 1_700_000_000_000
const HOUR = 3_600_000
const targetOf = (model: string): Target => ({ id: targetIdOf('p', model), provider: asProviderId('p'), model, format: 'openai' })
const A = targetOf('a')
const B = targetOf('b')

const KEEPING = { flushMs: 30_000, staleHydrateMs: 48 * HOUR }

interface Gateway {
  readonly health: HealthStore
  readonly keeper: ScorecardKeeper
  readonly clock: ManualClock
  readonly warnings: string[]
  readonly close: () => void
}

/** A gateway's health with its scorecards in the file, from `time` on. */
function start(path: string, time = START): Gateway {
  const clock = new ManualClock(time)
  const health = createMemoryHealth({ clock })
  const warnings: string[] = []
  const file = openSqliteScorecards({ path, clock })
  const keeper = keepScorecards({ health, file, clock, keeping: KEEPING, warn: (message) => void warnings.push(message) })
  return { health, keeper, clock, warnings, close: () => void keeper.close() }
}

function call(health: HealthStore, target: Target, kind: 'success' | 'failure', times = 1): void {
  for (let time = 0; time < times; time++) {
    const permit = health.admit(target)
    if (permit.admitted) permit.settle({ kind, streamed: false, totalMs: 10 })
  }
}

describe('scorecards in an SQLite file', () => {
  const folders: string[] = []
  const newPath = (): string => {
    const folder = mkdtempSync(join(tmpdir(), 'switchback-scorecards-'))
    folders.push(folder)
    return join(folder, 'state.sqlite')
  }
  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
  })

  test('come back after a restart', () => {
    const path = newPath()
    const first = start(path)
    call(first.health, A, 'failure', 3)
    call(first.health, B, 'success', 10)
    const before = first.health.observe(B).outcome
    first.close()
    const second = start(path, START + HOUR)
    expect(second.health.observe(A).outcome?.successRate).toBeCloseTo(4.75 / 8, 6)
    expect(second.health.observe(B).outcome).toMatchObject({
      samples: 0,
      health: before?.health,
      successRate: before?.successRate,
    })
    second.close()
  })

  test('are saved every half minute, so that a crash loses no more', async () => {
    const path = newPath()
    const crashed = start(path)
    call(crashed.health, A, 'success')
    await crashed.clock.advance(30_000)
    call(crashed.health, B, 'success')
    const next = start(path)
    expect(next.health.snapshot().targets.map(({ id }) => id)).toEqual([A.id])
    next.close()
    crashed.close()
  })

  test('older than two days are neither used nor kept', () => {
    const path = newPath()
    const first = start(path)
    call(first.health, A, 'success')
    first.close()
    const late = start(path, START + 48 * HOUR)
    expect(late.health.snapshot().targets).toEqual([])
    call(late.health, B, 'success')
    late.close()
    const database = new DatabaseSync(path)
    expect(database.prepare('SELECT target FROM scorecards').all()).toEqual([{ target: B.id }])
    database.close()
  })

  test('are saved as often, and kept as long, as a new configuration says', async () => {
    const path = newPath()
    const { health, keeper, clock, close } = start(path)
    const other = new DatabaseSync(path)
    const saved = (): unknown[] => other.prepare('SELECT target FROM scorecards').all()
    call(health, A, 'success')
    await clock.advance(20_000)
    keeper.configure({ flushMs: 5_000, staleHydrateMs: HOUR })
    await clock.advance(5_000)
    expect(saved()).toEqual([{ target: A.id }])
    await clock.advance(HOUR)
    call(health, B, 'success')
    await clock.advance(5_000)
    expect(saved()).toEqual([{ target: B.id }])
    other.close()
    close()
  })

  test('that cannot be saved wait, with one warning, until they can be', async () => {
    const path = newPath()
    const { health, clock, warnings, close } = start(path)
    const other = new DatabaseSync(path)
    other.exec('BEGIN IMMEDIATE')
    call(health, A, 'success')
    await clock.advance(30_000)
    call(health, B, 'success')
    await clock.advance(30_000)
    expect(warnings).toHaveLength(1)
    other.exec('ROLLBACK')
    await clock.advance(30_000)
    expect(other.prepare('SELECT target FROM scorecards ORDER BY target').all()).toEqual([{ target: A.id }, { target: B.id }])
    other.close()
    close()
  })

  test('a corrupt row is passed over, the others are not', () => {
    const path = newPath()
    const first = start(path)
    call(first.health, A, 'success')
    call(first.health, B, 'success')
    first.close()
    const database = new DatabaseSync(path)
    database.prepare('UPDATE scorecards SET samples = 0 WHERE target = ?').run(A.id)
    database.close()
    const second = start(path)
    expect(second.health.snapshot().targets.map(({ id }) => id)).toEqual([B.id])
    second.close()
  })
})
