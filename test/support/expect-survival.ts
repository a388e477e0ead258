import { expect } from 'bun:test'
import type { ChaosOptions, ChaosOutcome } from './chaos-run.ts'

/**
 * What a gateway that is killed may take with it: the last 250 ms, and some for a disk that is busy with all this. The time in which the machine
 * did not let it run is not counted. The 250 ms themselves are tested on a manual clock.
 */
const MOST_LOST_MS = 2_000
/** The same for entries of the ledger while the database hangs. */
const MOST_LOST_HANGING_MS = 4_000
/** Calls of the caller with the small budget that may be under way at once, or unknown to whoever counts, when its budget ends. */
const MOST_AT_ONCE = 40

/** What must hold after any amount of chaos. */
export function expectSurvival(outcome: ChaosOutcome, options: ChaosOptions): void {
  const { answered, refused, doubledRecords, doubledEntries, sumsAgree, lostRecords, lostEntries, unnoticed, held } = outcome
  console.error(
    `${answered} answered, ${outcome.broken} broken off by a kill, refused: ${JSON.stringify(refused)}; records lost: ${lostRecords.length}, entries lost: ${lostEntries.length}; ` +
      `small budget: ${JSON.stringify(outcome.tight)}; Redis was away ${outcome.lossesOfRedis} times`,
  )
  expect(outcome.ownDeaths).toEqual([])
  expect(answered).toBeGreaterThanOrEqual(options.calls * 0.85)
  expect([doubledRecords, doubledEntries, sumsAgree]).toEqual([0, 0, true])
  if (options.isPatient) expect(held).toBe(0)
  expect(lostRecords.filter(({ beforeDeathMs }) => beforeDeathMs > MOST_LOST_MS)).toEqual([])
  // The ledger has them as lost, where the notes survive.
  if (options.isPatient && options.redisKeeps) expect(unnoticed).toEqual([])
  if (options.required) expect(lostEntries).toEqual([])
  else expect(lostEntries.filter(({ beforeDeathMs }) => beforeDeathMs > MOST_LOST_HANGING_MS)).toEqual([])
  expectRefusals(outcome, options)
  expectSpending(outcome, options)
}

/** Serving never depends on the servers, unless that is asked for. */
function expectRefusals({ refused }: ChaosOutcome, { required, onLoss }: ChaosOptions): void {
  const expected = required || onLoss === 'closed' ? ['503'] : []
  expect(Object.keys(refused).filter((status) => !expected.includes(status))).toEqual([])
}

/** The small budget was used to its last call, and overspent by no more than `on_loss` allows. */
function expectSpending({ tight, lossesOfRedis, broken, lostEntries }: ChaosOutcome, { onLoss, isPatient }: ChaosOptions): void {
  const { spentUsd, limitUsd, callUsd } = tight
  // Answers that nobody got any more, and entries that were lost, are counted towards the budget all the same.
  const uncounted = 2 + broken + lostEntries.length
  if (isPatient) expect(spentUsd).toBeGreaterThan(limitUsd - uncounted * callUsd)
  if (onLoss === 'open') return
  // What others spent since a gateway has asked comes on top of a share, once for each time Redis is lost.
  const shares = onLoss === 'closed' ? 0 : lossesOfRedis * MOST_AT_ONCE * callUsd
  expect(spentUsd).toBeLessThan(limitUsd + MOST_AT_ONCE * callUsd + shares)
}
