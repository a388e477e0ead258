import { catalogueFacts } from '../catalog/model-facts.ts'
import type { PriceBook } from '../catalog/prices/price-book.ts'
import type { CompiledConfig } from '../config/compile.ts'
import type { Capabilities, FactsOf, TargetFacts, TargetPrice } from '../ir/snapshot.ts'
import type { Target } from '../ir/target.ts'

/** What a model costs at a provider of the configuration, for routing; undefined is unknown. */
export type PriceOfTarget = (target: Pick<Target, 'provider' | 'model'>) => TargetPrice | undefined

/**
 * What a configuration and the catalogue know of targets, without a running gateway: the operator's word, and where there is none the
 * catalogue's. Remembered by target.
 */
export function createTargetFacts(config: Pick<CompiledConfig, 'providers' | 'routing'>, priceOf?: PriceOfTarget): FactsOf {
  const hosts = providerHosts(config)
  const known = new Map<string, TargetFacts>()
  return (target) => {
    let facts = known.get(target.id)
    if (facts !== undefined) return facts
    const provider = config.routing.providers.get(target.provider)
    const declared = provider?.capabilities
    const { contextWindow, maxOutputTokens, thinking } = catalogueFacts(
      target.provider,
      hosts.get(target.provider) ?? '',
      target.model,
    )
    const catalogued: Capabilities = thinking === undefined ? {} : { reasoning: thinking !== 'none' }
    facts = {
      capabilities: { ...catalogued, ...said(declared) },
      declared,
      contextWindow: declared?.maxContextTokens ?? contextWindow,
      maxOutputTokens: declared?.maxOutputTokens ?? maxOutputTokens,
      price: priceOf?.(target),
      tags: [...(provider?.tags ?? []), ...(provider?.modelTags.get(target.model) ?? [])],
    }
    known.set(target.id, facts)
    return facts
  }
}

/** Hosts of the providers' addresses, by id; empty for those without an address of their own. */
export const providerHosts = ({ providers }: Pick<CompiledConfig, 'providers'>): ReadonlyMap<string, string> =>
  new Map(providers.map(({ id, baseUrl }) => [id, URL.canParse(baseUrl) ? new URL(baseUrl).host : '']))

/** Prices of a book at a time (Unix milliseconds), as routing compares them; unknown where input or output has none. */
export function routingPrices(book: PriceBook, hosts: ReadonlyMap<string, string>, at: number): PriceOfTarget {
  return ({ provider, model }) => {
    const quote = book.priceOf({ providerId: provider, host: hosts.get(provider) ?? '', model }, at)
    const { input, output } = quote?.price.rates ?? {}
    if (quote === undefined || input === undefined || output === undefined) return undefined
    return { inputPerMillion: input, outputPerMillion: output, source: `${quote.source} ${quote.version}` }
  }
}

/** Without the members that say nothing, which would hide what the catalogue knows. */
const said = (declared: Capabilities | undefined): Capabilities =>
  Object.fromEntries(Object.entries(declared ?? {}).filter(([, value]) => value !== undefined))
