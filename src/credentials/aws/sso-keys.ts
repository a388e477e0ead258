import { isObject } from '../../ir/json.ts'
import { awsDomain } from '../../lib/aws-domain.ts'
import { quietJson } from '../../lib/quiet-json.ts'
import { Secret } from '../../lib/secret.ts'
import { askEndpoint, type TokenOwner } from '../token-endpoint.ts'
import type { AwsKeys } from './aws-keys.ts'
import { ssoFailure, ssoToken, type SsoDeps, type SsoLoginSettings } from './sso-login.ts'

/** What a profile says of the role that it takes by its login. */
export interface SsoSettings extends SsoLoginSettings {
  readonly accountId: string
  readonly roleName: string
}

/** Goes into the name of a host. */
const REGION = /^[a-z]{2}(?:-[a-z]+)+-\d$/

/**
 * Keys of a role for a login in a browser (GetRoleCredentials). Rejects with `credential_rejected` when somebody has to log in again, else
 * with `credential_unavailable`.
 */
export async function ssoKeys(settings: SsoSettings, owner: TokenOwner, deps: SsoDeps): Promise<AwsKeys> {
  const { region, accountId, roleName, profile } = settings
  if (!REGION.test(region)) throw ssoFailure(settings, owner, 'credential_unavailable', 'has an sso_region that is none')
  const query = new URLSearchParams({ role_name: roleName, account_id: accountId })
  const token = await ssoToken(settings, owner, deps)
  const { status, text } = await askEndpoint(
    {
      url: `https://portal.sso.${region}.${awsDomain(region)}/federation/credentials?${query}`,
      method: 'GET',
      headers: { accept: 'application/json', 'x-amz-sso_bearer_token': token.reveal() },
      body: undefined,
    },
    owner,
    deps,
  )
  const keys = status === 200 ? keysIn(text) : undefined
  if (keys !== undefined) return keys
  if (status === 401)
    throw ssoFailure(settings, owner, 'credential_rejected', `is logged out. Run "aws sso login --profile ${profile}"`)
  const isRefusal = status >= 400 && status < 500 && status !== 429
  throw ssoFailure(
    settings,
    owner,
    isRefusal ? 'credential_rejected' : 'credential_unavailable',
    `got no keys from IAM Identity Center (HTTP ${status}). Check sso_account_id and sso_role_name`,
  )
}

function keysIn(text: string): AwsKeys | undefined {
  const value = quietJson(text)
  const keys = isObject(value) ? value['roleCredentials'] : undefined
  if (!isObject(keys)) return undefined
  const { accessKeyId, secretAccessKey, sessionToken, expiration } = keys
  if (typeof accessKeyId !== 'string' || typeof secretAccessKey !== 'string' || typeof sessionToken !== 'string') return undefined
  if (typeof expiration !== 'number' || !Number.isFinite(expiration)) return undefined
  return {
    accessKeyId,
    secretAccessKey: new Secret(secretAccessKey),
    sessionToken: new Secret(sessionToken),
    expiresAt: expiration,
  }
}
