import type { ErrorCode } from '../errors/codes.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import { isObject } from '../ir/json.ts'
import type { AccountId, ProviderId } from '../ir/ids.ts'
import type { Clock } from '../lib/clock.ts'
import { quietJson } from '../lib/quiet-json.ts'
import { Secret } from '../lib/secret.ts'
import { within } from '../lib/within.ts'
import { limitedText } from '../transport/limited-text.ts'
import type { EgressPath } from '../transport/egress.settings.schema.ts'
import type { Transport, UnsentRequest } from '../transport/transport.ts'
import type { Token } from './token.types.ts'

/** Longest wait for a token. */
const TIMEOUT_MS = 30_000
/** Answers of token endpoints have a few kilobytes. */
const MOST_BYTES = 256 * 1024

/** Whose token it is, for messages. */
export interface TokenOwner {
  readonly provider: ProviderId
  readonly account: AccountId
  /** How requests of the account leave; those for its tokens do too. */
  readonly egress?: EgressPath | undefined
}

export interface TokenEndpointDeps {
  readonly transport: Pick<Transport, 'send'>
  readonly clock: Pick<Clock, 'wall' | 'sleep'>
}

/** What a token endpoint gave. */
export interface Grant {
  readonly token: Token
  /** The next refresh token, where it gives a new one each time. */
  readonly refreshToken: string | undefined
}

/** They say what is wrong themselves: not the endpoint. */
const PASSED_ON: ReadonlySet<ErrorCode> = new Set([
  'credential_unavailable',
  'egress_failed',
  'egress_disabled',
  'address_not_allowed',
])

/** A form for a token endpoint, as OAuth 2.0 sends it (RFC 6749, appendix B). */
export const tokenForm = (url: string, fields: Readonly<Record<string, string | undefined>>): UnsentRequest => ({
  url,
  method: 'POST',
  headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
  body: new URLSearchParams(
    Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  ).toString(),
})

/**
 * Asks for a token. Rejects with `credential_rejected` when the endpoint does not accept what it was shown, and `credential_unavailable`
 * when it gave no token for any other reason. Of its words only codes are repeated: the rest may hold secrets.
 */
export async function requestToken(request: UnsentRequest, owner: TokenOwner, deps: TokenEndpointDeps): Promise<Grant> {
  const { status, text } = await askEndpoint(request, owner, deps)
  // No JSON is a page of a proxy in between, or a cut answer: the status says the rest.
  const body = quietJson(text)
  if (status >= 200 && status < 300) return grantOf(body, deps.clock.wall()) ?? fail(unavailable(owner, request, 'gave no token'))
  const code = codeOf(body)
  const told = code === undefined ? `HTTP ${status}` : `HTTP ${status}, ${code}`
  if (status >= 500 || status === 429 || status === 408) throw unavailable(owner, request, `answered with ${told}`)
  throw new GatewayError(
    'credential_rejected',
    `The token endpoint ${hostOf(request)} does not accept what account ${owner.account} of provider ${owner.provider} logs in with (${told}). Log in again, or replace the credential.`,
    { provider: owner.provider },
  )
}

/** Asks an endpoint that gives credentials, within the usual time. Rejects with `credential_unavailable` when it does not answer. */
export async function askEndpoint(
  request: UnsentRequest,
  owner: TokenOwner,
  { transport, clock }: TokenEndpointDeps,
  timeoutMs: number = TIMEOUT_MS,
): Promise<{ readonly status: number; readonly text: string }> {
  const controller = new AbortController()
  const asked = async (): Promise<{ status: number; text: string }> => {
    const response = await transport.send({
      ...request,
      signal: controller.signal,
      provider: owner.provider,
      egress: owner.egress,
    })
    return { status: response.status, text: await limitedText(response, MOST_BYTES) }
  }
  const late = (): never => {
    controller.abort()
    throw unavailable(owner, request, `did not answer within ${timeoutMs / 1000} s`)
  }
  return within(asked(), { clock, ms: timeoutMs, late }).catch((cause: unknown) => {
    if (cause instanceof GatewayError && PASSED_ON.has(cause.code)) throw cause
    throw unavailable(owner, request, cause instanceof GatewayError ? `failed (${cause.code})` : 'broke off', cause)
  })
}

function grantOf(body: unknown, wall: number): Grant | undefined {
  if (!isObject(body)) return undefined
  const { access_token: access, expires_in: expiresIn, refresh_token: refresh } = body
  // Another character than these would end the header it is sent in.
  if (typeof access !== 'string' || !/^[\x21-\x7e]+$/.test(access)) return undefined
  const seconds = Number(expiresIn)
  const expiresAt = expiresIn !== undefined && Number.isFinite(seconds) && seconds > 0 ? wall + seconds * 1000 : undefined
  return {
    token: { secret: new Secret(access), expiresAt },
    refreshToken: typeof refresh === 'string' && refresh !== '' ? refresh : undefined,
  }
}

/** The word of RFC 6749 for what is wrong, and Microsoft's number for it. */
function codeOf(body: unknown): string | undefined {
  if (!isObject(body)) return undefined
  const { error, error_description: description } = body
  const word = typeof error === 'string' && /^[a-z][a-z_-]{0,60}$/.test(error) ? error : undefined
  const number = typeof description === 'string' ? /^AADSTS\d{3,9}\b/.exec(description)?.[0] : undefined
  return [word, number].filter((part) => part !== undefined).join(' ') || undefined
}

const unavailable = ({ provider, account }: TokenOwner, request: UnsentRequest, what: string, cause?: unknown): GatewayError =>
  new GatewayError(
    'credential_unavailable',
    `The token endpoint ${hostOf(request)} ${what}, so account ${account} of provider ${provider} has no token for now.`,
    cause === undefined ? { provider } : { provider, cause },
  )

/** Addresses may hold secrets in their path and query. */
const hostOf = ({ url }: UnsentRequest): string => URL.parse(url)?.host ?? ''

function fail(error: GatewayError): never {
  throw error
}
