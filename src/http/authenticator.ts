import { createHash, timingSafeEqual } from 'node:crypto'
import { GatewayError } from '../errors/gateway-error.ts'
import type { Principal } from '../ir/principal.ts'
import { looksIssued } from '../lib/issued-key.ts'
import { providerOfKey } from './provider-key.ts'
import type { ApiKeySettings } from './server.settings.schema.ts'

/** Where clients put a key: OpenAI's, Anthropic's, Azure's and Google's SDKs each have their own header, and Google's API a query. */
const IN_QUERY = '?key='
const KEY_PLACES = ['authorization', 'x-api-key', 'api-key', 'x-goog-api-key', IN_QUERY] as const
const BEARER = 'bearer '
/**
 * Clients of AWS sign with a key that they never send. The id of the key is sent, so it is the gateway's key that goes there; what they
 * sign with beside it is theirs to choose, and the signature is not looked at.
 */
const SIGNED = /^AWS4-HMAC-SHA256\s+Credential=([^/,\s]+)\//
/** Longer values are no keys; hashing them would only be work. */
const LONGEST_KEY = 1024

/** Keys that were issued while the gateway runs. Asking does no I/O. */
export interface IssuedKeys {
  /** Who calls with this key, or why nobody may. `from` gives the address it came from, when somebody wants to know. */
  find(key: string, from: () => string | undefined): Principal | GatewayError
  /** Why a key of the configuration admits nobody for now: its owner, project or tenant is out of use. */
  refusalOfGroups(principal: Principal): GatewayError | undefined
}

interface KnownKey {
  readonly hash: Buffer
  readonly principal: Principal
}

/** Finds out who is calling. Any valid key admits, whichever header it stands in. */
export class Authenticator {
  private readonly keys: readonly KnownKey[]
  /** Principals by key, so that a good key is hashed once. Holds valid keys only, so at most as many as are configured. */
  private readonly admitted = new Map<string, Principal>()

  private readonly issued: IssuedKeys | undefined

  constructor(apiKeys: readonly ApiKeySettings[], issued?: IssuedKeys) {
    this.issued = issued
    this.keys = apiKeys.map(({ sha256, role, id: keyId, tenant, project, owner, allowed }) => ({
      hash: Buffer.from(sha256, 'hex'),
      principal: { role, keyId, tenant, project, owner, ...(allowed === undefined ? {} : { allowed }) },
    }))
  }

  /**
   * `inQuery` is a key in the address. Throws `invalid_api_key`, `provider_key_presented`, `ambiguous_credentials`, or what an issued key has
   * come to.
   */
  authenticate(headers: Headers, from: () => string | undefined = nowhere, inQuery: string | null = null): Principal {
    let principal: Principal | undefined
    let admittedBy = ''
    let refused: string | undefined
    let ended: GatewayError | undefined
    for (const name of KEY_PLACES) {
      const key = keyAt(name, headers, inQuery)
      if (key === undefined) continue
      const found = this.find(key, from)
      if (found === undefined) refused ??= key
      else if (found instanceof GatewayError) ended ??= found
      else if (principal === undefined || principal === found) {
        principal = found
        admittedBy ||= name
      } else throw ambiguous(admittedBy, name)
    }
    if (principal === undefined) throw ended ?? refusal(refused)
    return principal
  }

  /** Who calls with an issued key, for a gateway that wants none; undefined without one. Throws when the key is no good. */
  issuedTo(headers: Headers, from: () => string | undefined, inQuery: string | null = null): Principal | undefined {
    if (this.issued === undefined) return undefined
    for (const name of KEY_PLACES) {
      const key = keyAt(name, headers, inQuery)
      if (key === undefined || !looksIssued(key)) continue
      const found = this.issued.find(key, from)
      if (found instanceof GatewayError) throw found
      return found
    }
    return undefined
  }

  /** Every configured hash is compared, match or not, so that the time taken says nothing about how much of a key was right. */
  private find(key: string, from: () => string | undefined): Principal | GatewayError | undefined {
    const known = this.admitted.get(key)
    if (known !== undefined) return this.inUse(known)
    if (key.length > LONGEST_KEY) return undefined
    const issued = looksIssued(key) ? this.issued?.find(key, from) : undefined
    if (issued !== undefined && !(issued instanceof GatewayError)) return issued
    const hash = createHash('sha256').update(key).digest()
    let found: Principal | undefined
    for (const candidate of this.keys) if (timingSafeEqual(hash, candidate.hash)) found = candidate.principal
    if (found === undefined) return issued
    this.admitted.set(key, found)
    return this.inUse(found)
  }

  /** Admins of the configuration are always let in, so that nobody can lock out whoever runs the gateway. */
  private inUse(principal: Principal): Principal | GatewayError {
    return principal.role === 'admin' ? principal : (this.issued?.refusalOfGroups(principal) ?? principal)
  }
}

const nowhere = (): undefined => undefined

function keyAt(name: (typeof KEY_PLACES)[number], headers: Headers, inQuery: string | null): string | undefined {
  const value = name === IN_QUERY ? inQuery : headers.get(name)
  if (value === null) return undefined
  const key = name === 'authorization' ? bearerToken(value) : value
  return key === '' ? undefined : key
}

function bearerToken(value: string): string | undefined {
  if (value.slice(0, BEARER.length).toLowerCase() === BEARER) return value.slice(BEARER.length).trim()
  return SIGNED.exec(value)?.[1]
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
