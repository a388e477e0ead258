import { expect } from 'bun:test'
import type { ChaosOptions, ChaosOutcome } from './chaos-run.ts'

/** What a gateway that is killed may take with it while its database answers: 250 ms, and some for a machine that is busy with all this. */
const MOST_LOST_MS = 600
/** The same for entries of the ledger while the database hangs. */
const MOST_LOST_HANGING_MS = 1_600

/** What must hold after any amount of chaos. */
export function expectSurvival(outcome: ChaosOutcome, { calls, required }: ChaosOptions): void {
  const { answered, refused, doubledRecords, doubledEntries, sumsAgree, lostRecords, lostEntries } = outcome
  console.error(
    `${answered} answered, ${outcome.broken} broken off by a kill, ${refused} refused; records lost: ${lostRecords.length}, entries lost: ${lostEntries.length}`,
  )
  expect(answered).toBeGreaterThanOrEqual(calls)
  expect([doubledRecords, doubledEntries, sumsAgree]).toEqual([0, 0, true])
  expect(lostRecords.filter(({ beforeDeathMs }) => beforeDeathMs > MOST_LOST_MS)).toEqual([])
  if (required) expect(lostEntries).toEqual([])
  else {
    expect(lostEntries.filter(({ beforeDeathMs }) => beforeDeathMs > MOST_LOST_HANGING_MS)).toEqual([])
    // Serving never depends on the servers.
    expect(refused).toBe(0)
  }
}
