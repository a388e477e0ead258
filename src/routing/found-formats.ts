import type { RoutingSnapshot } from '../ir/snapshot.ts'
import type { Target } from '../ir/target.ts'
import type { WireFormat } from '../ir/wire-format.ts'
import type { ResolvedRoute } from './resolve-route.ts'

/** The format to speak to a target whose provider was configured with `format: auto`. */
export type FoundFormat = (target: Target) => WireFormat

/** A resolved route whose targets speak what was found out about them; the same one where nothing has to be found out. */
export function withFoundFormats(resolved: ResolvedRoute, snapshot: RoutingSnapshot, formatOf: FoundFormat): ResolvedRoute {
  if (snapshot.findsFormats !== true) return resolved
  const { route } = resolved
  const isFound = ({ provider }: Target): boolean => snapshot.providers.get(provider)?.findsFormat === true
  if (!route.targets.some(isFound)) return resolved
  const targets = route.targets.map((target) => (isFound(target) ? { ...target, format: formatOf(target) } : target))
  return { ...resolved, route: { ...route, targets } }
}
