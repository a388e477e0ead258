import { GatewayError } from '../errors/gateway-error.ts'
import type { Offer } from '../ir/endpoint.ts'
import type { ProviderId } from '../ir/ids.ts'
import type { Principal } from '../ir/principal.ts'
import type { RoutingSnapshot } from '../ir/snapshot.ts'

const HEADER = 'x-switchback-provider'

/** The provider that is to keep what a caller makes: the one it names, the default one, or the only one that can. */
export function keeperOf(
  offer: Offer,
  headers: Headers,
  principal: Principal | undefined,
  { providers, defaultProvider }: RoutingSnapshot,
): ProviderId {
  const allowed = principal?.allowed?.providers
  const able = [...providers.values()]
    .filter(({ id, offers }) => offers.has(offer) && allowed?.includes(id) !== false)
    .map(({ id }) => id)
  const named = headers.get(HEADER)
  const chosen =
    named === null
      ? (able.find((id) => id === defaultProvider) ?? (able.length === 1 ? able[0] : undefined))
      : able.find((id) => id === named)
  if (chosen !== undefined) return chosen
  if (able.length === 0) throw new GatewayError('endpoint_unsupported', `No provider that this caller may use offers ${offer}.`)
  throw new GatewayError('invalid_body', `Name the provider in the header ${HEADER}: ${able.join(', ')}.`, { param: HEADER })
}

/** How many accounts a provider has. */
export const accountsOf = (provider: ProviderId | undefined, { providers }: RoutingSnapshot): number =>
  provider === undefined ? 0 : (providers.get(provider)?.accounts.length ?? 0)
