import { describe, expect, test } from 'bun:test'
import { ManualClock } from '../../test/support/manual-clock.ts'
import { asProviderId, targetIdOf } from '../ir/ids.ts'
import type { Capabilities, ProviderFacts, TargetPrice, RoutingSnapshot, VisionSource } from '../ir/snapshot.ts'
import type { Target } from '../ir/target.ts'
import { Certifications } from './certifications.ts'
import { createKnownModels } from './known-models.ts'
import { createLazyPrices, type LazyPrices } from './prices/lazy-prices.ts'
import type { ModelPrice } from '../ir/price.ts'
import { compileOverrides } from './prices/override-prices.ts'
import type { PriceDataset } from './prices/price-dataset.ts'
import type { PriceEntries } from './prices/prices.schema.ts'
import { createFactsOf } from './target-facts.ts'

const target = (provider: string, model: string): Target => ({
  id: targetIdOf(provider, model),
  provider: asProviderId(provider),
  model,
  format: 'openai',
})

const gpt5 = target('openai', 'gpt-5')

function providerFacts(id: string, capabilities: Capabilities = {}, tags: readonly string[] = []): ProviderFacts {
  return {
    id: asProviderId(id),
    type: 'openai_compatible',
    format: 'openai',
    accounts: [],
    firstParty: false,
    capabilities,
    offers: new Set(),
    tags,
    modelTags: new Map([['gpt-5', ['coding']]]),
  }
}

const snapshotOf = (...providers: ProviderFacts[]) => ({ providers: new Map(providers.map((facts) => [facts.id, facts])) })

/** Published prices: `day` costs 2 at night and 1 by day, everything else nothing known. */
const dataset: PriceDataset = {
  providerOf: (id) => id,
  find: (provider, model) =>
    model === 'gpt-5' || model === 'day' ? { provider, model, schedule: model === 'day' ? BY_DAY : ALWAYS } : undefined,
  entries: () => [],
}
const price = (input: number): ModelPrice => ({ rates: { input, output: 10 * input }, contextTiers: [] })
const ALWAYS = [{ window: { kind: 'always' as const }, price: price(7) }]
const BY_DAY = [
  { window: { kind: 'always' as const }, price: price(1) },
  { window: { kind: 'daily' as const, from: 20 * 3_600_000, until: 24 * 3_600_000 }, price: price(2) },
]

function world(
  snapshot: Pick<RoutingSnapshot, 'providers' | 'inlinesMedia' | 'certificationMaxAgeMs'> = snapshotOf(providerFacts('openai')),
  prices: LazyPrices = createLazyPrices(async () => dataset),
  certifications = new Certifications(),
) {
  const clock = new ManualClock(Date.UTC(2026, 10, 1, 19, 58))
  let current = snapshot
  const modelFacts = createKnownModels({ snapshot: () => current, hostOf: () => '' })
  const factsOf = createFactsOf({ snapshot: () => current, modelFacts, hostOf: () => '', prices, clock, certifications })
  return { factsOf, prices, clock, apply: (next: typeof snapshot) => void (current = next) }
}

describe('what a target can do', () => {
  test('includes images by address where the gateway fetches them for it', () => {
    const sourcesOf = (declared: readonly VisionSource[], inlinesMedia: boolean): unknown =>
      world({ ...snapshotOf(providerFacts('openai', { visionSources: declared })), inlinesMedia }).factsOf(gpt5).capabilities
        .visionSources
    expect(sourcesOf(['inline_base64'], true)).toEqual(['inline_base64', 'remote_url'])
    expect(sourcesOf(['inline_base64'], false)).toEqual(['inline_base64'])
    expect(sourcesOf(['provider_file_ref'], true)).toEqual(['provider_file_ref'])
  })

  test('comes from the catalogue, and unknown models have nothing', () => {
    const { factsOf } = world()
    expect(factsOf(gpt5)).toMatchObject({
      capabilities: { toolCalling: true, jsonSchema: true, visionIn: true, audioIn: false, reasoning: true },
      contextWindow: 400_000,
      maxOutputTokens: 128_000,
    })
    expect(factsOf(target('openai', 'no-such-model'))).toEqual({
      capabilities: {},
      declared: {},
      contextWindow: undefined,
      maxOutputTokens: undefined,
      price: undefined,
      tags: [],
    })
  })

  test('is what the operator says, where the operator says anything', () => {
    const declared = { toolCalling: false, reasoning: undefined, maxContextTokens: 8_000, maxOutputTokens: 500 }
    const { factsOf } = world(snapshotOf(providerFacts('openai', declared, ['free'])))
    const facts = factsOf(gpt5)
    expect(facts).toMatchObject({
      capabilities: { toolCalling: false, jsonSchema: true, reasoning: true },
      declared,
      contextWindow: 8_000,
      maxOutputTokens: 500,
      tags: ['free', 'coding'],
    })
  })

  test('does not exclude documents from models that see images', () => {
    const { factsOf } = world()
    expect(factsOf(gpt5).capabilities.fileIn).toBeUndefined()
    expect(factsOf(target('openai', 'gpt-4')).capabilities.fileIn).toBe(false)
  })
})

