import { createPrivateKey, type KeyObject } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { GatewayError } from '../errors/gateway-error.ts'
import { isObject } from '../ir/json.ts'
import type { Secret } from '../lib/secret.ts'
import type { ServiceAccountSettings } from './credential.types.ts'
import { requestToken, tokenForm, type TokenEndpointDeps, type TokenOwner } from './token-endpoint.ts'
import type { Token, TokenSource } from './token.types.ts'

/** Google's, for keys that name none. */
const TOKEN_URL = 'https://oauth2.googleapis.com/token'
/** The longest that Google accepts. */
const ASSERTION_LIFETIME_S = 3600

interface ServiceKey {
  readonly email: string
  readonly keyId: string | undefined
  readonly privateKey: KeyObject
  readonly tokenUrl: string
}

/** A service account of Google's: a signed assertion is exchanged for a token (RFC 7523). The key file is read for each token. */
export class ServiceAccount implements TokenSource {
  private readonly owner: TokenOwner
  private readonly settings: ServiceAccountSettings
  private readonly deps: TokenEndpointDeps

  constructor(owner: TokenOwner, settings: ServiceAccountSettings, deps: TokenEndpointDeps) {
    this.owner = owner
    this.settings = settings
    this.deps = deps
  }

  async obtain(_refused: Secret | undefined): Promise<Token> {
    const key = this.read()
    const assertion = await signedAssertion(key, this.settings.scope, this.deps.clock.wall())
    const form = tokenForm(key.tokenUrl, { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion })
    return (await requestToken(form, this.owner, this.deps)).token
  }

  private read(): ServiceKey {
    const { key } = this.settings
    const text = 'path' in key ? readText(key.path) : key.json.reveal()
    const found = text === undefined ? undefined : parsedKey(text)
    if (found !== undefined) return found
    const { provider, account } = this.owner
    throw new GatewayError(
      'credential_unavailable',
      `The key of the service account for account ${account} of provider ${provider} cannot be read. It is the JSON file that Google Cloud gives out, with client_email and private_key.`,
      { provider },
    )
  }
}

/** A JWT that says who asks, for what, and until when (RFC 7523, section 3), signed with RS256. */
async function signedAssertion({ email, keyId, privateKey, tokenUrl }: ServiceKey, scope: string, wall: number): Promise<string> {
  // Loaded by whoever needs it: most gateways never do.
  const { SignJWT } = await import('jose')
  const issued = Math.floor(wall / 1000)
  const claims = { iss: email, scope, aud: tokenUrl, iat: issued, exp: issued + ASSERTION_LIFETIME_S }
  const header = { alg: 'RS256', typ: 'JWT', ...(keyId === undefined ? {} : { kid: keyId }) }
  return new SignJWT(claims).setProtectedHeader(header).sign(privateKey)
}

function parsedKey(text: string): ServiceKey | undefined {
  try {
    const value: unknown = JSON.parse(text)
    if (!isObject(value)) return undefined
    const { client_email: email, private_key: pem, private_key_id: keyId, token_uri: tokenUrl } = value
    if (typeof email !== 'string' || typeof pem !== 'string') return undefined
    return {
      email,
      keyId: typeof keyId === 'string' ? keyId : undefined,
      privateKey: createPrivateKey(pem),
      tokenUrl: typeof tokenUrl === 'string' ? tokenUrl : TOKEN_URL,
    }
  } catch {
    return undefined // no JSON, or no private key in it: either way it is not such a file
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined // told together with a file that is no key
  }
}
