import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { GatewayError } from '../errors/gateway-error.ts'
import { asAccountId, asProviderId } from '../ir/ids.ts'
import { Secret } from '../lib/secret.ts'
import { createAccountPool } from './memory-account-pool.ts'

const P = asProviderId('p')
const ACCOUNTS = ['a', 'b'] as const
const MODELS = ['m', 'n'] as const
const accounts = ACCOUNTS.map((name) => ({ id: asAccountId(name), priority: 0, apiKey: new Secret(name) }))

/** Base wait in ms, whether it doubles, and whether it locks the whole account. */
const CLASSES = {
  upstream_authentication: { base: 120_000, doubles: false, whole: true },
  upstream_rate_limited: { base: 2_000, doubles: true, whole: false },
  upstream_server_error: { base: 30_000, doubles: false, whole: false },
  upstream_invalid_request: undefined,
} as const
type Code = keyof typeof CLASSES

/** One lock of the model; `key` is an account, or an account and a model. */
interface ModelLock {
  readonly code: Code
  readonly since: number
  readonly until: number
  readonly level: number
}

/** What the locks are to do, in the plainest way: nothing is bounded, cached or forgotten. */
class Model {
  now = 0
  readonly locks = new Map<string, ModelLock>()
  readonly limits = new Map<string, number>()

  fail(account: string, model: string, code: Code, retryAfterMs: number | undefined): void {
    const row = CLASSES[code]
    if (row === undefined) return
    const key = row.whole ? account : `${account} ${model}`
    const earlier = this.locks.get(key)
    const counts = earlier !== undefined && CLASSES[earlier.code]?.doubles === true && this.now < earlier.until + 600_000
    const raise = earlier !== undefined && earlier.until <= this.now ? 1 : 0
    const level = row.doubles && counts ? earlier.level + raise : 0
    const doubled = row.doubles ? Math.min(300_000, row.base * 2 ** level) : row.base
    const until = this.now + Math.min(3_600_000, retryAfterMs ?? doubled)
    const longest = earlier !== undefined && earlier.until > until ? earlier : { code, until }
    this.locks.set(key, { code: longest.code, until: longest.until, since: this.now, level })
  }

  succeed(account: string, model: string, startedAt: number): void {
    for (const key of [account, `${account} ${model}`]) if ((this.locks.get(key)?.since ?? 0) <= startedAt) this.locks.delete(key)
  }

  until(account: string, model: string): number {
    const key = `${account} ${model}`
    return Math.max(this.locks.get(account)?.until ?? 0, this.locks.get(key)?.until ?? 0, this.limits.get(key) ?? 0)
  }
}

const anAccount = fc.constantFrom(...ACCOUNTS)
const aModel = fc.constantFrom(...MODELS)
const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('fail' as const),
      account: anAccount,
      model: aModel,
      code: fc.constantFrom(...(Object.keys(CLASSES) as Code[]), 'upstream_rate_limited' as const),
      retryAfterMs: fc.option(fc.constantFrom(0, 500, 45_000, 9_000_000), { nil: undefined, freq: 3 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('succeed' as const),
      account: anAccount,
      model: aModel,
      ago: fc.constantFrom(0, 5_000),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('limit' as const),
      account: anAccount,
      model: aModel,
      forMs: fc.constantFrom(-1, 0, 700, 20_000),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reload' as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(1, 500, 2_000, 4_000, 30_000, 900_000) }),
  },
)

describe('account locks', () => {
  test('do what their model says, whatever happens in whatever order, over any change of the configuration', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
        const model = new Model()
        const pool = createAccountPool({
          providers: [{ id: P, accounts }],
          clock: { now: () => model.now, wall: () => model.now },
        })
        for (const action of steps) {
          if (action.do === 'wait') model.now += action.ms
          else if (action.do === 'reload') pool.configure([{ id: P, accounts: accounts.slice() }])
          else if (action.do === 'fail') {
            const { account, code, retryAfterMs } = action
            const options = retryAfterMs === undefined ? {} : { retryAfterMs }
            pool.failed(P, asAccountId(account), action.model, new GatewayError(code, 'x', options))
            model.fail(account, action.model, code, retryAfterMs)
          } else if (action.do === 'succeed') {
            pool.succeeded(P, asAccountId(action.account), action.model, model.now - action.ago)
            model.succeed(action.account, action.model, model.now - action.ago)
          } else {
            pool.limited(P, asAccountId(action.account), action.model, model.now + action.forMs)
            model.limits.set(`${action.account} ${action.model}`, model.now + action.forMs)
          }
          for (const name of MODELS) {
            const free = ACCOUNTS.filter((account) => model.until(account, name) <= model.now)
            expect(pool.candidates(P, name).map(({ id }) => String(id))).toEqual([...free])
            const soonest = Math.min(...ACCOUNTS.map((account) => model.until(account, name) - model.now))
            expect(pool.availability(P, name).recoveryMs).toBe(free.length > 0 ? undefined : soonest)
          }
        }
      }),
      { numRuns: 100 },
    )
  })
})
