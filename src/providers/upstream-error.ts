import type { Credential } from '../credentials/credential.types.ts'
import { ERROR_TABLE, type ErrorCode } from '../errors/codes.ts'
import { GatewayError, type UpstreamErrorFacts, type UpstreamErrorHeaders } from '../errors/gateway-error.ts'
import type { AccountId } from '../ir/ids.ts'
import type { StreamFailure } from '../ir/stream-event.ts'
import type { WireFormat } from '../ir/wire-format.ts'
import { classifyInBand, classifyStatus } from './classify-error.ts'
import { overflowSizes } from './overflow-sizes.ts'
import type { ProviderSettings } from './provider.settings.schema.ts'
import { clientHeadersOf } from './response-headers.ts'
import { retryAfterMs } from './retry-after.ts'

/** Waiting helps after these; a time named with another failure is ignored. */
const WAITING_HELPS: ReadonlySet<ErrorCode> = new Set([
  'upstream_rate_limited',
  'upstream_quota_exceeded',
  'upstream_overloaded',
  'upstream_server_error',
  'upstream_timeout',
  'upstream_conflict',
  'upstream_connect_failed',
])

/** About the gateway's own credential: the client can do nothing, so the sentence speaks to the operator. */
const OPERATORS_TURN: Readonly<Partial<Record<ErrorCode, string>>> = {
  upstream_authentication: 'Check the key of this account in the configuration.',
  upstream_permission: 'Check what the key of this account may do.',
  upstream_payment_required: 'Check the billing of this account.',
}

/** Vendors repeat keys in their messages, some in part. */
const KEY_LIKE =
  /\b(?:sk|pk|rk|gsk|xai|key|nvapi|fw|csk|tgp|AIza)[-_]?[A-Za-z0-9_-]*\*{2,}[A-Za-z0-9_*-]*|\b(?:sk|gsk|xai|nvapi|csk)-[A-Za-z0-9_-]{16,}/g

type Credentials = ReadonlyMap<AccountId, Pick<Credential, 'secrets'>>
const NO_CREDENTIALS: Credentials = new Map()

/** Makes errors of what one provider's upstream said, with its own credentials cut out. */
export class UpstreamErrors {
  private readonly provider: string
  private readonly format: WireFormat
  private readonly keys: readonly string[]
  private readonly credentials: Credentials
  private readonly wall: () => number

  constructor(
    settings: Pick<ProviderSettings, 'id' | 'format' | 'accounts'>,
    wall: () => number,
    credentials: Credentials = NO_CREDENTIALS,
  ) {
    this.provider = settings.id
    this.format = settings.format
    this.keys = settings.accounts.map((account) => account.apiKey?.reveal() ?? '')
    this.credentials = credentials
    this.wall = wall
  }

  /** An answer with an error status. */
  ofStatus(status: number, facts: UpstreamErrorFacts, headers: Headers): GatewayError {
    const type = facts.type ?? amazonType(headers)
    const told = type === undefined ? { ...facts, status } : { ...facts, status, type }
    return this.make(classifyStatus(status, told), told, headers)
  }

  /** A failure inside an answer that began well. */
  ofFailure({ code, message, status, type }: StreamFailure): GatewayError {
    const facts = { code, message, status, type }
    return this.make(classifyInBand(facts), facts, undefined)
  }

  private make(code: ErrorCode, facts: UpstreamErrorFacts, headers: Headers | undefined): GatewayError {
    const message = facts.message === undefined ? undefined : this.redact(facts.message)
    const wait = WAITING_HELPS.has(code) ? retryAfterMs({ headers, bodyMs: facts.retryAfterMs, message }, this.wall()) : undefined
    const { message: _message, ...rest } = facts
    const shown = headers === undefined ? undefined : this.shownHeaders(headers)
    const upstream = shown === undefined ? rest : { ...rest, headers: shown }
    return new GatewayError(code, this.sentence(code, facts.status, message), {
      provider: this.provider,
      // With an operator's turn the client gets the gateway's own sentence instead of a hint about a key it does not have.
      upstream: OPERATORS_TURN[code] !== undefined || message === undefined ? upstream : { ...upstream, message },
      ...(wait === undefined ? {} : { retryAfterMs: wait }),
      ...(facts.param === undefined ? {} : { param: facts.param }),
      ...(ERROR_TABLE[code].category === 'context-too-long' ? { overflow: overflowSizes(message) } : {}),
    })
  }

  private shownHeaders(headers: Headers): UpstreamErrorHeaders | undefined {
    const { format } = this
    const shownToSameFormat = clientHeadersOf(format, format, headers)
    if (shownToSameFormat.length === 0) return undefined
    return { format, shown: clientHeadersOf(format, undefined, headers), shownToSameFormat }
  }

  private sentence(code: ErrorCode, status: number | undefined, message: string | undefined): string {
    const how = status === undefined ? '' : ` (HTTP ${status})`
    const said = message === undefined ? '' : `: ${message}`
    const advice = OPERATORS_TURN[code]
    if (advice !== undefined)
      return `Provider ${this.provider} refused the credential of this gateway${how}${said}${/[.!?][)"']?$/.test(said) ? '' : '.'} ${advice}`
    if (message !== undefined) return message
    const hint = status === 404 || status === 405 ? ' Check base_url and the name of the model.' : ''
    return `Provider ${this.provider} answered with an error${how} and no explanation.${hint}`
  }

  private *secrets(): Iterable<string> {
    yield* this.keys
    for (const credential of this.credentials.values()) for (const secret of credential.secrets()) yield secret.reveal()
  }

  private redact(message: string): string {
    let text = message
    for (const secret of this.secrets()) if (secret.length >= 4) text = text.replaceAll(secret, '[redacted]')
    return text.replaceAll(KEY_LIKE, '[redacted]')
  }
}

/** Amazon names the kind of an error in a header, and only there: `ThrottlingException:http://…`. */
function amazonType(headers: Headers): string | undefined {
  const name = headers.get('x-amzn-errortype')?.split(':')[0]?.trim()
  return name === undefined || name === '' ? undefined : name
}
