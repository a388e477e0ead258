import { readFileSync } from 'node:fs'
import { GatewayError } from '../../errors/gateway-error.ts'
import { Secret } from '../../lib/secret.ts'
import { askEndpoint, tokenForm, type TokenEndpointDeps, type TokenOwner } from '../token-endpoint.ts'
import type { AwsKeys, AwsKeySource } from './aws-keys.ts'
import type { WebIdentitySettings } from './aws-settings.types.ts'

/** Version of the service's API. */
const VERSION = '2011-06-15'

/** Keys for a token that somebody else has signed (AssumeRoleWithWebIdentity), as in EKS. */
export class WebIdentityKeys implements AwsKeySource {
  private readonly owner: TokenOwner
  private readonly settings: WebIdentitySettings
  private readonly deps: TokenEndpointDeps

  constructor(owner: TokenOwner, settings: WebIdentitySettings, deps: TokenEndpointDeps) {
    this.owner = owner
    this.settings = settings
    this.deps = deps
  }

  async obtain(): Promise<AwsKeys> {
    const { roleArn, sessionName, url } = this.settings
    const form = tokenForm(url, {
      Action: 'AssumeRoleWithWebIdentity',
      Version: VERSION,
      RoleArn: roleArn,
      RoleSessionName: sessionName,
      WebIdentityToken: this.token(),
    })
    const headers = { ...form.headers, accept: 'text/xml' }
    const { status, text } = await askEndpoint({ ...form, headers }, this.owner, this.deps)
    const keys = status === 200 ? keysIn(text) : undefined
    if (keys !== undefined) return keys
    const code = elementIn(text, 'Code')
    const told = code !== undefined && /^[A-Za-z.]{1,80}$/.test(code) ? `HTTP ${status}, ${code}` : `HTTP ${status}`
    const isRefusal = status >= 400 && status < 500 && status !== 429
    throw this.failure(isRefusal ? 'credential_rejected' : 'credential_unavailable', `gave no keys for ${roleArn} (${told})`)
  }

  private token(): string {
    const { tokenFile } = this.settings
    try {
      return readFileSync(tokenFile, 'utf8').trim()
    } catch {
      throw this.failure('credential_unavailable', `was not asked, because ${tokenFile} cannot be read`)
    }
  }

  private failure(code: 'credential_rejected' | 'credential_unavailable', what: string): GatewayError {
    const { provider, account } = this.owner
    return new GatewayError(
      code,
      `The Security Token Service of AWS ${what}, so account ${account} of provider ${provider} cannot sign. Check the role, whom it trusts, and the token file.`,
      { provider },
    )
  }
}

function keysIn(xml: string): AwsKeys | undefined {
  const [accessKeyId, secret, token] = ['AccessKeyId', 'SecretAccessKey', 'SessionToken'].map((name) => elementIn(xml, name))
  const expiresAt = Date.parse(elementIn(xml, 'Expiration') ?? '')
  if (accessKeyId === undefined || secret === undefined || token === undefined || Number.isNaN(expiresAt)) return undefined
  return { accessKeyId, secretAccessKey: new Secret(secret), sessionToken: new Secret(token), expiresAt }
}

/** Text of an element that holds no others. Keys and codes have no characters that XML escapes. */
const elementIn = (xml: string, name: string): string | undefined =>
  new RegExp(`<${name}>([^<]+)</${name}>`).exec(xml)?.[1]?.trim()
