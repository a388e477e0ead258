import type { RoutingSnapshot, ScoreProfile } from '../ir/snapshot.ts'
import { BUILT_IN_PROFILES, PROFILE_ALIASES } from './profiles.data.ts'

export interface NamedProfile extends ScoreProfile {
  readonly name: string
}

/** The profile of a name, the operator's own before the built-in ones; undefined when it names none. */
export function profileOf(snapshot: Pick<RoutingSnapshot, 'profiles'>, name: string): NamedProfile | undefined {
  const own = snapshot.profiles.get(name)
  if (own !== undefined) return { name, ...own }
  const builtIn = PROFILE_ALIASES.get(name) ?? name
  const profile = BUILT_IN_PROFILES.get(builtIn)
  return profile === undefined ? undefined : { name: builtIn, ...profile }
}
