import { describe, expect, test } from 'bun:test'
import { alertConditions } from './alert-conditions.ts'
import { alertsSchema } from './alerts.schema.ts'
import type { Observation } from './observation.ts'

const { rules } = alertsSchema.parse({})
const CALM: Observation = {
  providers: [{ id: 'openai', down: false }],
  locked: [],
  fallbacks: { requests: 100, fallbacks: 1 },
  unpriced: [],
  spools: [{ what: 'request records', waiting: 10, dropped: 0, failing: false }],
  budgets: [{ scope: 'tenant', id: 'team-a', window: 'monthly', limitNanos: 100e9, usedNanos: 10e9 }],
  disk: { path: '/data', freeBytes: 50e9 },
  replicas: [{ id: 'two', behindMs: 100 }],
}

const wrong = (observed: Partial<Observation>): string[] =>
  alertConditions({ ...CALM, ...observed }, rules).map(({ rule, subject, severity }) => `${severity} ${rule} ${subject}`.trim())

describe('the rules of alerts', () => {
  test('are silent when all is well, and where something does not exist', () => {
    expect(wrong({})).toEqual([])
    expect(wrong({ budgets: undefined, disk: undefined, replicas: undefined })).toEqual([])
  })

  test.each([
    ['a provider is down', { providers: [{ id: 'openai', down: true }] }, ['critical provider_down openai']],
    [
      'all accounts are locked',
      { locked: [{ subject: 'openai', accounts: 2, causes: ['upstream_rate_limited'] }] },
      ['critical accounts_locked openai'],
    ],
    ['many calls fall back', { fallbacks: { requests: 20, fallbacks: 6 } }, ['warning fallback_rate']],
    ['few calls fall back', { fallbacks: { requests: 19, fallbacks: 19 } }, []],
    ['just as many as allowed fall back', { fallbacks: { requests: 20, fallbacks: 5 } }, []],
    ['a model has no price', { unpriced: ['open/new'] }, ['warning unknown_price open/new']],
    [
      'records wait',
      { spools: [{ what: 'request records', waiting: 9, dropped: 0, failing: true }] },
      ['warning spooling request_records'],
    ],
    [
      'records are lost',
      { spools: [{ what: 'settlements', waiting: 9, dropped: 1, failing: true }] },
      ['critical spooling settlements'],
    ],
    ['the disk is full', { disk: { path: '/data', freeBytes: 10e6 } }, ['critical disk_low']],
    ['a replica is behind', { replicas: [{ id: 'two', behindMs: 5_001 }] }, ['warning replica_behind two']],
  ] as const)('tell when %s', (_what, observed, expected) => {
    expect(wrong(observed)).toEqual([...expected])
  })

  test('tell each threshold of a budget that was reached', () => {
    const budget = (usedNanos: number): Partial<Observation> => ({
      budgets: [{ scope: 'key', id: 'k1', window: 'daily', limitNanos: 10e9, usedNanos }],
    })
    expect(wrong(budget(7.9e9))).toEqual([])
    expect(wrong(budget(8e9))).toEqual(['warning budget key/k1/daily/0.8'])
    expect(wrong(budget(10e9))).toEqual(['warning budget key/k1/daily/0.8', 'critical budget key/k1/daily/1'])
    const [condition] = alertConditions({ ...CALM, ...budget(8e9) }, rules)
    expect(condition?.summary).toBe('The daily budget of key k1 is used to 80 % ($8.00 of $10.00).')
  })

  test('can be switched off one by one', () => {
    const off = { ...rules, provider_down: { ...rules.provider_down, enabled: false } }
    expect(alertConditions({ ...CALM, providers: [{ id: 'openai', down: true }] }, off)).toEqual([])
  })
})