describe('the price of a target', () => {
  const priceOf = (of: ReturnType<typeof world>, which = gpt5): TargetPrice | undefined => of.factsOf(which).price

  test('is unknown until prices are loaded, then the published one with its release', async () => {
    const here = world()
    const before = here.factsOf(gpt5)
    expect(before.price).toBeUndefined()
    await here.prices.warm()
    expect(priceOf(here)).toEqual({ rates: { input: 7, output: 70 }, contextTiers: [], source: 'genai-prices 0.1.8' })
    expect(priceOf(here, target('openai', 'gpt-4'))).toBeUndefined()
    expect(before.price).toBeUndefined()
  })

  test("is the operator's own at once when it is set, and the published one again when it is taken away", async () => {
    const here = world()
    await here.prices.warm()
    priceOf(here)
    const own: PriceEntries = { 'openai/gpt-5': { input: 0, output: 0 } }
    here.prices.replaceOverrides(compileOverrides(own))
    expect(priceOf(here)).toEqual({ rates: { input: 0, output: 0 }, contextTiers: [], source: 'override' })
    here.prices.replaceOverrides(compileOverrides())
    expect(priceOf(here)?.source).toBe('genai-prices 0.1.8')
  })

  test('is unknown when a rate is missing, never zero', async () => {
    const here = world()
    here.prices.replaceOverrides(compileOverrides({ 'openai/gpt-5': { input: 3 }, 'openai/other': { output: 3 } }))
    await here.prices.warm()
    expect(priceOf(here)).toBeUndefined()
    expect(priceOf(here, target('openai', 'other'))).toBeUndefined()
  })

  test('follows the time of day within a minute', async () => {
    const here = world()
    await here.prices.warm()
    const day = target('openai', 'day')
    expect(priceOf(here, day)?.rates.input).toBe(1)
    await here.clock.advance(2 * 60_000)
    expect(priceOf(here, day)?.rates.input).toBe(2)
  })

  test('is told with its tiers, its rate of cached input and what each call costs, and nothing that is not known before a call', async () => {
    const here = world()
    await here.prices.warm()
    const entry = {
      input: 1,
      output: 4,
      cache_read: 0.1,
      cache_write_5m: 1.25,
      per_request: 0.01,
      context_tiers: [{ above: 200_000, input: 2, output: 6 }],
    }
    here.prices.replaceOverrides(compileOverrides({ 'openai/gpt-5': entry }))
    expect(priceOf(here)).toEqual({
      rates: { input: 1e9, output: 4e9, cacheRead: 1e8 },
      // A tier keeps what it does not say.
      contextTiers: [{ above: 200_000, rates: { input: 2e9, output: 6e9, cacheRead: 1e8 } }],
      perRequest: 1e7,
      source: 'override',
    })
  })
})

describe('facts are one object', () => {
  test('until the snapshot or the price changes', async () => {
    const here = world()
    await here.prices.warm()
    const first = here.factsOf(gpt5)
    expect(here.factsOf(gpt5)).toBe(first)
    await here.clock.advance(10 * 60_000)
    expect(here.factsOf(gpt5)).toBe(first)
    here.prices.replaceOverrides(compileOverrides({ 'openai/gpt-5': { input: 1, output: 1 } }))
    const dearer = here.factsOf(gpt5)
    expect(dearer).not.toBe(first)
    expect(first.price?.rates.input).toBe(7)
    here.apply(snapshotOf(providerFacts('openai', { visionIn: false })))
    expect(here.factsOf(gpt5).capabilities.visionIn).toBe(false)
    expect(dearer.capabilities.visionIn).toBe(true)
  })

  test('and until a certification comes, ends with its time, or its provider has another address', async () => {
    const certifications = new Certifications()
    const here = world(undefined, undefined, certifications)
    const at = here.clock.wall()
    expect(here.factsOf(gpt5).certified).toBeUndefined()
    certifications.replace(new Map([[gpt5.id, { at, endpoint: 'e' }]]))
    here.apply({ ...snapshotOf({ ...providerFacts('openai'), endpoint: 'e' }), certificationMaxAgeMs: 86_400_000 })
    const certified = here.factsOf(gpt5)
    expect(certified.certified).toBe(new Date(at).toISOString().slice(0, 10))
    await here.clock.advance(86_400_000)
    expect(here.factsOf(gpt5)).toBe(certified)
    await here.clock.advance(60_000)
    expect(here.factsOf(gpt5)).toMatchObject({ certified: undefined, lapsed: { cause: 'age' } })
    here.apply(snapshotOf({ ...providerFacts('openai'), endpoint: 'another' }))
    expect(here.factsOf(gpt5).lapsed).toMatchObject({ cause: 'endpoint' })
  })

  test('and invented names are forgotten again', () => {
    const here = world()
    const first = here.factsOf(gpt5)
    for (let index = 0; index < 5_000; index++) here.factsOf(target('openai', `invented-${index}`))
    expect(here.factsOf(gpt5)).not.toBe(first)
    expect(here.factsOf(gpt5)).toEqual(first)
  })
})
