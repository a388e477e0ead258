import type { CompiledConfig } from '../../config/compile.ts'
import type { Route } from '../../ir/snapshot.ts'
import { everyRoute } from '../../routing/every-route.ts'
import { plural } from '../story-words.ts'
import { failure, fine, warning, type Finding } from './finding.ts'

const SET_KEY = 'Set the variable that the configuration names for its key, or take the provider out.'

/** Which providers nobody can be called at, and which routes lead to no other. */
export function checkProviders({ providers, routing }: CompiledConfig): Finding[] {
  const without = providers.filter(({ accounts }) => accounts.length === 0).map(({ id }) => id)
  if (without.length === 0) return [fine('providers', `${plural(providers.length, 'provider')} with a usable account each.`)]
  const isDead = ({ targets }: Route): boolean =>
    targets.length > 0 && targets.every(({ provider }) => without.includes(provider))
  const dead = [...everyRoute(routing)].filter(isDead)
  return [
    ...without.map((id) =>
      warning('providers', `Provider ${id} has no account with a key, so none of its models can be called.`, SET_KEY),
    ),
    ...dead.map(({ name }) =>
      failure('providers', `Route ${name} leads only to providers without a key: every call for it is refused.`, SET_KEY),
    ),
  ]
}
