import { expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ManualClock } from '../../../test/support/manual-clock.ts'
import { exampleLoss } from '../ledger/conformance.ts'
import { createMemoryLedger } from '../ledger/memory.ts'
import { buryOrphans } from './bury-orphans.ts'
import { openAttemptsConformance } from './conformance.ts'
import { openSqliteOpenAttempts } from './sqlite.ts'
import type { OpenAttempts } from './store.ts'

const folder = mkdtempSync(join(tmpdir(), 'switchback-open-attempts-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
let files = 0
const newPath = (): string => join(folder, `${(files += 1)}.sqlite`)
const open = (path: string, clock: ManualClock, warn: () => void = () => undefined): OpenAttempts =>
  openSqliteOpenAttempts({ path, clock, warn })

openAttemptsConformance('SQLite', () => {
  const path = newPath()
  const clock = new ManualClock()
  return {
    start: async () => open(path, clock),
    // What a crash leaves is what the last flush has written.
    kill: () => clock.advance(250),
  }
})

test('an attempt that ends before the next flush never reaches the disk', async () => {
  const path = newPath()
  const clock = new ManualClock()
  const first = open(path, clock)
  first.begun(exampleLoss('req_a.0'))
  first.kept(['req_a.0'])
  first.begun(exampleLoss('req_b.0'))
  await clock.advance(249)
  expect(await open(path, clock).orphans()).toEqual([])
  await clock.advance(1)
  expect(await open(path, clock).orphans()).toEqual([exampleLoss('req_b.0')])
})

test('orphans are written down as lost, once, and again when the ledger could not take them', async () => {
  const path = newPath()
  const clock = new ManualClock()
  const dead = open(path, clock)
  for (const id of ['req_a.0', 'req_b.0']) dead.begun(exampleLoss(id))
  await dead.close()
  const ledger = createMemoryLedger()
  const told: unknown[] = []
  let isDown = true
  const attempts = open(path, clock)
  const stop = buryOrphans({
    attempts,
    clock,
    warn: (_message, facts) => void told.push(facts),
    ledger: {
      async write(entries) {
        if (isDown) throw new Error('away')
        return ledger.write(entries)
      },
    },
  })
  await clock.advance(5_000)
  expect((await ledger.entries({})).entries).toEqual([])
  isDown = false
  await clock.advance(5_000)
  await clock.advance(5_000)
  expect((await ledger.entries({})).entries.map(({ kind, id }) => [kind, id])).toEqual([
    ['lost', 'req_b.0'],
    ['lost', 'req_a.0'],
  ] as never)
  expect(told).toEqual([{ attempts: 2 }])
  stop()
  await attempts.close()
  expect(await open(path, clock).orphans()).toEqual([])
})
