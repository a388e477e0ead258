import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { ManualClock } from '../../test/support/manual-clock.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import { asAccountId, asProviderId } from '../ir/ids.ts'
import type { Disabled } from '../ir/observed.ts'
import { Secret } from '../lib/secret.ts'
import type { Account } from './account.ts'
import type { AccountPool, PooledProvider } from './account-pool.ts'
import { createAccountPool } from './memory-account-pool.ts'

const P = asProviderId('p')
const account = (id: string, priority = 0, key = `key-${id}`): Account => ({
  id: asAccountId(id),
  priority,
  apiKey: new Secret(key),
})
const [A, B, C] = ['a', 'b', 'c'].map((id) => asAccountId(id)) as [Account['id'], Account['id'], Account['id']]
const NAMES = ['a', 'b', 'c']

interface Setup {
  readonly pool: AccountPool
  readonly clock: ManualClock
  readonly disables: Map<string, Disabled>
  /** The accounts that serve the next requests. */
  readonly served: (requests: number, prefer?: Account['id']) => string
}

function setup(provider: Partial<PooledProvider> = {}): Setup {
  const clock = new ManualClock()
  const disables = new Map<string, Disabled>()
  const pool = createAccountPool({
    providers: [{ id: P, accounts: NAMES.map((name) => account(name)), ...provider }],
    clock,
    disables: {
      get any() {
        return disables.size > 0
      },
      account: (_provider, id) => disables.get(id),
    },
  })
  const served = (requests: number, prefer?: Account['id']): string =>
    Array.from({ length: requests }, () => pool.select(P, 'm', undefined, prefer)[0]?.id ?? '-').join('')
  return { pool, clock, disables, served }
}

const limit = new GatewayError('upstream_rate_limited', 'x', { retryAfterMs: 10_000 })

describe('accounts that take turns', () => {
  test('serve one request each, or as many in a row as configured', () => {
    expect(setup({ selection: 'round_robin' }).served(7)).toBe('abcabca')
    expect(setup({ selection: 'round_robin', sticky: 3 }).served(10)).toBe('aaabbbccca')
    expect(setup().served(4)).toBe('aaaa')
  })

  test('the others stand in, in the order of their turns', () => {
    const { pool, served } = setup({ selection: 'round_robin' })
    served(1)
    expect(pool.select(P, 'm').map(({ id }) => String(id))).toEqual(['b', 'c', 'a'])
  })

  test('a session that stays with its own account takes nobody else his turn', () => {
    const { served } = setup({ selection: 'round_robin', sticky: 2 })
    expect(served(1)).toBe('a')
    expect(served(3, asAccountId('c'))).toBe('ccc')
    expect(served(3)).toBe('abb')
  })

  test('looking does not take a turn, and sees what the next request gets', () => {
    const { pool } = setup({ selection: 'round_robin', sticky: 2 })
    for (let request = 0; request < 10; request++) {
      const seen = [pool.candidates(P, 'm'), pool.candidates(P, 'm')]
      expect(seen[0]).toEqual(seen[1] ?? [])
      expect(pool.select(P, 'm')).toEqual(seen[0] ?? [])
    }
  })

  test('one that is locked loses its turn, and the count starts over with the next', async () => {
    const { pool, served, clock } = setup({ selection: 'round_robin', sticky: 3 })
    expect(served(2)).toBe('aa')
    pool.failed(P, A, 'm', limit)
    expect(served(4)).toBe('bbbc')
    await clock.advance(10_000)
    expect(served(4)).toBe('ccaa')
  })

  test('only those of the best priority that can be used take part', () => {
    const accounts = [account('a', 0), account('b', 0), account('c', 1)]
    const { pool, served } = setup({ selection: 'round_robin', accounts })
    expect(served(4)).toBe('abab')
    pool.failed(P, A, 'm', limit)
    expect(served(2)).toBe('bb')
    pool.failed(P, B, 'm', limit)
    expect(served(2)).toBe('cc')
  })

  test('over many requests each serves the same number', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 5 }), (count, sticky) => {
        const accounts = NAMES.slice(0, Math.min(3, count)).map((name) => account(name))
        const order = setup({ selection: 'round_robin', sticky, accounts }).served(accounts.length * sticky * 4)
        for (const { id } of accounts) expect(order.split(id)).toHaveLength(sticky * 4 + 1)
      }),
      { numRuns: 30 },
    )
  })
})

describe('a session’s own account', () => {
  test('comes first while it can be used, and takes nobody’s turn', () => {
    const { pool, served } = setup({ selection: 'round_robin' })
    expect(served(3, C)).toBe('ccc')
    expect(served(1)).toBe('a')
    pool.failed(P, C, 'm', limit)
    expect(served(1, C)).toBe('b')
    expect(pool.candidates(P, 'm', undefined, B).map(({ id }) => String(id))).toEqual(['b', 'a'])
  })

  test('that is not there any more is passed over', () => {
    expect(setup().served(1, asAccountId('gone'))).toBe('a')
  })
})

describe('a disabled account', () => {
  test('is not used, not even as a last resort, and says why', () => {
    const { pool, disables } = setup()
    const disabled = { scope: 'account', reason: 'key is being changed' } as const
    disables.set('a', disabled)
    pool.failed(P, A, 'm', limit)
    pool.failed(P, B, 'm', limit)
    expect(pool.candidates(P, 'm').map(({ id }) => String(id))).toEqual(['c'])
    expect(pool.locked(P, 'm').map(({ account: { id } }) => String(id))).toEqual(['b'])
    expect(pool.disabled(P)).toMatchObject([{ account: { id: A }, disabled }])
    expect(pool.snapshot()[0]).toMatchObject({ id: A, healthy: false, disabled })
    disables.clear()
    expect(pool.disabled(P)).toEqual([])
  })
})

