import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { GatewayError } from '../../errors/gateway-error.ts'
import { isObject } from '../../ir/json.ts'
import type { KeptLogin, LoginStore } from '../../ir/login.ts'
import { awsDomain } from '../../lib/aws-domain.ts'
import { quietJson } from '../../lib/quiet-json.ts'
import { Secret } from '../../lib/secret.ts'
import { askEndpoint, type TokenEndpointDeps, type TokenOwner } from '../token-endpoint.ts'

/** A login in a browser (IAM Identity Center), as a profile names it. */
export interface SsoLoginSettings {
  readonly profile: string
  /** Name of the session, or the address of the portal: what the file of its token is named after. */
  readonly session: string
  readonly region: string
  /** Folder of the tokens, which `aws sso login` fills. */
  readonly cacheFolder: string
}

export interface SsoDeps extends TokenEndpointDeps {
  /** For tokens that were refreshed here: files of other programs are never written. */
  readonly logins: LoginStore
}

/** What the file of a login says. */
interface WrittenLogin {
  readonly accessToken: string
  /** Unix milliseconds. */
  readonly endsAt: number
  /** Undefined for logins that cannot be refreshed: those without an `sso_session`, and those whose registration has ended. */
  readonly renewal: { readonly refreshToken: string; readonly clientId: string; readonly clientSecret: string } | undefined
}

/** A token that ends within this time may end on its way. */
const SKEW_MS = 60_000
/** What a header can carry. */
const TOKEN = /^[\x21-\x7e]+$/

/**
 * The token of a login that `aws sso login` has made: that of its file, or one that was fetched with the refresh token in it (CreateToken).
 * Rejects with `credential_rejected` when somebody has to log in again, else with `credential_unavailable`.
 */
export async function ssoToken(settings: SsoLoginSettings, owner: TokenOwner, deps: SsoDeps): Promise<Secret> {
  const { accessToken, endsAt, renewal } = readLogin(settings, owner, deps.clock.wall())
  const isFresh = (end: number): boolean => end - SKEW_MS > deps.clock.wall()
  if (isFresh(endsAt)) return new Secret(accessToken)
  if (renewal === undefined) throw hasEnded(settings, owner)
  const { clientId, refreshToken } = renewal
  // Whoever logs in anew has another one.
  const origin = createHash('sha256')
    .update(JSON.stringify([settings.region, clientId, refreshToken]))
    .digest('hex')
  const login = await deps.logins.update(`${owner.provider}~${owner.account}`, async (kept) => {
    const own = kept?.origin === origin ? kept : undefined
    if (own?.expiresAt !== undefined && isFresh(own.expiresAt)) return own
    const token = own?.refreshToken ?? refreshToken
    return { origin, ...(await refreshed({ ...renewal, refreshToken: token }, settings, owner, deps)) }
  })
  return new Secret(login.accessToken)
}

async function refreshed(
  { clientId, clientSecret, refreshToken }: NonNullable<WrittenLogin['renewal']>,
  settings: SsoLoginSettings,
  owner: TokenOwner,
  deps: SsoDeps,
): Promise<Omit<KeptLogin, 'origin'>> {
  const { region } = settings
  const request = {
    url: `https://oidc.${region}.${awsDomain(region)}/token`,
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify({ clientId, clientSecret, grantType: 'refresh_token', refreshToken }),
  }
  const { status, text } = await askEndpoint(request, owner, deps)
  if (status >= 400 && status < 500 && status !== 429) throw hasEnded(settings, owner)
  const answer = status === 200 ? quietJson(text) : undefined
  const { accessToken, expiresIn, refreshToken: next } = isObject(answer) ? answer : {}
  if (typeof accessToken !== 'string' || !TOKEN.test(accessToken) || typeof expiresIn !== 'number' || !(expiresIn > 0))
    throw ssoFailure(
      settings,
      owner,
      'credential_unavailable',
      `has a login that IAM Identity Center did not refresh (HTTP ${status}). Try again later`,
    )
  return {
    accessToken,
    refreshToken: typeof next === 'string' && next !== '' ? next : refreshToken,
    expiresAt: deps.clock.wall() + expiresIn * 1000,
  }
}

function readLogin(settings: SsoLoginSettings, owner: TokenOwner, wall: number): WrittenLogin {
  const path = join(settings.cacheFolder, `${createHash('sha1').update(settings.session).digest('hex')}.json`)
  const value = quietJson(textOf(path))
  const fields = isObject(value) ? value : {}
  const { accessToken } = fields
  const endsAt = timeIn(fields['expiresAt'])
  if (typeof accessToken === 'string' && TOKEN.test(accessToken) && !Number.isNaN(endsAt))
    return { accessToken, endsAt, renewal: renewalIn(fields, wall) }
  throw ssoFailure(settings, owner, 'credential_rejected', `has no login in ${path}. ${loginAgain(settings)}`)
}

function renewalIn(fields: Readonly<Record<string, unknown>>, wall: number): WrittenLogin['renewal'] {
  const { refreshToken, clientId, clientSecret, registrationExpiresAt } = fields
  if (typeof refreshToken !== 'string' || typeof clientId !== 'string' || typeof clientSecret !== 'string') return undefined
  return timeIn(registrationExpiresAt) <= wall ? undefined : { refreshToken, clientId, clientSecret }
}

/** Unix milliseconds; NaN for what is no time. Older programs wrote the time zone in letters. */
const timeIn = (value: unknown): number => (typeof value === 'string' ? Date.parse(value.replace(/UTC$/, 'Z')) : Number.NaN)

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return '' // told as a file without a login
  }
}

const loginAgain = ({ profile }: SsoLoginSettings): string => `Run "aws sso login --profile ${profile}" on this machine`

const hasEnded = (settings: SsoLoginSettings, owner: TokenOwner): GatewayError =>
  ssoFailure(settings, owner, 'credential_rejected', `has a login that has ended. ${loginAgain(settings)}`)

export const ssoFailure = (
  { profile }: Pick<SsoLoginSettings, 'profile'>,
  { provider, account }: TokenOwner,
  code: 'credential_rejected' | 'credential_unavailable',
  what: string,
): GatewayError =>
  new GatewayError(code, `The AWS profile ${profile} of account ${account} of provider ${provider} ${what}.`, { provider })
