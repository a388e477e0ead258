import { describe, expect, test } from 'bun:test'
import type { AccountHealth } from '../credentials/account-pool.ts'
import { asAccountId, asProviderId, targetIdOf } from '../ir/ids.ts'
import type { HealthStore } from '../state/health/store.ts'
import { observeForAlerts, type AlertedParts } from './observe-alerts.ts'

const ACME = asProviderId('acme')
type Circuit = 'closed' | 'open' | 'half_open'

const lock = (scope: 'account' | 'model', model?: string): AccountHealth['locks'][number] => ({
  scope,
  model,
  error_code: 'upstream_rate_limited',
  retry_after_ms: 1,
})
const account = (id: string, locks: AccountHealth['locks'], more: Partial<AccountHealth> = {}): AccountHealth => ({
  provider: ACME,
  id: asAccountId(id),
  healthy: locks.length === 0,
  locks,
  ...more,
})

function parts(given: { accounts?: AccountHealth[]; provider?: Circuit; targets?: Circuit[]; dataDir?: string }): AlertedParts {
  const targets = (given.targets ?? []).map((circuit, index) => ({
    id: targetIdOf('acme', `m${index}`),
    provider: ACME,
    circuit,
    inFlight: 0,
    recentCalls: 1,
    recentRetries: 0,
  }))
  const providers = given.provider === undefined ? [] : [{ id: ACME, circuit: given.provider, inFlight: 0 }]
  return {
    snapshot: () => ({ providers: new Map([[ACME, {} as never]]) }),
    accounts: { snapshot: () => given.accounts ?? [] } as unknown as AlertedParts['accounts'],
    health: { snapshot: () => ({ targets, providers }) } as unknown as HealthStore,
    records: {},
    fallbacks: () => ({ requests: 0, fallbacks: 0 }),
    unpriced: () => [],
    dataDir: given.dataDir,
  }
}

describe('a provider', () => {
  test.each([
    ['nobody has called it', {}, false],
    ['its circuit is closed', { provider: 'closed', targets: ['closed', 'open'] }, false],
    ['its circuit is open', { provider: 'open' }, true],
    ['its circuit waits for a probe', { provider: 'half_open' }, true],
    ['all its targets are open', { provider: 'closed', targets: ['open', 'half_open'] }, true],
  ] as const)('when %s', async (_what, given, down) => {
    expect((await observeForAlerts(parts(given as never))).providers).toEqual([{ id: 'acme', down }])
  })
})

describe('locked accounts', () => {
  const lockedWith = async (...accounts: AccountHealth[]): Promise<string[]> =>
    (await observeForAlerts(parts({ accounts }))).locked.map(({ subject }) => subject)

  test('are told when none is left', async () => {
    expect(await lockedWith(account('a', [lock('account')]), account('b', []))).toEqual([])
    expect(await lockedWith(account('a', [lock('account')]), account('b', [lock('account')]))).toEqual(['acme'])
  })

  test('are told for one model when none is left for it', async () => {
    const mixed = [account('a', [lock('account')]), account('b', [lock('model', 'm')])]
    expect(await lockedWith(...mixed)).toEqual(['acme/m'])
    expect(await lockedWith(...mixed, account('c', [lock('model', 'other')]))).toEqual([])
  })

  test('do not include what an operator has disabled', async () => {
    const disabled = { disabled: { scope: 'account' as const } }
    expect(await lockedWith(account('a', [], disabled))).toEqual([])
    expect(await lockedWith(account('a', [], disabled), account('b', [lock('account')]))).toEqual(['acme'])
  })
})

test('the disk is that of the data directory, and no disk is not a full one', async () => {
  const { disk } = await observeForAlerts(parts({ dataDir: import.meta.dir }))
  expect(disk?.freeBytes).toBeGreaterThan(0)
  expect((await observeForAlerts(parts({ dataDir: '/nowhere/at/all' }))).disk).toBeUndefined()
  expect((await observeForAlerts(parts({}))).disk).toBeUndefined()
})
