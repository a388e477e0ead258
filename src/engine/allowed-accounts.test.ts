import { describe, expect, test } from 'bun:test'
import { createAccountPool } from '../credentials/memory-account-pool.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import { asAccountId, asProviderId } from '../ir/ids.ts'
import type { Principal } from '../ir/principal.ts'
import { allowedAccounts } from './allowed-accounts.ts'

const P = asProviderId('p')
const accounts = ['a', 'b', 'c'].map((id, priority) => ({ id: asAccountId(id), apiKey: undefined, priority }))
const newPool = () => createAccountPool({ providers: [{ id: P, accounts }], clock: { now: () => 0, wall: () => 0 } })
const confinedTo = (...names: string[]): Principal => ({ role: 'client', allowed: { accounts: names } })
const ids = (list: readonly { readonly id: string }[]): string[] => list.map(({ id }) => id)

describe('accounts a caller may use', () => {
  test('are all of them, through the pool itself, when nothing confines the caller', () => {
    const pool = newPool()
    expect(allowedAccounts(pool, { role: 'client', allowed: { providers: ['p'] } })).toBe(pool)
    expect(allowedAccounts(pool, undefined)).toBe(pool)
  })

  test('are the named ones only, in their order, without those that were tried', () => {
    const choice = allowedAccounts(newPool(), confinedTo('p/c', 'p/b', 'q/a'))
    expect(ids(choice.candidates(P, 'm'))).toEqual(['b', 'c'])
    expect(ids(choice.select(P, 'm', new Set([asAccountId('b')])))).toEqual(['c'])
  })

  test('never include the account that a session would prefer', () => {
    expect(ids(allowedAccounts(newPool(), confinedTo('p/b')).select(P, 'm', undefined, asAccountId('a')))).toEqual(['b'])
  })

  test('are the only ones that can be waited for, or tried as a last resort', () => {
    const pool = newPool()
    for (const id of ['a', 'b']) pool.failed(P, asAccountId(id), 'm', new GatewayError('upstream_rate_limited', 'slow down'))
    expect(
      allowedAccounts(pool, confinedTo('p/b'))
        .locked(P, 'm')
        .map(({ account }) => String(account.id)),
    ).toEqual(['b'])
  })
})
