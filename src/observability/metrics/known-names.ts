import { PROFILE_NAMES } from '../../ir/routing-policy.ts'
import type { Route, RoutingSnapshot } from '../../ir/snapshot.ts'
import { OTHER } from './metric-family.ts'

/** Routes that decisions name and no configuration lists. */
const FIXED_ROUTES = ['direct', 'denied', 'replayed']
/** Of each provider, too. */
const OF_PROVIDERS = ['default', 'passthrough', 'files', 'batches']
/** A list of models in the request makes a route of its own, named after all of them. */
const MODEL_LIST = 'models'

const known = new WeakMap<RoutingSnapshot, KnownNames>()

/** The names of a configuration, gathered once for each. */
export function knownNames(snapshot: RoutingSnapshot): KnownNames {
  let names = known.get(snapshot)
  if (names === undefined) known.set(snapshot, (names = new KnownNames(snapshot)))
  return names
}

/**
 * Names that may stand in labels: those the configuration holds. Clients choose models, and some routes and targets are named after them;
 * whatever is not known is `other`, so that nobody can make series.
 */
class KnownNames {
  private readonly routes: ReadonlySet<string>
  private readonly targets: ReadonlySet<string>
  private readonly providers: ReadonlySet<string>

  constructor(snapshot: RoutingSnapshot) {
    const { providers, targets, modelIds } = snapshot
    this.providers = new Set(providers.keys())
    this.targets = new Set([...targets.map(({ id }) => id), ...modelIds])
    this.routes = new Set([
      ...FIXED_ROUTES,
      ...PROFILE_NAMES,
      ...[...this.providers].flatMap((provider) => OF_PROVIDERS.map((kind) => `${kind}:${provider}`)),
      ...configuredRoutes(snapshot).map(({ name }) => name),
      ...snapshot.profiles.keys(),
    ])
  }

  route(name: string): string {
    if (this.routes.has(name)) return name
    return name.startsWith('models:') ? MODEL_LIST : OTHER
  }

  target(id: string): string {
    return this.targets.has(id) ? id : OTHER
  }

  provider(id: string): string {
    return this.providers.has(id) ? id : OTHER
  }
}

function configuredRoutes({ routes, wildcard, matched, wildcards, combos }: RoutingSnapshot): Route[] {
  return [
    ...routes.values(),
    ...(matched ?? []),
    ...wildcards.map(({ route }) => route),
    ...(wildcard === undefined ? [] : [wildcard]),
    ...combos.values(),
  ]
}
