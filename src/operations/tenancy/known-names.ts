import type { CompiledConfig } from '../../config/compile.ts'
import type { KnownNames } from './tenancy-parts.ts'

/** The names that a configuration has. */
export function knownNames({ routing, tenants }: Pick<CompiledConfig, 'routing' | 'tenants'>): KnownNames {
  const { providers, routes } = routing
  return {
    providers: [...providers.keys()],
    accounts: [...providers].flatMap(([provider, { accounts }]) => accounts.map(({ id }) => `${provider}/${id}`)),
    routes: [...routes.keys()],
    tenants,
  }
}
