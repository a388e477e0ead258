import type { Route, RoutingSnapshot } from '../ir/snapshot.ts'

/** Every route that the configuration names, each once. What names a provider and a model directly is none of them. */
export function everyRoute({ routes, wildcard, wildcards, matched, combos }: RoutingSnapshot): ReadonlySet<Route> {
  return new Set([
    ...routes.values(),
    ...(wildcard === undefined ? [] : [wildcard]),
    ...wildcards.map(({ route }) => route),
    ...(matched ?? []),
    ...combos.values(),
  ])
}