describe('what can be used', () => {
  test('is counted, with the earliest recovery when nothing can', async () => {
    const { pool, clock, disables } = setup()
    expect(pool.availability(P, 'm')).toEqual({ available: 3, total: 3 })
    pool.failed(P, A, 'm', limit)
    expect(pool.availability(P, 'm')).toEqual({ available: 2, total: 3 })
    disables.set('b', { scope: 'account', until: clock.wall() + 4_000 })
    disables.set('c', { scope: 'account' })
    expect(pool.availability(P, 'm')).toEqual({ available: 0, total: 3, recoveryMs: 4_000 })
    pool.failed(P, B, 'm', limit)
    await clock.advance(1_000.5)
    expect(pool.availability(P, 'm').recoveryMs).toBe(9_000)
    for (const id of NAMES) disables.set(id, { scope: 'account' })
    expect(pool.availability(P, 'm')).toEqual({ available: 0, total: 3 })
    expect(pool.availability(asProviderId('nobody'), 'm')).toEqual({ available: 0, total: 0 })
  })
})

describe('a limit learnt from headers', () => {
  test('passes an account over for that model until it ends, whatever works meanwhile', async () => {
    const { pool, clock, served } = setup()
    pool.limited(P, A, 'm', clock.now() + 5_000)
    pool.succeeded(P, A, 'm')
    expect(served(1)).toBe('b')
    expect(pool.candidates(P, 'other')[0]?.id).toBe(A)
    expect(pool.locked(P, 'm')).toMatchObject([{ recoveryMs: 5_000, codes: ['upstream_rate_limited'] }])
    expect(pool.snapshot()[0]?.locks).toEqual([
      { scope: 'model', model: 'm', error_code: 'upstream_rate_limited', retry_after_ms: 5_000, learned: true },
    ])
    await clock.advance(5_000)
    expect(served(1)).toBe('a')
  })

  test('is replaced by what a later answer says, and does not raise the wait after a refusal', async () => {
    const { pool, clock, served } = setup()
    pool.limited(P, A, 'm', clock.now() + 5_000)
    pool.limited(P, A, 'm', clock.now())
    expect(served(1)).toBe('a')
    pool.limited(P, A, 'm', clock.now() + 5_000)
    await clock.advance(5_000)
    pool.failed(P, A, 'm', new GatewayError('upstream_rate_limited', 'x'))
    expect(pool.locked(P, 'm')[0]?.recoveryMs).toBe(2_000)
  })

  test('ends within an hour, and of an unknown account changes nothing', () => {
    const { pool, clock } = setup()
    pool.limited(P, A, 'm', clock.now() + 86_400_000)
    pool.limited(P, asAccountId('gone'), 'm', clock.now() + 1_000)
    pool.limited(P, B, 'm', Number.NaN)
    expect(pool.locked(P, 'm').map(({ account: { id }, recoveryMs }) => [String(id), recoveryMs])).toEqual([['a', 3_600_000]])
  })
})

describe('a call that was under way before', () => {
  test('does not undo by its success what failed meanwhile', async () => {
    const { pool, clock, served } = setup()
    const startedAt = clock.now()
    await clock.advance(100)
    pool.failed(P, A, 'm', limit)
    pool.succeeded(P, A, 'm', startedAt)
    expect(served(1)).toBe('b')
    pool.succeeded(P, A, 'm', clock.now())
    expect(served(1)).toBe('a')
  })
})

describe('a new configuration', () => {
  test('keeps locks, limits and turns of the accounts that stay', () => {
    const { pool, served, clock } = setup({ selection: 'round_robin' })
    served(1)
    pool.failed(P, B, 'm', limit)
    pool.limited(P, A, 'm', clock.now() + 3_000)
    pool.configure([{ id: P, selection: 'round_robin', accounts: ['a', 'b', 'd'].map((name) => account(name)) }])
    expect(pool.locked(P, 'm').map(({ account: { id }, recoveryMs }) => [String(id), recoveryMs])).toEqual([
      ['a', 3_000],
      ['b', 10_000],
    ])
    expect(served(2)).toBe('dd')
  })

  test('gives an account with another credential a new start', () => {
    const { pool, served } = setup()
    pool.failed(P, A, 'm', new GatewayError('upstream_authentication', 'x'))
    pool.configure([{ id: P, accounts: [account('a', 0, 'a new key'), account('b')] }])
    expect(served(1)).toBe('a')
    expect(pool.holds(P, account('a', 0, 'a new key'))).toBe(true)
    expect(pool.holds(P, account('a'))).toBe(false)
  })

  test('knows nothing of accounts at another address, and all of those that stay', () => {
    const at = (endpoint: string): PooledProvider => ({ id: P, endpoint, accounts: [account('a'), account('b')] })
    const { pool, served } = setup(at('https://one.example'))
    pool.failed(P, A, 'm', new GatewayError('upstream_authentication', 'x'))
    pool.configure([at('https://one.example')])
    expect(served(1)).toBe('b')
    pool.configure([at('https://two.example')])
    expect(served(1)).toBe('a')
  })
})

describe('the lock of a refused credential', () => {
  test('is not pushed out by a flood of model names', () => {
    const { pool, served } = setup()
    pool.failed(P, A, 'm', new GatewayError('upstream_authentication', 'x'))
    for (let index = 0; index < 3_000; index++) pool.failed(P, A, `m${index}`, new GatewayError('upstream_server_error', 'x'))
    expect(served(1)).toBe('b')
  })
})
