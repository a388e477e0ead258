import { expect, test } from 'bun:test'
import { ManualClock } from '../../../test/support/manual-clock.ts'
import { GatewayError } from '../../errors/gateway-error.ts'
import type { Usage } from '../../ir/usage.ts'
import type { ProbeSeen } from './probe-call.ts'
import { ProbeLedger } from './probe-ledger.ts'

const PRICE = { rates: { input: 1_000_000, output: 2_000_000 }, contextTiers: [] }
const QUOTE = { price: PRICE, source: 'override', version: 'v', asOf: undefined } as const

const newLedger = ({ quote }: { quote: typeof QUOTE | undefined } = { quote: QUOTE }): ProbeLedger =>
  new ProbeLedger({
    party: { provider: 'p', model: 'm', account: 'a', host: 'h.example' },
    prices: { priceOf: () => quote },
    clock: new ManualClock(),
    place: undefined,
  })

const seen = (status: number | undefined, usage?: Usage): ProbeSeen => ({
  status,
  error: status === 200 ? undefined : new GatewayError('upstream_server_error', 'down'),
  errorBody: undefined,
  response: { choices: [], usage },
  events: [],
  lost: [],
  firstTokenMs: undefined,
  totalMs: 1,
})

test('what probes have cost is the sum of what they used; what was refused, or reached nobody, cost nothing', () => {
  const ledger = newLedger()
  expect(ledger.nanoDollars).toBe(0)
  ledger.note(seen(200, { inputTokens: 10, outputTokens: 5 }), false)
  ledger.note(seen(500), false)
  ledger.note(seen(undefined), true)
  expect(ledger.nanoDollars).toBe(20)
})

test('it is not known any more when one answer did not tell what it used, or has no price', () => {
  const untold = newLedger()
  untold.note(seen(200, { inputTokens: 10, outputTokens: 5 }), false)
  untold.note(seen(200), true)
  expect(untold.nanoDollars).toBeUndefined()
  const unpriced = newLedger({ quote: undefined })
  unpriced.note(seen(200, { inputTokens: 10, outputTokens: 5 }), false)
  expect(unpriced.nanoDollars).toBeUndefined()
})
