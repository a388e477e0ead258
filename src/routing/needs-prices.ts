import type { RequestHints } from '../ir/hints.ts'
import type { RoutingSnapshot } from '../ir/snapshot.ts'
import { everyRoute } from './every-route.ts'
import { profileOf } from './profile.ts'

/**
 * Whether a configuration orders or refuses targets by their price, so that prices should be loaded before it serves: a strategy that
 * reads costs, a ceiling, or a policy for unknown prices.
 */
export function needsPrices(snapshot: RoutingSnapshot): boolean {
  // What names a provider and a model directly inherits the defaults.
  return [snapshot.defaults, ...everyRoute(snapshot)].some(({ selection: { strategy, maxPricePerMillion, unknownPrice } }) => {
    return maxPricePerMillion !== undefined || unknownPrice !== 'allow' || readsCosts(snapshot, strategy.name)
  })
}

/**
 * Whether one call brings prices into its decision that the configuration left aside: by a ceiling of its own, a strategy or latency
 * it asks for, or by asking for a score profile as its model.
 */
export function callNeedsPrices(
  snapshot: Pick<RoutingSnapshot, 'profiles'>,
  { model, hints }: { readonly model: string; readonly hints?: RequestHints | undefined },
): boolean {
  const names = [model, ...(hints?.models ?? [])]
  return (
    hints?.maxPricePerMillion !== undefined ||
    hints?.latency !== undefined ||
    (hints?.strategy !== undefined && readsCosts(snapshot, hints.strategy)) ||
    names.some((name) => costWeight(snapshot, name) > 0)
  )
}

const readsCosts = (snapshot: Pick<RoutingSnapshot, 'profiles'>, strategy: string): boolean =>
  strategy === 'lowest_cost' || costWeight(snapshot, strategy) > 0

const costWeight = (snapshot: Pick<RoutingSnapshot, 'profiles'>, profile: string): number =>
  profileOf(snapshot, profile)?.weights.cost ?? 0
