import { expect, test } from 'bun:test'
import { ManualClock } from '../../../test/support/manual-clock.ts'
import { GatewayError } from '../../errors/gateway-error.ts'
import type { Settlement } from '../../ir/settlement.ts'
import type { Usage } from '../../ir/usage.ts'
import type { ProbeSeen } from './probe-call.ts'
import { ProbeLedger } from './probe-ledger.ts'

const PRICE = { rates: { input: 1_000_000, output: 2_000_000 }, contextTiers: [] }
const QUOTE = { price: PRICE, source: 'override', version: 'v', asOf: undefined } as const

/** A ledger without a place, what it has told budgets, and what it warns of. */
function world({ isPriced = true, failure }: { isPriced?: boolean; failure?: Error } = {}) {
  const charged: Settlement[] = []
  const warned: string[] = []
  const ledger = new ProbeLedger({
    party: { provider: 'p', model: 'm', account: 'a', host: 'h.example' },
    prices: { priceOf: () => (isPriced ? QUOTE : undefined) },
    clock: new ManualClock(),
    place: undefined,
    budgets: {
      async charge(settlements) {
        if (failure !== undefined) throw failure
        charged.push(...settlements)
      },
    },
    warn: (message) => void warned.push(message),
  })
  return { ledger, charged, warned }
}

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
const USED = { inputTokens: 10, outputTokens: 5 }

test('what probes have cost is the sum of what they used; what was refused, or reached nobody, cost nothing', async () => {
  const { ledger, charged } = world()
  expect(ledger.nanoDollars).toBe(0)
  ledger.note(seen(200, USED), false)
  ledger.note(seen(500), false)
  ledger.note(seen(undefined), true)
  expect(ledger.nanoDollars).toBe(20)
  expect(await ledger.keep()).toBe(false)
  expect(charged).toMatchObject([
    { usage: USED, complete: true, nanos: 20 },
    { usage: undefined, complete: true, nanos: 0 },
    { usage: undefined, complete: true, nanos: 0 },
  ])
  expect(new Set(charged.map(({ id }) => id)).size).toBe(3)
})

test('it is not known any more when one answer did not tell what it used, or has no price', async () => {
  const untold = world()
  untold.ledger.note(seen(200, USED), false)
  untold.ledger.note(seen(200), true)
  expect(untold.ledger.nanoDollars).toBeUndefined()
  await untold.ledger.keep()
  expect(untold.charged[1]).toMatchObject({ usage: undefined, complete: false })
  const unpriced = world({ isPriced: false })
  unpriced.ledger.note(seen(200, USED), false)
  expect(unpriced.ledger.nanoDollars).toBeUndefined()
})

test('budgets that cannot be told are a warning, and no other fault is', async () => {
  const away = world({ failure: new GatewayError('state_unavailable', 'Redis is away.') })
  expect(await away.ledger.keep()).toBe(false)
  expect(away.warned).toEqual([expect.stringContaining('Redis is away.')])
  expect(world({ failure: new TypeError('a fault') }).ledger.keep()).rejects.toThrow('a fault')
})
