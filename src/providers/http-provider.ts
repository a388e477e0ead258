import { codecFor } from '../codecs/registry.ts'
import type { WireQuirks } from '../codecs/codec.ts'
import type { Credential } from '../credentials/credential.types.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { AccountId } from '../ir/ids.ts'
import { keyAddress } from '../transport/auth-scheme.ts'
import { addressBelow, addressWithin, endpointOf, type Endpoint, type Operation, type UpstreamApi } from './endpoint-url.ts'
import type { ProviderDeps } from './provider-definition.ts'
import type { AccountSettings, ProviderSettings } from './provider.settings.schema.ts'
import type { BuildOptions, ForwardOptions, Provider, UpstreamBody } from './provider.types.ts'
import { isFirstParty, resolveQuirks } from './quirks.ts'
import { RequestHeaders } from './request-headers.ts'
import { clientHeadersOf } from './response-headers.ts'
import { UpstreamErrors } from './upstream-error.ts'

/** What a type does otherwise than its format says. */
export interface ProviderManner {
  readonly api?: UpstreamApi | undefined
  /** The body as this upstream takes it. */
  readonly bodyOf?: ((options: BuildOptions) => UpstreamBody) | undefined
}

/**
 * A provider behind HTTP. `quirksOfType` are those of a type that is one vendor's; without them the host decides. Addresses,
 * credentials and headers are prepared here, once.
 */
export function createHttpProvider(
  settings: ProviderSettings,
  deps: ProviderDeps,
  quirksOfType?: WireQuirks,
  { api = settings.format, bodyOf = ({ body }) => body }: ProviderManner = {},
): Provider {
  const { transport, clock, userAgent } = deps
  const { id, format } = settings
  const firstParty = isFirstParty(settings)
  const headers = new RequestHeaders({ settings, firstParty, userAgent })
  const credentials = accountCredentials(settings, deps)
  const errors = new UpstreamErrors(settings, () => clock.wall(), credentials)
  const endpoints = accountEndpoints(settings, api)
  const { origin } = new URL(endpointOf(settings.baseUrl, api, 'generate')({ model: 'any', stream: false }))
  return {
    id,
    settings,
    codec: codecFor(format),
    quirks: resolveQuirks(settings, quirksOfType, firstParty),
    firstParty,
    buildRequest(options) {
      const endpoint = endpoints[options.operation]?.get(options.account.id)
      if (endpoint === undefined) throw cannot(settings, options.operation)
      const { egress } = options.account
      return { url: endpoint(options), method: 'POST', headers: headers.build(options), body: bodyOf(options), egress }
    },
    buildForward(options) {
      const contentType = options.contentType ?? (options.body === undefined ? undefined : 'application/octet-stream')
      return {
        url: forwardAddress(settings, options),
        method: options.method,
        headers: headers.buildForward(options, contentType),
        body: options.body,
      }
    },
    credentialOf: (account) => credentials.get(account.id),
    send: ({ url, method, headers: sent, body, egress }, signal) =>
      transport.send({ url, method, headers: sent, body, signal, origin, provider: id, egress }),
    async isReachable(timeoutMs, signal, egress) {
      return transport.isWarm(origin) || (await transport.isReachable(origin, timeoutMs, signal, egress))
    },
    classify: (status, facts, answered) => errors.ofStatus(status, facts, answered),
    classifyInBand: (failure) => errors.ofFailure(failure),
    clientHeadersOf: (answered, clientFormat) => clientHeadersOf(format, clientFormat, answered),
  }
}

type AccountEndpoints = Readonly<Partial<Record<Operation, ReadonlyMap<AccountId, Endpoint>>>>

/** The address of each operation for each account: with the key in it where the scheme says so. */
function accountEndpoints(settings: ProviderSettings, api: UpstreamApi): AccountEndpoints {
  const endpointsOf = (operation: Operation): Map<AccountId, Endpoint> =>
    new Map(settings.accounts.map((account) => [account.id, endpointOf(addressFor(account, settings), api, operation)]))
  const operations: Operation[] = ['generate']
  if (codecFor(settings.format).tokenCounter !== undefined) operations.push('count-tokens')
  if (settings.offers.includes('embeddings')) operations.push('embed', 'embed-batch')
  return Object.fromEntries(operations.map((operation) => [operation, endpointsOf(operation)]))
}

/** The client's query goes on, without what could be a credential: its own is for the gateway. */
function forwardAddress(settings: ProviderSettings, { path, where, query, account }: ForwardOptions): string {
  const { baseUrl, format, authScheme } = settings
  const url = where === 'endpoint' ? addressBelow(baseUrl, format, path) : addressWithin(baseUrl, path)
  for (const [name, value] of query ?? [])
    if (name !== 'key' && !(authScheme.kind === 'query' && authScheme.name === name)) url.searchParams.append(name, value)
  return keyAddress(authScheme, account.apiKey?.reveal() ?? '', url.href)
}

const addressFor = ({ apiKey }: AccountSettings, { authScheme, baseUrl }: ProviderSettings): string =>
  keyAddress(authScheme, apiKey?.reveal() ?? '', baseUrl)

/** The credentials of the accounts that have one. */
function accountCredentials({ id, accounts, authScheme }: ProviderSettings, deps: ProviderDeps): Map<AccountId, Credential> {
  const found = new Map<AccountId, Credential>()
  for (const { id: account, credential, egress } of accounts) {
    if (credential === undefined) continue
    if (deps.credentials === undefined)
      throw new GatewayError('internal', `Nothing here makes credentials of kind ${credential.kind}.`, { provider: id })
    found.set(account, deps.credentials({ provider: id, account, settings: credential, scheme: authScheme, egress }))
  }
  return found
}

function cannot(settings: ProviderSettings, operation: Operation): GatewayError {
  if (operation === 'count-tokens' && codecFor(settings.format).tokenCounter === undefined) {
    return new GatewayError(
      'count_tokens_unsupported',
      `Provider ${settings.id} speaks ${settings.format}, which has no token counter.`,
      { provider: settings.id },
    )
  }
  return new GatewayError('internal', `The account does not belong to provider ${settings.id}.`, { provider: settings.id })
}
