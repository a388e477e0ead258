import type { ProviderType } from '../providers/provider.settings.schema.ts'
import { WIRE_FORMATS, type WireFormat } from '../ir/wire-format.ts'

const VENDOR_HOSTS: Readonly<Record<WireFormat, string>> = {
  openai: 'api.openai.com',
  responses: 'api.openai.com',
  anthropic: 'api.anthropic.com',
  gemini: 'generativelanguage.googleapis.com',
  bedrock_converse: 'amazonaws.com',
}

const GOOGLE = 'https://generativelanguage.googleapis.com'
/** Addresses of the vendors that types are named after, by the format that is spoken there. */
const VENDOR_ADDRESSES: Readonly<Partial<Record<ProviderType, Partial<Record<WireFormat, string>>>>> = {
  openai: { openai: 'https://api.openai.com', responses: 'https://api.openai.com' },
  anthropic: { anthropic: 'https://api.anthropic.com', openai: 'https://api.anthropic.com/v1' },
  gemini: { gemini: GOOGLE, openai: `${GOOGLE}/v1beta/openai` },
}

/** Formats of clouds whose addresses name more than the vendor. */
const CLOUD_FORMATS: Readonly<Partial<Record<ProviderType, readonly WireFormat[]>>> = {
  vertex: ['gemini', 'anthropic', 'openai'],
  azure: ['openai', 'responses', 'anthropic'],
  bedrock: ['bedrock_converse', 'anthropic'],
}

/** The format of the vendor that a type is named after. */
export const VENDOR_FORMATS: Readonly<Partial<Record<ProviderType, WireFormat>>> = {
  openai: 'openai',
  anthropic: 'anthropic',
  gemini: 'gemini',
  bedrock: 'bedrock_converse',
  vertex: 'gemini',
}

/** Formats that a type can speak: those its vendor has addresses for, and for the others every one. */
export function formatsOf(type: ProviderType): readonly WireFormat[] {
  const own = VENDOR_ADDRESSES[type]
  if (CLOUD_FORMATS[type] !== undefined) return CLOUD_FORMATS[type]
  if (own !== undefined) return Object.keys(own) as WireFormat[]
  // Nobody else frames and signs as Bedrock does.
  return type === 'mock' ? WIRE_FORMATS : WIRE_FORMATS.filter((format) => format !== 'bedrock_converse')
}

/** The format that an address is known for, where it is another than Chat Completions. */
export function formatOfAddress(address: string): WireFormat | undefined {
  const url = URL.parse(address)
  const path = url?.pathname.replace(/\/+$/, '') ?? ''
  if (path.endsWith('/messages') || /\/anthropic(\/|$)/.test(path)) return 'anthropic'
  if (path.endsWith('/responses')) return 'responses'
  return url?.host === VENDOR_HOSTS.gemini && !path.endsWith('/openai') ? 'gemini' : undefined
}

/** Whether the upstream is the vendor that made the format: fields only that vendor knows may go there. */
export function isVendorItself(baseUrl: string, format: WireFormat): boolean {
  const host = hostOf(baseUrl)
  const vendor = VENDOR_HOSTS[format]
  // Regional addresses such as eu.api.openai.com are the vendor's own as well.
  return host === vendor || (host?.endsWith(`.${vendor}`) ?? false)
}

/** Whether the address belongs to the vendor a provider type is named after, so that its usual key may be sent there. */
export function isTypesOwnHost(baseUrl: string, type: ProviderType): boolean {
  const format = VENDOR_FORMATS[type]
  return format !== undefined && isVendorItself(baseUrl, format)
}

const hostOf = (baseUrl: string): string | undefined => (URL.canParse(baseUrl) ? new URL(baseUrl).host.toLowerCase() : undefined)

/** Ends people copy along with the address; the gateway appends them itself. */
const ENDPOINT = /\/(chat\/completions|responses|messages)$/

/**
 * The address in the form providers build on: no trailing slash and no endpoint; without `/v1` for Messages upstreams, and with it
 * where a vendor's own address was given without a path. Undefined when the type has no address of its own and none was given.
 */
export function normalisedBaseUrl(given: string | undefined, type: ProviderType, format: WireFormat): string | undefined {
  if (type === 'mock') return ''
  const address = given ?? VENDOR_ADDRESSES[type]?.[format]
  if (address === undefined) return undefined
  const [whole = '', query] = address.split(/(?=\?)/, 2)
  const bare = whole.replace(/\/+$/, '').replace(ENDPOINT, '').replace(/\/+$/, '')
  return withVersion(bare, type, format) + (query ?? '')
}

function withVersion(address: string, type: ProviderType, format: WireFormat): string {
  if (type === 'bedrock' || format === 'gemini') return address
  if (format === 'anthropic') return address.replace(/\/v1$/, '')
  const hasPath = new URL(address).pathname !== '/'
  return !hasPath && type !== 'openai_compatible' ? `${address}/v1` : address
}

/** Hosts on this machine or a private network, where plain HTTP is nobody else's to read. */
export function isNearby(baseUrl: string): boolean {
  const host = new URL(baseUrl).hostname.replace(/^\[|\]$/g, '')
  if (
    /^(localhost|127\..*|10\..*|192\.168\..*|172\.(1[6-9]|2\d|3[01])\..*|169\.254\..*|::1|f[cd][0-9a-f]{2}:.*|fe80:.*)$/i.test(
      host,
    )
  )
    return true
  return !host.includes('.') || /\.(local|internal|lan|home\.arpa|localhost|svc)$/i.test(host)
}
