import type { Offer } from '../ir/endpoint.ts'
import type { WireFormat } from '../ir/wire-format.ts'
import type { ProviderConfig } from '../providers/provider.schema.ts'
import {
  OFFERS_OF_BEDROCK,
  OFFERS_OF_DEPLOYMENTS,
  OFFERS_OF_FORMATS,
  OFFERS_OF_GOOGLE_AT_VERTEX,
  OFFERS_OF_HOSTS,
  OFFERS_OF_MOCK,
  OFFERS_OF_VERTEX,
} from './offers.data.ts'

type Configured = Pick<ProviderConfig, 'endpoints' | 'type'>

/** What a provider offers beside answers: what the operator says, else what is known of the vendor, else what its format has. */
export function offersOf({ endpoints, type }: Configured, baseUrl: string, format: WireFormat): readonly Offer[] {
  const offers = endpoints ?? offersOfVendor(type, URL.parse(baseUrl), format) ?? OFFERS_OF_FORMATS[format]
  return type === 'mock' ? offers.filter((offer) => OFFERS_OF_MOCK.includes(offer)) : offers
}

function offersOfVendor(type: Configured['type'], url: URL | null, format: WireFormat): readonly Offer[] | undefined {
  if (type === 'bedrock') return OFFERS_OF_BEDROCK
  if (type === 'vertex') return format === 'gemini' ? OFFERS_OF_GOOGLE_AT_VERTEX : OFFERS_OF_VERTEX
  if (type === 'azure' && url?.pathname.endsWith('/openai') === true) return OFFERS_OF_DEPLOYMENTS
  return OFFERS_OF_HOSTS.get(url?.hostname ?? '')
}
