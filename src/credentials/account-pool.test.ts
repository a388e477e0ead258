import { describe, expect, test } from 'bun:test'
import { ManualClock } from '../../test/support/manual-clock.ts'
import type { ErrorCode } from '../errors/codes.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import { asAccountId, asProviderId } from '../ir/ids.ts'
import { Secret } from '../lib/secret.ts'
import type { Account } from './account.ts'
import type { AccountPool } from './account-pool.ts'
import { createAccountPool } from './memory-account-pool.ts'

const P = asProviderId('p')
const A = asAccountId('a')
const B = asAccountId('b')
const account = (id: string, priority: number): Account => ({ id: asAccountId(id), priority, apiKey: new Secret(`key-${id}`) })
const failure = (code: ErrorCode, retryAfterMs?: number): GatewayError =>
  new GatewayError(code, 'x', retryAfterMs === undefined ? {} : { retryAfterMs })

interface Setup {
  readonly pool: AccountPool
  readonly clock: ManualClock
  readonly ids: (model?: string) => string[]
}

function setup(): Setup {
  const clock = new ManualClock()
  const pool = createAccountPool({ providers: [{ id: P, accounts: [account('b', 5), account('a', 0), account('c', 5)] }], clock })
  return { pool, clock, ids: (model = 'm') => pool.candidates(P, model).map(({ id }) => String(id)) }
}

