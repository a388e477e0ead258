import { afterEach, describe, expect, test } from 'bun:test'
import type { AttemptId } from '../../ir/ids.ts'
import type { Adjustment, LedgerEntry, LedgerParty, LostAttempt, Settlement } from '../../ir/settlement.ts'
import type { LedgerStore, RollupQuery, RollupRow, SettledAttempt } from './store.ts'
import { DAY_MS, HOUR_MS } from './time-range.ts'

/** The laws every ledger keeps. `open` gives an empty one; the suite closes it. */
export function ledgerConformance(name: string, open: () => LedgerStore | Promise<LedgerStore>): void {
  describe(`the ledger in ${name}`, () => {
    const opened: LedgerStore[] = []
    const fresh = async (...entries: LedgerEntry[]): Promise<LedgerStore> => {
      const store = await open()
      opened.push(store)
      await store.write(entries)
      return store
    }

    afterEach(async () => {
      for (const store of opened.splice(0)) await store.close()
    })

    describe('writing', () => writingLaws(fresh))
    describe('late settlements', () => lateLaws(fresh))
    describe('sums', () => rollupLaws(fresh))
    describe('sessions', () => sessionLaws(fresh))
    describe('entries', () => entryLaws(fresh))
    describe('going through settlements', () => settledLaws(fresh))
    describe('pruning', () => pruningLaws(fresh))
  })
}

type Fresh = (...entries: LedgerEntry[]) => Promise<LedgerStore>

/** Ten o'clock on a day of 2026. */
export const TEN = Date.UTC(2026, 5, 10, 10)
const ALL: Pick<RollupQuery, 'since' | 'until' | 'filter'> = { since: TEN - 30 * DAY_MS, until: TEN + 30 * DAY_MS, filter: {} }

export const exampleParty: LedgerParty = {
  provider: 'acme',
  model: 'large',
  account: 'main',
  tenant: 'red',
  owner: 'ann',
  key: 'key_1',
}

export const exampleSettlement = (id: string, more: Partial<Settlement> = {}): Settlement => ({
  kind: 'settlement',
  id: id as AttemptId,
  at: TEN,
  party: exampleParty,
  session: 'session-1',
  purpose: 'answer',
  outcome: 'success',
  streamed: true,
  latency_ms: 120,
  usage: { inputTokens: 100, outputTokens: 20, cacheReadTokens: 60 },
  complete: true,
  nanos: 1_000,
  price: { source: 'override', version: 'v1' },
  lines: [['input', 40, 10]],
  saved_nanos: 300,
  ...more,
})

export const exampleLoss = (id: string, more: Partial<LostAttempt> = {}): LostAttempt => ({
  kind: 'lost',
  id: id as AttemptId,
  at: TEN,
  party: exampleParty,
  session: 'session-1',
  reserved_nanos: 5_000,
  ...more,
})

export const exampleAdjustment = (attempt: string, more: Partial<Adjustment> = {}): Adjustment => ({
  kind: 'adjustment',
  id: `${attempt}/1`,
  attempt: attempt as AttemptId,
  at: TEN + 1,
  made_at: TEN + 40 * DAY_MS,
  party: exampleParty,
  session: 'session-1',
  reason: 'reprice',
  nanos: -250,
  saved_nanos: -20,
  was_unknown: false,
  price: { source: 'override', version: 'v2' },
  ...more,
})

/** What is known, as JSON has it: absent fields are no fields. */
const known = <Value>(value: Value): Value => JSON.parse(JSON.stringify(value)) as Value

async function total(store: LedgerStore, query: Partial<RollupQuery> = {}): Promise<RollupRow['sums'] | undefined> {
  const [row] = await store.rollups({ ...ALL, groupBy: [], ...query })
  return row?.sums
}

