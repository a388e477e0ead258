import { describe, expect, test } from 'bun:test'
import { issuedSubjectLimits, readIssuedLimits } from './issued-limits.ts'

const DEFAULTS = { timezone: 'Europe/Berlin', soft: [0.8], unknown_price: 'refuse' as const }

describe('limits that are set while the gateway runs', () => {
  test('are those of the configuration, kept as they were written', () => {
    expect(readIssuedLimits('limits', { requests_per_minute: 60, max_concurrency: 2 })).toEqual({
      requests_per_minute: 60,
      max_concurrency: 2,
    })
    expect(readIssuedLimits('budget', { monthly_usd: 50, soft: [0.5] })).toEqual({ monthly_usd: 50, soft: [0.5] })
  })

  test.each<['limits' | 'budget', unknown, RegExp]>([
    ['limits', { request_per_minute: 60 }, /`limits` has no `request_per_minute`. Did you mean requests_per_minute\?/],
    ['limits', { requests_per_minute: 0 }, /`limits.requests_per_minute`: expected at least 1/],
    ['limits', { token_weights: { input: -1 } }, /`limits.token_weights.input`: expected at least 0/],
    ['budget', { daily_usd: '5' }, /`budget.daily_usd`: expected an amount in US dollars/],
    ['budget', { monthly_usd: 5, timezone: 'Mars' }, /`budget.timezone`: expected the name of a time zone/],
    ['budget', [], /`budget`/],
    ['limits', undefined, /must be an object/],
  ])('are refused with what is wrong: %s %j', (field, value, message) => {
    expect(() => readIssuedLimits(field, value)).toThrow(message)
  })

  test('become rules with the names that the configuration would give them, and inherit from server.budget', () => {
    const read = issuedSubjectLimits(
      'key',
      'sbk_1',
      { limits: { requests_per_minute: 60 }, budget: { monthly_usd: 0.5 } },
      DEFAULTS,
    )
    expect(read?.rules).toEqual([
      {
        scope: 'key',
        subject: 'sbk_1',
        soft: [],
        counter: 'key:sbk_1/requests/sliding',
        measure: 'requests',
        limit: 60,
        window: 'sliding',
      },
      {
        scope: 'key',
        subject: 'sbk_1',
        soft: [0.8],
        counter: 'key:sbk_1/usd/month@Europe/Berlin',
        measure: 'usd',
        limit: 500_000_000,
        period: 'month',
        timeZone: 'Europe/Berlin',
      },
    ])
    expect(issuedSubjectLimits('key', 'sbk_1', {}, DEFAULTS)).toBeUndefined()
  })
})
