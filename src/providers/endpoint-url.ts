import { GatewayError } from '../errors/gateway-error.ts'
import type { WireFormat } from '../ir/wire-format.ts'

export type Operation = 'generate' | 'count-tokens'

/** Path of each format below a base that ends in the version. */
const ENDPOINTS: Readonly<Record<WireFormat, string>> = {
  openai: '/chat/completions',
  responses: '/responses',
  anthropic: '/v1/messages',
}

/**
 * Address of an operation. A base may already name the endpoint (`…/v1/chat/completions`, `…/v1/messages`), which is then not
 * repeated; Chat and Responses bases otherwise contain their own version, Messages bases may or may not. A query is kept.
 */
export function endpointUrl(baseUrl: string, format: WireFormat, operation: Operation): string {
  const url = URL.parse(baseUrl)
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new GatewayError('config_invalid', `base_url "${withoutQuery(baseUrl)}" is no http or https address.`)
  }
  const path = url.pathname.replace(/\/+$/, '')
  url.pathname =
    format === 'anthropic' ? messagesPath(path) : `${path.replace(/\/(chat\/completions|responses)$/, '')}${ENDPOINTS[format]}`
  if (operation === 'count-tokens') url.pathname += '/count_tokens'
  return url.href
}

function messagesPath(path: string): string {
  if (path.endsWith('/v1/messages')) return path
  return path.endsWith('/v1') ? `${path}/messages` : `${path}${ENDPOINTS.anthropic}`
}

function withoutQuery(address: string): string {
  return address.replace(/\?.*$/s, '')
}