describe('the account pool', () => {
  test('the preferred account comes first; equals keep the order of the configuration', () => {
    const { pool, ids } = setup()
    expect(ids()).toEqual(['a', 'b', 'c'])
    expect(pool.candidates(P, 'm', new Set([A])).map(({ id }) => String(id))).toEqual(['b', 'c'])
  })

  test('without failures nothing is copied', () => {
    const { pool } = setup()
    expect(pool.candidates(P, 'm')).toBe(pool.candidates(P, 'n'))
  })

  test('unknown providers have no accounts', () => {
    const { pool } = setup()
    expect(pool.candidates(asProviderId('nobody'), 'm')).toEqual([])
    expect(pool.locked(asProviderId('nobody'), 'm')).toEqual([])
    pool.failed(asProviderId('nobody'), A, 'm', failure('upstream_rate_limited'))
  })

  test('a refused credential locks the account for every model for two minutes', async () => {
    const { pool, clock, ids } = setup()
    pool.failed(P, A, 'm', failure('upstream_authentication'))
    expect(ids('m')).toEqual(['b', 'c'])
    expect(ids('other')).toEqual(['b', 'c'])
    await clock.advance(119_999)
    expect(ids()).toEqual(['b', 'c'])
    await clock.advance(1)
    expect(ids()).toEqual(['a', 'b', 'c'])
  })

  test('an account without a credential cannot have a refused one: only the model is locked', () => {
    const pool = createAccountPool({
      providers: [{ id: P, accounts: [{ id: A, priority: 0, apiKey: undefined }] }],
      clock: new ManualClock(),
    })
    pool.failed(P, A, 'm', failure('upstream_authentication'))
    expect(pool.candidates(P, 'm')).toEqual([])
    expect(pool.candidates(P, 'other')).toHaveLength(1)
  })

  test('a fault locks one model on one account for half a minute', async () => {
    const { pool, clock, ids } = setup()
    pool.failed(P, A, 'm', failure('upstream_server_error'))
    expect(ids('m')).toEqual(['b', 'c'])
    expect(ids('other')).toEqual(['a', 'b', 'c'])
    await clock.advance(30_000)
    expect(ids('m')).toEqual(['a', 'b', 'c'])
  })

  test.each([
    'upstream_invalid_request',
    'upstream_context_too_long',
    'upstream_content_filtered',
    'translation_refused',
    'client_closed_request',
  ] as const)('%s is no fault of the account and locks nothing', (code) => {
    const { pool, ids } = setup()
    pool.failed(P, A, 'm', failure(code))
    expect(ids()).toEqual(['a', 'b', 'c'])
    expect(pool.snapshot().every(({ healthy }) => healthy)).toBe(true)
  })

  test('rate limits double the wait up to five minutes', async () => {
    const { pool, clock } = setup()
    const waits: (number | undefined)[] = []
    for (let time = 0; time < 10; time++) {
      for (const id of [A, B, asAccountId('c')]) pool.failed(P, id, 'm', failure('upstream_rate_limited'))
      const wait = Math.min(...pool.locked(P, 'm').map(({ recoveryMs }) => recoveryMs))
      waits.push(wait)
      await clock.advance(wait)
    }
    expect(waits).toEqual([2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 128_000, 256_000, 300_000, 300_000])
  })

  test('calls that fail together count once', async () => {
    const { pool, clock, ids } = setup()
    for (let time = 0; time < 20; time++) pool.failed(P, A, 'm', failure('upstream_rate_limited'))
    await clock.advance(2_000)
    expect(ids()).toEqual(['a', 'b', 'c'])
  })

  test('a time named by the upstream is kept exactly, and never shortened by a later failure', async () => {
    const { pool, clock, ids } = setup()
    pool.failed(P, A, 'm', failure('upstream_rate_limited', 41_000))
    pool.failed(P, A, 'm', failure('upstream_rate_limited'))
    await clock.advance(40_999)
    expect(ids()).toEqual(['b', 'c'])
    await clock.advance(1)
    expect(ids()).toEqual(['a', 'b', 'c'])
  })

  test('no upstream can take an account out for more than an hour', async () => {
    const { pool, clock, ids } = setup()
    pool.failed(P, A, 'm', failure('upstream_quota_exceeded', 86_400_000))
    await clock.advance(3_600_000)
    expect(ids()).toEqual(['a', 'b', 'c'])
  })

  test('success clears the account and the model, and what was learned of their limits', async () => {
    const { pool, clock, ids } = setup()
    pool.failed(P, A, 'm', failure('upstream_rate_limited'))
    await clock.advance(2_000)
    pool.failed(P, A, 'm', failure('upstream_rate_limited'))
    pool.failed(P, A, 'other', failure('upstream_rate_limited'))
    pool.failed(P, A, 'm', failure('upstream_permission'))
    pool.succeeded(P, A, 'm')
    expect(ids('m')).toEqual(['a', 'b', 'c'])
    expect(ids('other')).toEqual(['b', 'c'])
    pool.failed(P, A, 'm', failure('upstream_rate_limited'))
    await clock.advance(2_000)
    expect(ids('m')).toEqual(['a', 'b', 'c'])
  })

  test('a limit not met for ten minutes starts over', async () => {
    const { pool, clock, ids } = setup()
    for (let time = 0; time < 4; time++) {
      pool.failed(P, A, 'm', failure('upstream_rate_limited'))
      await clock.advance(16_000)
    }
    await clock.advance(600_000)
    pool.failed(P, A, 'm', failure('upstream_rate_limited'))
    await clock.advance(2_000)
    expect(ids()).toEqual(['a', 'b', 'c'])
  })

  test('what is locked is told with its reasons and the time that is left', async () => {
    const { pool, clock } = setup()
    const seen = (): unknown[] =>
      pool.locked(P, 'm').map(({ account: { id }, recoveryMs, codes }) => [String(id), recoveryMs, codes])
    expect(seen()).toEqual([])
    pool.failed(P, A, 'm', failure('upstream_authentication'))
    pool.failed(P, A, 'm', failure('upstream_server_error'))
    pool.failed(P, B, 'm', failure('upstream_rate_limited', 5_500))
    pool.failed(P, asAccountId('c'), 'other', failure('upstream_server_error'))
    expect(seen()).toEqual([
      ['a', 120_000, ['upstream_authentication', 'upstream_server_error']],
      ['b', 5_500, ['upstream_rate_limited']],
    ])
    await clock.advance(5_499.5)
    expect(seen()).toEqual([
      ['a', 114_501, ['upstream_authentication', 'upstream_server_error']],
      ['b', 1, ['upstream_rate_limited']],
    ])
  })

  test('a passing fault does not make a longer limit look like one', () => {
    const { pool } = setup()
    pool.failed(P, A, 'm', failure('upstream_rate_limited', 60_000))
    pool.failed(P, A, 'm', failure('upstream_overloaded'))
    expect(pool.locked(P, 'm')).toMatchObject([{ recoveryMs: 60_000, codes: ['upstream_rate_limited'] }])
  })

  test('health views show what is locked, why and for how long', async () => {
    const { pool, clock } = setup()
    pool.failed(P, A, 'm', failure('upstream_authentication'))
    pool.failed(P, B, 'm', failure('upstream_rate_limited'))
    await clock.advance(500)
    expect(pool.snapshot()).toEqual([
      {
        provider: P,
        id: A,
        healthy: false,
        locks: [{ scope: 'account', error_code: 'upstream_authentication', retry_after_ms: 119_500 }],
      },
      {
        provider: P,
        id: B,
        healthy: false,
        locks: [{ scope: 'model', model: 'm', error_code: 'upstream_rate_limited', retry_after_ms: 1_500 }],
      },
      { provider: P, id: asAccountId('c'), healthy: true, locks: [] },
    ])
  })

  test('a reset releases every lock of one account and forgets what led to it', async () => {
    const { pool, clock, ids } = setup()
    for (const id of [A, B]) pool.failed(P, id, 'm', failure('upstream_authentication'))
    pool.failed(P, A, 'n', failure('upstream_rate_limited'))
    pool.limited(P, A, 'o', clock.now() + 60_000)
    expect(pool.reset(P, A)).toBe(3)
    expect([ids('m'), ids('n'), ids('o')]).toEqual([
      ['a', 'c'],
      ['a', 'c'],
      ['a', 'c'],
    ])
    expect(pool.reset(P, A)).toBe(0)
    pool.failed(P, A, 'n', failure('upstream_rate_limited'))
    await clock.advance(2_000)
    expect(ids('n')).toEqual(['a', 'c'])
    expect(pool.reset(asProviderId('nobody'), A)).toBe(0)
  })

  test('a lock of another replica that has ended on its way locks nothing, and makes no later one longer', () => {
    const { pool } = setup()
    const locked = { kind: 'locked', provider: P, account: A, model: 'm', code: 'upstream_rate_limited' } as const
    pool.adopt({ ...locked, forMs: 1_000, level: 5, learned: false }, 1_000)
    expect(pool.locked(P, 'm')).toEqual([])
    const { pool: other } = setup()
    for (const one of [pool, other]) one.failed(P, A, 'm', failure('upstream_rate_limited'))
    expect(pool.locked(P, 'm')).toEqual(other.locked(P, 'm'))
    pool.adopt({ ...locked, forMs: 90_000, level: 0, learned: false }, 500)
    expect(pool.locked(P, 'm')).toMatchObject([{ recoveryMs: 89_500 }])
  })

  test('a reset at another replica releases its locks and forgets the limits its answers told of', () => {
    const { pool, ids } = setup()
    pool.failed(P, A, 'm', failure('upstream_authentication'))
    pool.told(P, A, 'm', { tokens: { limit: 30_000, remaining: 10, resetMs: 60_000 }, refill: 'window' })
    expect([ids('m'), pool.short(P, 'm', 1_000)?.has(A)]).toEqual([['b', 'c'], true])
    pool.adopt({ kind: 'reset', provider: P, account: A }, 5)
    expect([ids('m'), pool.short(P, 'm', 1_000)]).toEqual([['a', 'b', 'c'], undefined])
  })

  test('a flood of model names does not grow the memory without bound', () => {
    const { pool } = setup()
    for (let index = 0; index < 5_000; index++) pool.failed(P, A, `model-${index}`, failure('upstream_server_error'))
    expect(pool.snapshot()[0]?.locks.length).toBeLessThanOrEqual(1024)
    expect(pool.candidates(P, 'model-4999').map(({ id }) => String(id))).toEqual(['b', 'c'])
  })
})
