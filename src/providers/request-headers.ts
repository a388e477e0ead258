import { GatewayError } from '../errors/gateway-error.ts'
import type { AccountId } from '../ir/ids.ts'
import type { WireFormat } from '../ir/wire-format.ts'
import { CONNECTION_HEADERS, CREDENTIAL_HEADERS, HEADER_TABLES, REQUEST_ALWAYS } from './header-tables.ts'
import { keyHeaders } from '../transport/auth-scheme.ts'
import type { AccountSettings, ProviderSettings } from './provider.settings.schema.ts'

export interface RequestHeadersOptions {
  readonly settings: Pick<ProviderSettings, 'id' | 'format' | 'authScheme' | 'accounts' | 'headers'>
  readonly firstParty: boolean
  /** How the gateway calls itself, `switchback/<version>`. */
  readonly userAgent: string
}

/** What varies from call to call. */
export interface HeaderChoice {
  readonly account: Pick<AccountSettings, 'id'>
  readonly stream: boolean
  readonly clientHeaders: Headers
  readonly clientFormat: WireFormat
  readonly betas?: readonly string[] | undefined
}

interface StaticHeaders {
  readonly stream: Record<string, string>
  readonly whole: Record<string, string>
  /** Of the client's, where it speaks the same format. */
  readonly forwarded: readonly string[]
}

const BETA = 'anthropic-beta'
const NO_BETAS: readonly string[] = []

/**
 * Builds the headers of upstream requests. All that does not change is prepared once per account; a call only adds what its
 * client sent and the tables allow.
 */
export class RequestHeaders {
  private readonly byAccount = new Map<AccountId, StaticHeaders>()
  private readonly format: WireFormat
  private readonly firstParty: boolean
  private readonly staticBetas: string | undefined

  constructor({ settings, firstParty, userAgent }: RequestHeadersOptions) {
    const table = HEADER_TABLES[settings.format]
    const own = ownHeaders(settings)
    this.format = settings.format
    this.firstParty = firstParty
    this.staticBetas = own[BETA]
    const wanted = [...table.request, ...(firstParty ? table.requestToVendor : [])]
    for (const account of settings.accounts) {
      const identity = { ...account.egress?.headers, ...own }
      const base = { 'content-type': 'application/json', 'user-agent': userAgent, ...table.requestDefaults, ...identity }
      const credential = keyHeaders(settings.authScheme, account.apiKey?.reveal() ?? '')
      this.byAccount.set(account.id, {
        // A packed stream would be held back by whoever packs it.
        stream: { accept: 'text/event-stream', 'accept-encoding': 'identity', ...base, ...credential },
        whole: { accept: 'application/json', 'accept-encoding': 'gzip, deflate, br', ...base, ...credential },
        // What the operator wrote into the configuration wins over what a client sends.
        forwarded: wanted.filter((name) => identity[name] === undefined),
      })
    }
  }

  build({ account, stream, clientHeaders, clientFormat, betas = NO_BETAS }: HeaderChoice): Record<string, string> {
    const prepared = this.byAccount.get(account.id)
    if (prepared === undefined) throw new GatewayError('internal', `The account ${account.id} does not belong to this provider.`)
    const headers = { ...(stream ? prepared.stream : prepared.whole) }
    for (const name of REQUEST_ALWAYS) copy(name, clientHeaders, headers)
    const sameFormat = clientFormat === this.format
    if (sameFormat) for (const name of prepared.forwarded) copy(name, clientHeaders, headers)
    if (this.format === 'anthropic') {
      const joined = this.joinBetas(sameFormat && this.firstParty ? clientHeaders.get(BETA) : null, betas)
      if (joined !== undefined) headers[BETA] = joined
    }
    return headers
  }

  /** Of a request that goes on with whatever body, and takes whatever answer. */
  buildForward(choice: Omit<HeaderChoice, 'stream'>, contentType: string | undefined): Record<string, string> {
    const headers = this.build({ ...choice, stream: true })
    headers['accept'] = choice.clientHeaders.get('accept') ?? '*/*'
    if (contentType === undefined) delete headers['content-type']
    else headers['content-type'] = contentType
    return headers
  }

  /** The operator's, the encoder's and the client's betas, each once. */
  private joinBetas(clients: string | null, betas: readonly string[]): string | undefined {
    if (clients === null && betas.length === 0) return this.staticBetas
    const names = new Set<string>()
    for (const source of [this.staticBetas, clients, ...betas]) {
      for (const name of source?.split(',') ?? NO_BETAS) {
        const trimmed = name.trim()
        // These go with a subscription login, which stays behind.
        if (trimmed !== '' && !trimmed.toLowerCase().startsWith('oauth-')) names.add(trimmed)
      }
    }
    return names.size === 0 ? undefined : [...names].join(',')
  }
}

function copy(name: string, from: Headers, to: Record<string, string>): void {
  const value = from.get(name)
  if (value !== null && value !== '') to[name] = value
}

/** The provider's static headers, lower case. */
function ownHeaders({ id, headers, authScheme }: RequestHeadersOptions['settings']): Record<string, string> {
  const own: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    const lower = name.toLowerCase()
    const isCredential =
      CREDENTIAL_HEADERS.has(lower) || (authScheme.kind === 'header' && authScheme.name.toLowerCase() === lower)
    if (isCredential)
      throw new GatewayError(
        'config_invalid',
        `headers.${name} of provider ${id} is a credential. Put it into the provider's accounts.`,
      )
    if (CONNECTION_HEADERS.has(lower))
      throw new GatewayError('config_invalid', `headers.${name} of provider ${id} belongs to the connection and cannot be set.`)
    own[lower] = value
  }
  return own
}
