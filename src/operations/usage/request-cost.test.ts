import { describe, expect, test } from 'bun:test'
import { exampleAdjustment, exampleLoss, exampleSettlement } from '../../state/ledger/conformance.ts'
import { createMemoryLedger } from '../../state/ledger/memory.ts'
import type { LedgerEntry } from '../../ir/settlement.ts'
import { requestCost } from './request-cost.ts'
import { tellCost } from './tell-cost.ts'
import { usageEvents } from './usage-events.ts'

async function costOf(...entries: LedgerEntry[]) {
  const store = createMemoryLedger()
  await store.write(entries)
  return requestCost({ events: ({ request }) => usageEvents(store, { request }) }, 'req_a')
}

describe('what a request cost', () => {
  test('is the sum of its attempts and their corrections, told apart', async () => {
    const cost = await costOf(
      exampleSettlement('req_a.0', { outcome: 'cancelled', cancelled_because: 'hedge', nanos: 2_000, saved_nanos: 0 }),
      exampleSettlement('req_a.1', { nanos: 10_000, saved_nanos: 4_000 }),
      exampleAdjustment('req_a.1', { nanos: -1_000, saved_nanos: -500 }),
      exampleSettlement('req_b.0', { nanos: 7 }),
    )
    expect(cost).toEqual({
      nanos: 11_000,
      attempts: 2,
      unknown: 0,
      lost: 0,
      wasted_nanos: 2_000,
      adjusted_nanos: -1_000,
      saved_nanos: 3_500,
      prices: ['override v2', 'override v1'],
    })
    expect(tellCost(cost!)).toEqual([
      'It cost $0.000011 (price: override v2, override v1).',
      '  Of that, $0.000002 went to attempts that did not serve.',
      '  It was corrected by $-0.000001 afterwards.',
      '  The prompt cache saved $0.0000035.',
    ])
  })

  test('is not known of attempts without a price, until one was given', async () => {
    const unpriced = exampleSettlement('req_a.0', { nanos: undefined, price: undefined, saved_nanos: undefined })
    const before = await costOf(unpriced)
    expect(tellCost(before!)).toEqual([
      'What 1 attempt cost is not known: the usage or a price is missing. "switchback usage reprice" tries again.',
    ])
    const after = await costOf(unpriced, exampleAdjustment('req_a.0', { nanos: 900, saved_nanos: 0, was_unknown: true }))
    expect(after).toMatchObject({ nanos: 900, unknown: 0 })
  })

  test('of a lost attempt is not known, and is when its settlement came after all', async () => {
    expect(tellCost((await costOf(exampleLoss('req_a.0')))!)).toEqual(['Of 1 attempt only the reservation is known.'])
    expect(await costOf(exampleLoss('req_a.0'), exampleSettlement('req_a.0'))).toMatchObject({
      lost: 0,
      attempts: 1,
      nanos: 1_000,
    })
  })

  test('of a request the ledger does not have is nothing', async () => {
    expect(await costOf()).toBeUndefined()
  })
})
