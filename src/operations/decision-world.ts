import { Certifications } from '../catalog/certifications.ts'
import type { LazyPrices } from '../catalog/prices/lazy-prices.ts'
import { createPriceBook, type PriceBook } from '../catalog/prices/price-book.ts'
import { compileOverrides } from '../catalog/prices/override-prices.ts'
import type { CompiledConfig } from '../config/compile.ts'
import { providerHosts } from '../config/provider-hosts.ts'
import { createKnownModels } from '../catalog/known-models.ts'
import type { ProviderId } from '../ir/ids.ts'
import type { FactsOf, RoutingSnapshot } from '../ir/snapshot.ts'
import type { Clock } from '../lib/clock.ts'
import { certificationPlace, heldCertifications } from './certify/held-certifications.ts'
import { openPriceShelf } from './price-shelf.ts'
import { createFactsOf } from '../catalog/target-facts.ts'

/** Everything but the request and the moment that a decision is made from. */
export interface DecisionWorld {
  readonly snapshot: RoutingSnapshot
  readonly factsOf: FactsOf
  readonly prices: PriceBook
  /** Hosts of the providers' addresses, by id. */
  readonly hosts: ReadonlyMap<string, string>
}

export interface DecisionWorldOptions {
  readonly config: CompiledConfig
  /** Where the operator's own prices and certifications are, unless the configuration names a database. */
  readonly dataDir: string
  readonly clock: Clock
  /** Unix milliseconds; some prices change with the day or the hour. */
  readonly at: number
}

/** Loads what decisions by a configuration depend on, without a running gateway. Throws when the operator's prices are no good. */
export async function loadDecisionWorld({ config, dataDir, clock, at }: DecisionWorldOptions): Promise<DecisionWorld> {
  const shelf = await openPriceShelf({ dataDir, shared: config.state.shared, clock })
  const prices = createPriceBook(shelf.dataset, compileOverrides(shelf.own))
  const certifications = new Certifications(await heldCertifications(certificationPlace(config, dataDir), clock))
  const factsOf = configFacts(config, { book: prices, generation: 0 }, { wall: () => at }, certifications)
  return { snapshot: config.routing, factsOf, prices, hosts: providerHosts(config) }
}

/** What decisions by a configuration are told of its targets. */
export function configFacts(
  config: CompiledConfig,
  prices: Pick<LazyPrices, 'book' | 'generation'>,
  clock: Pick<Clock, 'wall'>,
  certifications: Certifications,
): FactsOf {
  const hosts = providerHosts(config)
  const hostOf = (provider: ProviderId): string => hosts.get(provider) ?? ''
  const snapshot = (): RoutingSnapshot => config.routing
  return createFactsOf({ snapshot, modelFacts: createKnownModels({ snapshot, hostOf }), hostOf, prices, clock, certifications })
}