function writingLaws(fresh: Fresh): void {
  test('an entry comes back as it was written', async () => {
    const entries = [exampleSettlement('req_a.0'), exampleLoss('req_b.0'), exampleAdjustment('req_a.0')]
    const { entries: found } = await (await fresh(...entries)).entries({})
    expect(known(found)).toEqual(known(entries.toReversed()))
  })

  test('a second entry of an attempt is counted and changes nothing, within a batch and later', async () => {
    const store = await fresh()
    const first = exampleSettlement('req_a.0')
    const second = exampleSettlement('req_a.0', { nanos: 9_999 })
    expect(await store.write([first, second])).toEqual({ written: 1, duplicates: 1 })
    expect(await store.write([second, exampleLoss('req_a.0'), exampleSettlement('req_a.1')])).toEqual({
      written: 1,
      duplicates: 2,
    })
    expect(await total(store)).toMatchObject({ attempts: 2n, settled_nanos: 2_000n, lost: 0n })
  })

  test('writing nothing is no fault', async () => {
    expect(await (await fresh()).write([])).toEqual({ written: 0, duplicates: 0 })
  })

  test('what is unknown stays unknown', async () => {
    const store = await fresh(
      exampleSettlement('req_a.0', {
        nanos: undefined,
        price: undefined,
        lines: undefined,
        saved_nanos: undefined,
        usage: undefined,
      }),
    )
    const [entry] = (await store.entries({})).entries
    expect(entry).toMatchObject({ nanos: undefined, price: undefined, usage: undefined })
    expect(await total(store)).toMatchObject({ attempts: 1n, unknown_cost: 1n, settled_nanos: 0n, input_tokens: 0n })
  })
}

function lateLaws(fresh: Fresh): void {
  test('a settlement of a lost attempt takes the place of the loss in the sums', async () => {
    const store = await fresh(exampleLoss('req_a.0'), exampleLoss('req_b.0'))
    expect(await total(store)).toMatchObject({ attempts: 2n, lost: 2n, settled_nanos: 0n, requests: 2n })
    const settlement = exampleSettlement('req_a.0', { at: TEN - 5 * HOUR_MS })
    expect(await store.write([settlement])).toEqual({ written: 1, duplicates: 0 })
    expect(await store.write([settlement])).toEqual({ written: 0, duplicates: 1 })
    expect(await total(store)).toMatchObject({ attempts: 2n, lost: 1n, succeeded: 1n, settled_nanos: 1_000n, requests: 2n })
    const [late] = (await store.entries({ limit: 1 })).entries
    expect(late).toMatchObject({ kind: 'late', id: 'req_a.0/late', attempt: 'req_a.0', at: TEN, nanos: 1_000 })
  })
}

