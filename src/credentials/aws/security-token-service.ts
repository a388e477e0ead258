import { GatewayError } from '../../errors/gateway-error.ts'
import { Secret } from '../../lib/secret.ts'
import type { UnsentRequest } from '../../transport/transport.ts'
import { askEndpoint, tokenForm, type TokenEndpointDeps, type TokenOwner } from '../token-endpoint.ts'
import type { AwsKeys } from './aws-keys.ts'

/** Version of the service's API. */
const VERSION = '2011-06-15'

/** A role that is taken on. */
export interface WantedRole {
  readonly roleArn: string
  readonly owner: TokenOwner
  /** What to look at when it is refused. */
  readonly advice: string
}

/** A question for the Security Token Service, as its query protocol has it. */
export function stsRequest(url: string, fields: Readonly<Record<string, string | undefined>>): UnsentRequest {
  const form = tokenForm(url, { Version: VERSION, ...fields })
  return { ...form, headers: { ...form.headers, accept: 'text/xml' } }
}

/** The keys that it gives. Rejects with `credential_rejected` when it refuses them, with `credential_unavailable` when it gives none for now. */
export async function askSts(request: UnsentRequest, role: WantedRole, deps: TokenEndpointDeps): Promise<AwsKeys> {
  const { status, text } = await askEndpoint(request, role.owner, deps)
  const keys = status === 200 ? keysIn(text) : undefined
  if (keys !== undefined) return keys
  const code = elementIn(text, 'Code')
  const told = code !== undefined && /^[A-Za-z.]{1,80}$/.test(code) ? `HTTP ${status}, ${code}` : `HTTP ${status}`
  const isRefusal = status >= 400 && status < 500 && status !== 429
  throw stsFailure(
    isRefusal ? 'credential_rejected' : 'credential_unavailable',
    `gave no keys for ${role.roleArn} (${told})`,
    role,
  )
}

export function stsFailure(
  code: 'credential_rejected' | 'credential_unavailable',
  what: string,
  { owner: { provider, account }, advice }: Pick<WantedRole, 'owner' | 'advice'>,
): GatewayError {
  return new GatewayError(
    code,
    `The Security Token Service of AWS ${what}, so account ${account} of provider ${provider} cannot sign. ${advice}`,
    { provider },
  )
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
