import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { systemClock } from '../../lib/clock.ts'
import type { LedgerEntry } from '../../ir/settlement.ts'
import { exampleAdjustment, exampleLoss, exampleParty, exampleSettlement, TEN } from './conformance.ts'
import { createMemoryLedger } from './memory.ts'
import { openSqliteLedger } from './sqlite.ts'
import { GROUPINGS, type LedgerStore, type RollupQuery } from './store.ts'
import { HOUR_MS } from './time-range.ts'

const HOURS = 60
const at = fc.integer({ min: 0, max: HOURS * HOUR_MS - 1 }).map((offset) => TEN - 20 * HOUR_MS + offset)
const party = fc
  .record({
    model: fc.constantFrom('large', 'small'),
    key: fc.constantFrom('key_1', 'key_2', undefined),
    owner: fc.constantFrom('ann', undefined),
  })
  .map((names) => ({ ...exampleParty, ...names }))
const session = fc.constantFrom('talk-1', 'talk-2', undefined)
const attempt = fc
  .tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 2 }))
  .map(([request, number]) => `req_${request}.${number}`)
const nanos = fc.option(fc.integer({ min: 0, max: 10 ** 15 }), { nil: undefined })

/** Entries of few attempts, so that many of them meet. */
const entry: fc.Arbitrary<LedgerEntry> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .record({ id: attempt, at, party, session, nanos, complete: fc.boolean() })
      .map(({ id, ...more }) => exampleSettlement(id, more)),
  },
  { weight: 1, arbitrary: fc.record({ id: attempt, at, party, session }).map(({ id, ...more }) => exampleLoss(id, more)) },
  {
    weight: 1,
    arbitrary: fc
      .record({
        id: attempt,
        n: fc.integer({ min: 1, max: 2 }),
        at,
        party,
        session,
        amount: fc.integer({ min: -1_000, max: 1_000 }),
      })
      .map(({ id, n, amount, ...more }) => exampleAdjustment(id, { id: `${id}/${n}`, nanos: amount, ...more })),
  },
)

const query: fc.Arbitrary<RollupQuery> = fc
  .record({
    from: fc.integer({ min: -2, max: HOURS }),
    hours: fc.integer({ min: 1, max: HOURS }),
    groupBy: fc.uniqueArray(fc.constantFrom(...GROUPINGS), { maxLength: 3 }),
    interval: fc.constantFrom('hour' as const, 'day' as const, undefined),
    filter: fc.constantFrom({}, { model: 'large' }, { key: 'key_2' }, { owner: 'ann', model: 'small' }),
  })
  .map(({ from, hours, groupBy, interval, filter }) => ({
    since: TEN + (from - 20) * HOUR_MS,
    until: TEN + (from - 20 + hours) * HOUR_MS,
    groupBy,
    interval: groupBy.includes('session') ? undefined : interval,
    filter,
  }))

async function readBy(store: LedgerStore, asked: RollupQuery): Promise<unknown> {
  return (await store.rollups(asked)).map(({ start, names, sums, firstAt, lastAt }) => ({
    start,
    names: { ...names },
    sums,
    firstAt,
    lastAt,
  }))
}

test('whatever is written in whatever batches, both stores tell the same, and sums agree with entries', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(entry, { maxLength: 8 }), { maxLength: 6 }),
      fc.array(query, { maxLength: 4 }),
      async (batches, queries) => {
        const [memory, sqlite] = [createMemoryLedger(), openSqliteLedger({ path: ':memory:', clock: systemClock })]
        try {
          for (const batch of batches) expect(await sqlite.write(batch)).toEqual(await memory.write(batch))
          for (const asked of queries) expect(await readBy(sqlite, asked)).toEqual(await readBy(memory, asked))
          const { entries, rollups } = await sqlite.prove({ since: TEN - 30 * HOUR_MS, until: TEN + HOURS * HOUR_MS })
          expect(entries).toEqual(rollups)
          const settled = new Set(
            (await sqlite.entries({ limit: 1_000 })).entries
              .filter(({ kind }) => kind === 'settlement' || kind === 'late')
              .map(({ id }) => id.split('/')[0]),
          )
          const written = new Set(batches.flat().flatMap((one) => (one.kind === 'settlement' ? [one.id as string] : [])))
          expect(settled).toEqual(written)
        } finally {
          await sqlite.close()
        }
      },
    ),
    { numRuns: 150 },
  )
})

test('entries written again, in any order, change nothing', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(entry, { maxLength: 12 }).chain((entries) => fc.tuple(fc.constant(entries), fc.shuffledSubarray(entries))),
      async ([entries, again]) => {
        const store = openSqliteLedger({ path: ':memory:', clock: systemClock })
        try {
          await store.write(entries)
          const before = await store.prove({ since: TEN - 30 * HOUR_MS, until: TEN + HOURS * HOUR_MS })
          expect(await store.write(again)).toEqual({ written: 0, duplicates: again.length })
          expect(await store.prove({ since: TEN - 30 * HOUR_MS, until: TEN + HOURS * HOUR_MS })).toEqual(before)
        } finally {
          await store.close()
        }
      },
    ),
    { numRuns: 100 },
  )
})