function rollupLaws(fresh: Fresh): void {
  const hours = [TEN - 2 * DAY_MS, TEN - 2 * DAY_MS + HOUR_MS, TEN, TEN + 1, TEN + HOUR_MS]
  const spread = hours.map((at, index) => exampleSettlement(`req_${index}.0`, { at, nanos: 10 ** index }))

  test('hours and days hold what was settled in them', async () => {
    const store = await fresh(...spread)
    const series = async (interval: 'hour' | 'day'): Promise<unknown> =>
      (await store.rollups({ ...ALL, groupBy: [], interval })).map(({ start, sums }) => [start, sums.settled_nanos])
    expect(await series('hour')).toEqual([
      [TEN - 2 * DAY_MS, 1n],
      [TEN - 2 * DAY_MS + HOUR_MS, 10n],
      [TEN, 1_100n],
      [TEN + HOUR_MS, 10_000n],
    ])
    expect(await series('day')).toEqual([
      [Date.UTC(2026, 5, 8), 11n],
      [Date.UTC(2026, 5, 10), 11_100n],
    ])
  })

  test('any range of whole hours is summed exactly, over days or within one', async () => {
    const store = await fresh(...spread)
    const within = async (since: number, until: number): Promise<bigint | undefined> =>
      (await total(store, { since, until }))?.settled_nanos
    expect(await within(TEN - 2 * DAY_MS + HOUR_MS, TEN + HOUR_MS)).toBe(1_110n)
    expect(await within(TEN - 3 * DAY_MS, TEN)).toBe(11n)
    expect(await within(TEN, TEN + HOUR_MS)).toBe(1_100n)
    expect(await within(TEN + 30 * 60_000, TEN + HOUR_MS + 60_000)).toBe(1_100n)
    expect(await within(TEN + DAY_MS, TEN + 2 * DAY_MS)).toBeUndefined()
  })

  test('groups are by any names at once, and an unknown name is a group of its own', async () => {
    const store = await fresh(
      exampleSettlement('req_a.0'),
      exampleSettlement('req_b.0', { party: { ...exampleParty, model: 'small', key: undefined } }),
      exampleSettlement('req_c.0', { party: { ...exampleParty, model: 'small', key: undefined, account: 'spare' } }),
    )
    const rows = await store.rollups({ ...ALL, groupBy: ['model', 'key'] })
    expect(rows.map(({ names, sums }) => [names, sums.attempts])).toEqual([
      [{ model: 'large', key: 'key_1' }, 1n],
      [{ model: 'small' }, 2n],
    ])
  })

  test('filters hold together, and text that looks like SQL is only text', async () => {
    const store = await fresh(
      exampleSettlement('req_a.0'),
      exampleSettlement('req_b.0', { party: { ...exampleParty, tenant: 'blue' } }),
    )
    expect(await total(store, { filter: { tenant: 'blue', model: 'large' } })).toMatchObject({ attempts: 1n })
    expect(await total(store, { filter: { tenant: 'blue', model: 'small' } })).toBeUndefined()
    expect(await total(store, { filter: { tenant: "x' OR '1'='1" } })).toBeUndefined()
  })

  test('more than a block of rows is summed whole', async () => {
    const many = Array.from({ length: 5_000 }, (_unused, index) =>
      exampleSettlement(`req_${index}.0`, {
        at: TEN - (index % 400) * HOUR_MS,
        party: { ...exampleParty, key: `key_${index % 13}` },
      }),
    )
    const store = await fresh(...many)
    expect(await total(store)).toMatchObject({ attempts: 5_000n, settled_nanos: 5_000_000n })
    const rows = await store.rollups({ ...ALL, groupBy: ['key'], interval: 'hour' })
    expect(rows.reduce((sum, { sums }) => sum + sums.attempts, 0n)).toBe(5_000n)
  })

  test('adjustments are told apart and counted in', async () => {
    const store = await fresh(
      exampleSettlement('req_a.0'),
      exampleAdjustment('req_a.0'),
      exampleSettlement('req_b.0', { nanos: undefined }),
      exampleAdjustment('req_b.0', { nanos: 700, was_unknown: true }),
    )
    expect(await total(store)).toMatchObject({
      attempts: 2n,
      adjustments: 2n,
      settled_nanos: 1_000n,
      adjusted_nanos: 450n,
      unknown_cost: 0n,
      saved_nanos: 560n,
    })
  })

  test('the sums of entries and of rollups are the same', async () => {
    const store = await fresh(...spread, exampleAdjustment('req_1.0'), exampleLoss('req_9.1'))
    const { entries, rollups } = await store.prove({ since: TEN - 3 * DAY_MS, until: TEN + DAY_MS })
    expect(entries).toEqual(rollups)
    expect(entries.attempts).toBe(6n)
  })
}

function sessionLaws(fresh: Fresh): void {
  test('a session is summed from its first to its last use', async () => {
    const store = await fresh(
      exampleSettlement('req_a.0', { at: TEN - DAY_MS }),
      exampleSettlement('req_b.0', { at: TEN + 5 }),
      exampleSettlement('req_c.0', { session: 'session-2' }),
      exampleSettlement('req_d.0', { session: undefined }),
    )
    const rows = await store.rollups({ ...ALL, since: TEN, until: TEN + HOUR_MS, groupBy: ['session'] })
    expect(rows.map(({ names, sums, firstAt, lastAt }) => [names.session, sums.saved_nanos, firstAt, lastAt])).toEqual([
      ['session-1', 600n, TEN - DAY_MS, TEN + 5],
      ['session-2', 300n, TEN, TEN],
    ])
    expect(await store.rollups({ ...ALL, since: TEN + HOUR_MS, groupBy: ['session'] })).toEqual([])
  })

  test('of the same name are told apart by their party', async () => {
    const store = await fresh(
      exampleSettlement('req_a.0'),
      exampleSettlement('req_b.0', { party: { ...exampleParty, key: 'key_2' } }),
    )
    const rows = await store.rollups({ ...ALL, groupBy: ['session'], filter: { key: 'key_2' } })
    expect(rows.map(({ sums }) => sums.attempts)).toEqual([1n])
    expect(await total(store, { filter: { session: 'session-1' } })).toMatchObject({ attempts: 2n })
  })
}

