import type { ProviderId, TargetId } from '../ir/ids.ts'
import type { TokenRates } from '../ir/price.ts'
import type { Capabilities, FactsOf, ForeseenRates, RoutingSnapshot, TargetFacts, TargetPrice } from '../ir/snapshot.ts'
import type { Target } from '../ir/target.ts'
import type { Clock } from '../lib/clock.ts'
import type { ModelEntry } from './model-facts.ts'
import type { Certifications, CertificationStanding } from './certifications.ts'
import type { LazyPrices } from './prices/lazy-prices.ts'
import type { PriceQuote } from './prices/price-book.ts'

export interface TargetFactsOptions {
  readonly snapshot: () => Pick<RoutingSnapshot, 'providers' | 'inlinesMedia' | 'certificationMaxAgeMs'>
  /** What is known of a target's model, with the limits that hold (`createKnownModels`). */
  readonly modelFacts: (target: Target) => ModelEntry
  /** Host of a provider's base URL, with a port where it has one; empty when there is none. */
  readonly hostOf: (provider: ProviderId) => string
  /** While the book is not loaded every price is unknown. */
  readonly prices: Pick<LazyPrices, 'book' | 'generation'>
  readonly clock: Pick<Clock, 'wall'>
  /** Without it nothing is certified. */
  readonly certifications?: Certifications | undefined
}

/** Model names come from clients, so the memory of them is bounded. */
const MOST_REMEMBERED = 4_096
/** Some prices change with the time of day, and certifications end. They are looked at again after this long. */
const PRICE_CHECK_MS = 60_000

interface Known {
  facts: TargetFacts
  quote: PriceQuote | undefined
  /** When the price was looked up; see `PriceMoment`. */
  moment: number
}

/**
 * What decisions are told of a target: the operator's word where there is one, else the catalogue's, and its price. The answer is the
 * same object until the snapshot, the price or the certification changes, and is never changed itself: decisions keep it until their record is written.
 * Remembers at most 4,096 targets. Unknown stays undefined.
 */
export function createFactsOf({ snapshot, modelFacts, hostOf, prices, clock, certifications }: TargetFactsOptions): FactsOf {
  const known = new Map<TargetId, Known>()
  const moments = new PriceMoment(prices, clock)
  let providers: RoutingSnapshot['providers'] | undefined
  let certified = certifications?.generation

  function quoteOf({ provider, model }: Target): PriceQuote | undefined {
    return prices.book?.priceOf({ providerId: provider, host: hostOf(provider), model }, clock.wall())
  }

  function standingOf({ id, provider }: Target): CertificationStanding {
    const { providers: all, certificationMaxAgeMs: maxAgeMs } = snapshot()
    return certifications?.standingOf(id, { now: clock.wall(), maxAgeMs, endpoint: all.get(provider)?.endpoint }) ?? {}
  }

  return (target) => {
    const current = snapshot().providers
    if (current !== providers || certifications?.generation !== certified) known.clear()
    providers = current
    certified = certifications?.generation
    const moment = moments.current()
    let found = known.get(target.id)
    if (found === undefined) {
      if (known.size >= MOST_REMEMBERED) known.clear()
      const quote = quoteOf(target)
      const price = quote === undefined ? undefined : targetPrice(quote)
      const entry = factsWithoutPrice(target, snapshot(), modelFacts(target))
      found = { facts: { ...entry, price, ...standingOf(target) }, quote, moment }
      known.set(target.id, found)
    } else if (found.moment !== moment) {
      const quote = quoteOf(target)
      if (quote !== found.quote) found.facts = { ...found.facts, price: quote === undefined ? undefined : targetPrice(quote) }
      const standing = standingOf(target)
      if (standing.certified !== found.facts.certified) found.facts = { ...found.facts, certified: undefined, ...standing }
      found.quote = quote
      found.moment = moment
    }
    return found.facts
  }
}

/** Tells moments apart between which a price may have changed: prices were loaded or replaced, or a minute has gone by. */
class PriceMoment {
  private readonly prices: Pick<LazyPrices, 'generation'>
  private readonly clock: Pick<Clock, 'wall'>
  private generation = -1
  private minute = -1
  private count = 0

  constructor(prices: Pick<LazyPrices, 'generation'>, clock: Pick<Clock, 'wall'>) {
    this.prices = prices
    this.clock = clock
  }

  current(): number {
    const { generation } = this.prices
    const minute = Math.floor(this.clock.wall() / PRICE_CHECK_MS)
    if (generation === this.generation && minute === this.minute) return this.count
    this.generation = generation
    this.minute = minute
    return ++this.count
  }
}

/** The part of a price that routing reads. Undefined when short prompts have no rate of input or output: half a price would be a wrong one. */
function targetPrice({ price: { rates, contextTiers, perRequest }, source, version }: PriceQuote): TargetPrice | undefined {
  if (rates.input === undefined || rates.output === undefined) return undefined
  return {
    rates: foreseen(rates),
    contextTiers: contextTiers.map((tier) => ({ above: tier.above, rates: foreseen(tier.rates) })),
    ...(perRequest === undefined ? {} : { perRequest }),
    source: source === 'override' ? source : `${source} ${version}`,
  }
}

const foreseen = ({ input, output, cacheRead }: TokenRates): ForeseenRates => ({
  input,
  output,
  ...(cacheRead === undefined ? {} : { cacheRead }),
})

function factsWithoutPrice(
  { provider: id, model }: Target,
  { providers, inlinesMedia = false }: Pick<RoutingSnapshot, 'providers' | 'inlinesMedia'>,
  entry: ModelEntry,
): TargetFacts {
  const provider = providers.get(id)
  const declared = provider?.capabilities
  return {
    capabilities: { ...catalogued(entry), ...said(declared), ...(inlinesMedia ? deliverable(declared?.visionSources) : {}) },
    declared,
    contextWindow: entry.contextWindow,
    maxOutputTokens: entry.maxOutputTokens,
    tags: [...(provider?.tags ?? []), ...(provider?.modelTags.get(model) ?? [])],
  }
}

/** An image named by address is fetched for who takes images within the request. */
const deliverable = (sources: Capabilities['visionSources']): Capabilities =>
  sources?.includes('inline_base64') === true && !sources.includes('remote_url')
    ? { visionSources: [...sources, 'remote_url'] }
    : {}

/**
 * The catalogue's word on what a model can do. Its list names documents for some models only, though those that see images are
 * commonly served with documents too (OpenAI reads PDF files with every model that has vision): there its "no" is taken for unknown.
 */
function catalogued({ toolCalling, jsonSchema, visionIn, audioIn, fileIn, reasoning, thinking }: ModelEntry): Capabilities {
  return said({
    toolCalling,
    jsonSchema,
    visionIn,
    audioIn,
    fileIn: fileIn === false && visionIn === true ? undefined : fileIn,
    reasoning: reasoning ?? (thinking === undefined ? undefined : thinking !== 'none'),
  })
}

/** Without the members that say nothing, which would hide what somebody else knows. */
const said = (capabilities: Capabilities | undefined): Capabilities =>
  Object.fromEntries(Object.entries(capabilities ?? {}).filter(([, value]) => value !== undefined))
