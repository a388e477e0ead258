import type { Codec, WireQuirks } from '../codecs/codec.ts'
import type { UpstreamEmbeddings } from '../codecs/embedding-codec.ts'
import type { Credential } from '../credentials/credential.types.ts'
import type { GatewayError, UpstreamErrorFacts } from '../errors/gateway-error.ts'
import type { ProviderId } from '../ir/ids.ts'
import type { StreamFailure } from '../ir/stream-event.ts'
import type { WireFormat } from '../ir/wire-format.ts'
import type { EgressPath } from '../transport/egress.settings.schema.ts'
import type { StreamedBody, UnsentRequest } from '../transport/transport.ts'
import type { Operation } from './endpoint-url.ts'
import type { AccountSettings, ProviderSettings } from './provider.settings.schema.ts'

/** A request body: text, bytes, or pieces that are sent one after the other without being joined. */
export type UpstreamBody = string | Uint8Array | readonly Uint8Array[]

export interface BuildOptions {
  readonly operation: Operation
  readonly model: string
  readonly body: UpstreamBody
  readonly account: AccountSettings
  readonly stream: boolean
  readonly clientHeaders: Headers
  readonly clientFormat: WireFormat
  /** Anthropic betas the encoder wants beside the client's own. */
  readonly betas?: readonly string[] | undefined
}

/** A request that goes on as its client made it, but for the model and the credential. */
export interface ForwardOptions extends Pick<BuildOptions, 'account' | 'clientHeaders' | 'clientFormat'> {
  readonly method: string
  /** Begins with a slash. Of an address within the provider: as the client wrote it, and checked (`safePath`). */
  readonly path: string
  /** `endpoint`: one of OpenAI's API, below the base and its version. `within`: any, below the base. */
  readonly where: 'endpoint' | 'within'
  readonly query?: URLSearchParams | undefined
  readonly contentType?: string | undefined
  readonly body?: UpstreamBody | StreamedBody | undefined
}

/** Codec × signer × transport of one configured provider. */
export interface Provider {
  readonly id: ProviderId
  readonly settings: ProviderSettings
  readonly codec: Codec
  /** Its embeddings, where they are others than those of its format. */
  readonly embeddings?: UpstreamEmbeddings | undefined
  readonly quirks: WireQuirks
  /** The upstream is the format's own vendor. */
  readonly firstParty: boolean
  buildRequest(options: BuildOptions): UnsentRequest
  buildForward(options: ForwardOptions): UnsentRequest
  /** What authorises the requests of an account between building and sending; undefined where its fixed key is in them already. */
  credentialOf(account: Pick<AccountSettings, 'id'>): Credential | undefined
  /** Of `format: auto`: the provider as it speaks this format. */
  readonly speaking?: ((format: WireFormat) => Provider) | undefined
  /** Sends; rejects with a `GatewayError` (connect failed, timeout, interrupted) or with the signal's own reason. */
  send(request: UnsentRequest, signal: AbortSignal): Promise<Response>
  /** Whether the upstream's origin takes connections; true without a look when it answered lately. */
  isReachable(timeoutMs: number, signal: AbortSignal, egress?: EgressPath): Promise<boolean>
  /** What an error answer means. */
  classify(status: number, facts: UpstreamErrorFacts, headers: Headers): GatewayError
  classifyInBand(failure: StreamFailure): GatewayError
  /** Upstream response headers the client may see, by its format. */
  clientHeadersOf(headers: Headers, clientFormat: WireFormat): (readonly [string, string])[]
}
