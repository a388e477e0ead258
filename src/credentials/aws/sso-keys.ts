import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { GatewayError } from '../../errors/gateway-error.ts'
import { isObject } from '../../ir/json.ts'
import { awsDomain } from '../../lib/aws-domain.ts'
import { Secret } from '../../lib/secret.ts'
import { askEndpoint, type TokenEndpointDeps, type TokenOwner } from '../token-endpoint.ts'
import type { AwsKeys } from './aws-keys.ts'
import { quietJson } from './quiet-json.ts'

/** What a profile says of a login in a browser (IAM Identity Center). */
export interface SsoSettings {
  readonly profile: string
  /** Name of the session, or the address of the portal: what the file of its token is named after. */
  readonly session: string
  readonly region: string
  readonly accountId: string
  readonly roleName: string
  /** Folder of the tokens, which `aws sso login` fills. */
  readonly cacheFolder: string
}

/** Goes into the name of a host. */
const REGION = /^[a-z]{2}(?:-[a-z]+)+-\d$/
/** A token that ends within this time may end on its way. */
const SKEW_MS = 60_000

/**
 * Keys of a role for a login that `aws sso login` has made (GetRoleCredentials). Its token is only read: the program that made it renews it.
 * Rejects with `credential_rejected` when somebody has to log in again, else with `credential_unavailable`.
 */
export async function ssoKeys(settings: SsoSettings, owner: TokenOwner, deps: TokenEndpointDeps): Promise<AwsKeys> {
  const { region, accountId, roleName, profile } = settings
  if (!REGION.test(region)) throw failure(owner, settings, 'credential_unavailable', 'has an sso_region that is none')
  const query = new URLSearchParams({ role_name: roleName, account_id: accountId })
  const token = cachedToken(settings, owner, deps.clock.wall())
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
    throw failure(owner, settings, 'credential_rejected', `is logged out. Run "aws sso login --profile ${profile}"`)
  const isRefusal = status >= 400 && status < 500 && status !== 429
  throw failure(
    owner,
    settings,
    isRefusal ? 'credential_rejected' : 'credential_unavailable',
    `got no keys from IAM Identity Center (HTTP ${status}). Check sso_account_id and sso_role_name`,
  )
}

function cachedToken(settings: SsoSettings, owner: TokenOwner, wall: number): Secret {
  const { session, cacheFolder, profile } = settings
  const path = join(cacheFolder, `${createHash('sha1').update(session).digest('hex')}.json`)
  const again = `Run "aws sso login --profile ${profile}" on this machine`
  let value: unknown
  try {
    value = JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    throw failure(owner, settings, 'credential_rejected', `has no login in ${path}. ${again}`)
  }
  const { accessToken, expiresAt } = isObject(value) ? value : {}
  // Older programs wrote the time zone in letters.
  const ends = typeof expiresAt === 'string' ? Date.parse(expiresAt.replace(/UTC$/, 'Z')) : Number.NaN
  if (typeof accessToken !== 'string' || !/^[\x21-\x7e]+$/.test(accessToken) || Number.isNaN(ends))
    throw failure(owner, settings, 'credential_rejected', `has no login in ${path}. ${again}`)
  if (ends - SKEW_MS <= wall) throw failure(owner, settings, 'credential_rejected', `has a login that has ended. ${again}`)
  return new Secret(accessToken)
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

const failure = (
  { provider, account }: TokenOwner,
  { profile }: SsoSettings,
  code: 'credential_rejected' | 'credential_unavailable',
  what: string,
): GatewayError =>
  new GatewayError(code, `The AWS profile ${profile} of account ${account} of provider ${provider} ${what}.`, { provider })
