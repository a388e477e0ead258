import { createHash, timingSafeEqual } from 'node:crypto'
import { GatewayError } from '../errors/gateway-error.ts'
import type { Principal } from '../ir/principal.ts'
import { providerOfKey } from './provider-key.ts'
import type { ApiKeySettings } from './server.settings.schema.ts'

/** Where clients put a key: OpenAI's, Anthropic's, Azure's and Google's SDKs each have their own header, and Google's API a query. */
const IN_QUERY = '?key='
const KEY_PLACES = ['authorization', 'x-api-key', 'api-key', 'x-goog-api-key', IN_QUERY] as const
const BEARER = 'bearer '
/** Longer values are no keys; hashing them would only be work. */
const LONGEST_KEY = 1024

interface KnownKey {
  readonly hash: Buffer
  readonly principal: Principal
}

/** Finds out who is calling. Any valid key admits, whichever header it stands in. */
export class Authenticator {
  private readonly keys: readonly KnownKey[]
  /** Principals by key, so that a good key is hashed once. Holds valid keys only, so at most as many as are configured. */
  private readonly admitted = new Map<string, Principal>()

  constructor(apiKeys: readonly ApiKeySettings[]) {
    this.keys = apiKeys.map((key) => ({
      hash: Buffer.from(key.sha256, 'hex'),
      principal: { role: key.role, keyId: key.id, tenant: key.tenant, project: key.project, owner: key.owner },
    }))
  }

  /** `inQuery` is a key in the address. Throws `invalid_api_key`, `provider_key_presented` or `ambiguous_credentials`. */
  authenticate(headers: Headers, inQuery: string | null = null): Principal {
    let principal: Principal | undefined
    let admittedBy = ''
    let refused: string | undefined
    for (const name of KEY_PLACES) {
      const value = name === IN_QUERY ? inQuery : headers.get(name)
      if (value === null) continue
      const key = name === 'authorization' ? bearerToken(value) : value
      if (key === undefined || key === '') continue
      const found = this.find(key)
      if (found === undefined) refused ??= key
      else if (principal === undefined || principal === found) {
        principal = found
        admittedBy ||= name
      } else throw ambiguous(admittedBy, name)
    }
    if (principal === undefined) throw refusal(refused)
    return principal
  }

  /** Every configured hash is compared, match or not, so that the time taken says nothing about how much of a key was right. */
  private find(key: string): Principal | undefined {
    const known = this.admitted.get(key)
    if (known !== undefined || key.length > LONGEST_KEY) return known
    const hash = createHash('sha256').update(key).digest()
    let found: Principal | undefined
    for (const candidate of this.keys) if (timingSafeEqual(hash, candidate.hash)) found = candidate.principal
    if (found !== undefined) this.admitted.set(key, found)
    return found
  }
}

function bearerToken(value: string): string | undefined {
  return value.slice(0, BEARER.length).toLowerCase() === BEARER ? value.slice(BEARER.length).trim() : undefined
}

const ambiguous = (first: string, second: string): GatewayError =>
  new GatewayError(
    'ambiguous_credentials',
    `${first} and ${second} hold two different valid keys, so it is unclear who is calling. Send only one of them.`,
  )

function refusal(key: string | undefined): GatewayError {
  const how = 'Send one of this gateway\'s keys as "Authorization: Bearer <key>" or as "x-api-key".'
  if (key === undefined) return new GatewayError('invalid_api_key', `No API key was sent. ${how}`)
  const provider = providerOfKey(key)
  if (provider === undefined) return new GatewayError('invalid_api_key', `The API key is not one of this gateway's keys. ${how}`)
  return new GatewayError(
    'provider_key_presented',
    `This is a key for ${provider.name} (${provider.prefix}…), and this gateway wants a key of its own: provider keys belong into its configuration. ${how}`,
  )
}
