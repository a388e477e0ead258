import type { ProviderId } from '../ir/ids.ts'
import type { CompiledConfig } from './compile.ts'

/** Hosts of the providers' base URLs by id, with a port where they have one; empty for those without an address of their own. */
export const providerHosts = ({ providers }: Pick<CompiledConfig, 'providers'>): ReadonlyMap<ProviderId, string> =>
  new Map(providers.map(({ id, baseUrl }) => [id, URL.canParse(baseUrl) ? new URL(baseUrl).host : '']))
