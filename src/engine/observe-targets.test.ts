import { expect, test } from 'bun:test'
import { ManualClock } from '../../test/support/manual-clock.ts'
import { createAccountPool } from '../credentials/memory-account-pool.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import { asAccountId, asProviderId, targetIdOf } from '../ir/ids.ts'
import type { Target } from '../ir/target.ts'
import { createMemoryDisables } from '../state/disables/memory.ts'
import { createMemoryHealth } from '../state/health/memory.ts'
import { observeTargets } from './observe-targets.ts'

const provider = asProviderId('p')
const target = (model: string): Target => ({ id: targetIdOf('p', model), provider, model, format: 'openai' })

test('accounts that are locked for a model are counted out, with the time until the first comes back', async () => {
  const accounts = [
    { id: 'x', api_key: 'k1' },
    { id: 'y', api_key: 'k2' },
  ]
  const clock = new ManualClock()
  const settings = accounts.map(({ id }, priority) => ({ id: asAccountId(id), priority, apiKey: undefined }))
  const pool = createAccountPool({ providers: [{ id: provider, accounts: settings }], clock })
  const disables = createMemoryDisables({ clock })
  const observed = observeTargets({ accounts: pool, health: createMemoryHealth({ clock }), disables })
  const before = observed.of(target('m'))
  expect(before).toEqual({ accountsAvailable: 2, accountsTotal: 2, circuit: 'closed', inFlight: 0 })

  const limited = new GatewayError('upstream_rate_limited', 'x', { retryAfterMs: 40_000 })
  pool.failed(provider, asAccountId('x'), 'm', limited)
  expect(observed.of(target('m'))).toMatchObject({ accountsAvailable: 1, accountsTotal: 2 })
  expect(observed.of(target('m')).recoveryMs).toBeUndefined()
  expect(observed.of(target('other'))).toMatchObject({ accountsAvailable: 2 })

  pool.failed(provider, asAccountId('y'), 'm', new GatewayError('upstream_rate_limited', 'x', { retryAfterMs: 9_000 }))
  expect(observed.of(target('m'))).toMatchObject({ accountsAvailable: 0, recoveryMs: 9_000 })
  expect(observed.of(target('m')).disabled).toBeUndefined()
  await disables.disable({ subject: { scope: 'model', provider, model: 'm' }, reason: 'outage', by: 'admin' })
  expect(observed.of(target('m')).disabled).toMatchObject({ scope: 'model', reason: 'outage' })
  // What a plan has kept does not change under it.
  expect(before.accountsAvailable).toBe(2)
})

test('a provider nobody knows has no accounts', () => {
  const clock = new ManualClock()
  const accounts = createAccountPool({ providers: [], clock })
  const observed = observeTargets({ accounts, health: createMemoryHealth({ clock }), disables: createMemoryDisables({ clock }) })
  expect(observed.of(target('m'))).toEqual({ accountsAvailable: 0, accountsTotal: 0, circuit: 'closed', inFlight: 0 })
})