function entryLaws(fresh: Fresh): void {
  test('pages go on where the last one ended, whatever is written meanwhile', async () => {
    const store = await fresh(...Array.from({ length: 7 }, (_unused, index) => exampleSettlement(`req_${index}.0`)))
    const seen: string[] = []
    let cursor: string | undefined
    do {
      const page = await store.entries({ limit: 3, cursor })
      seen.push(...page.entries.map(({ id }) => id))
      cursor = page.next
      await store.write([exampleSettlement(`req_x${seen.length}.0`)])
    } while (cursor !== undefined)
    expect(seen).toEqual([6, 5, 4, 3, 2, 1, 0].map((index) => `req_${index}.0`))
  })

  test('a cursor that is none is refused', async () => {
    const store = await fresh()
    expect(store.entries({ cursor: '17' })).rejects.toThrow(/next/)
  })

  test('filters hold: names, times, request', async () => {
    const store = await fresh(
      exampleSettlement('req_a.0'),
      exampleSettlement('req_a.1', { at: TEN + 10 }),
      exampleSettlement('req_ab.0', { at: TEN + 20, party: { ...exampleParty, owner: 'bob' } }),
      exampleAdjustment('req_a.1', { at: TEN + 30 }),
    )
    const ids = async (filter: Parameters<LedgerStore['entries']>[0]): Promise<string[]> =>
      (await store.entries(filter)).entries.map(({ id }) => id)
    expect(await ids({ request: 'req_a' })).toEqual(['req_a.1/1', 'req_a.1', 'req_a.0'])
    expect(await ids({ owner: 'bob' })).toEqual(['req_ab.0'])
    expect(await ids({ since: TEN + 10, until: TEN + 30 })).toEqual(['req_ab.0', 'req_a.1'])
    expect(await ids({ session: 'nobody' })).toEqual([])
  })
}

function settledLaws(fresh: Fresh): void {
  test('each comes with its corrections, in the order of writing', async () => {
    const store = await fresh(
      exampleLoss('req_a.0'),
      exampleSettlement('req_b.0'),
      exampleSettlement('req_a.0'),
      exampleAdjustment('req_b.0'),
      exampleAdjustment('req_b.0', { id: 'req_b.0/2' }),
    )
    const found: SettledAttempt[] = []
    for await (const settled of store.settled({ model: 'large' })) found.push(settled)
    expect(found.map(({ attempt, adjustments }) => [attempt as string, adjustments.map(({ id }) => id)])).toEqual([
      ['req_b.0', ['req_b.0/1', 'req_b.0/2']],
      ['req_a.0', []],
    ])
    expect(known(found[0]?.settlement)).toMatchObject({ nanos: 1_000, price: { source: 'override', version: 'v1' } })
  })

  test('any number of them is gone through once', async () => {
    const store = await fresh(...Array.from({ length: 1_234 }, (_unused, index) => exampleSettlement(`req_${index}.0`)))
    let count = 0
    for await (const { attempt } of store.settled({})) if (attempt === `req_${count}.0`) count += 1
    expect(count).toBe(1_234)
  })
}

function pruningLaws(fresh: Fresh): void {
  test('old entries go, and what was summed of them stays', async () => {
    const store = await fresh(exampleSettlement('req_a.0', { at: TEN - DAY_MS }), exampleSettlement('req_b.0'))
    expect(await store.prune({ entries: TEN })).toBe(1)
    expect((await store.entries({})).entries.map(({ id }) => id)).toEqual(['req_b.0'])
    expect(await total(store)).toMatchObject({ attempts: 2n })
  })

  test('old sums go with their sessions', async () => {
    const store = await fresh(exampleSettlement('req_a.0', { at: TEN - DAY_MS, session: 'old' }), exampleSettlement('req_b.0'))
    expect(await store.prune({ rollups: TEN })).toBeGreaterThan(1)
    expect(await total(store)).toMatchObject({ attempts: 1n })
    expect((await store.rollups({ ...ALL, groupBy: ['session'] })).map(({ names }) => names.session)).toEqual(['session-1'])
  })

  test('more than a batch goes', async () => {
    const store = await fresh(...Array.from({ length: 2_500 }, (_unused, index) => exampleSettlement(`req_${index}.0`)))
    expect(await store.prune({ entries: TEN + 1 })).toBe(2_500)
    expect((await store.entries({})).entries).toEqual([])
  })
}
