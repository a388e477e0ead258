import { describe, expect, test } from 'bun:test'
import { compiledConfig } from '../../test/support/gateway-fixture.ts'
import type { RequestHints } from '../ir/hints.ts'
import { callNeedsPrices, needsPrices } from './needs-prices.ts'

type Json = Record<string, unknown>

const provider = { id: 'mock', type: 'mock' }
const route = (extra: Json, match = 'fast'): Json => ({ name: 'r', match: { model: match }, targets: ['mock/echo'], ...extra })
const needs = (config: Json): boolean => needsPrices(compiledConfig({ providers: [provider], ...config }).routing)

describe('a configuration needs prices', () => {
  test('not when nothing in it reads them', () => {
    expect(needs({})).toBe(false)
    expect(needs({ routes: [route({}), { ...route({ strategy: 'round_robin' }, 'other*'), name: 's' }] })).toBe(false)
  })

  test.each<[string, Json]>([
    ['a server that puts the cheapest first', { server: { cost_aware: true } }],
    ['a ceiling of the server', { server: { cost_max_per_mtok: 5 } }],
    ['a server that refuses unknown prices', { server: { cost_unknown: 'reject' } }],
    ['a server that puts unknown prices last', { server: { cost_unknown: 'penalize' } }],
    ['a route by cost', { routes: [route({ strategy: 'lowest_cost' })] }],
    ['a route by a pattern', { routes: [route({ strategy: 'lowest_cost' }, 'gpt-*')] }],
    ['the route of all other names', { routes: [route({ strategy: 'lowest_cost' }, '*')] }],
    ['a ceiling of a route', { routes: [route({ cost_max_per_mtok: 5 })] }],
    ['a score in which costs weigh', { routes: [route({ strategy: 'auto' })] }],
    [
      'a profile of the operator in which costs weigh',
      { routes: [route({ strategy: 'auto/thrifty' })], profiles: [{ name: 'auto/thrifty', weights: { cost: 1 } }] },
    ],
  ])('for %s', (_what, config) => {
    expect(needs(config)).toBe(true)
  })

  test('not for a score in which costs weigh nothing', () => {
    expect(needs({ routes: [route({ strategy: 'auto/private' })] })).toBe(false)
  })
})

describe('a call needs prices', () => {
  const { routing } = compiledConfig({ providers: [provider], routes: [route({})] })

  test.each<[boolean, string, RequestHints | undefined]>([
    [false, 'fast', undefined],
    [false, 'fast', { noFallback: true, deadlineMs: 5, models: ['mock/echo'] }],
    [false, 'fast', { strategy: 'round_robin' }],
    [true, 'fast', { maxPricePerMillion: 1 }],
    [true, 'fast', { strategy: 'lowest_cost' }],
    [true, 'fast', { strategy: 'auto/cheap' }],
    [true, 'fast', { latency: 'batch' }],
    [true, 'fast', { models: ['auto'] }],
    [true, 'auto/extract', undefined],
  ])('%p: %s with %p', (expected, model, hints) => {
    expect(callNeedsPrices(routing, { model, hints })).toBe(expected)
  })
})
