import type { Codec } from '../codecs/codec.ts'
import type { Engine } from '../engine/engine.ts'
import type { SingleFlight } from '../engine/single-flight.ts'
import type { RequestId } from '../ir/ids.ts'
import type { ModelCard } from '../ir/model-card.ts'
import type { RoutingSnapshot } from '../ir/snapshot.ts'
import type { WireFormat } from '../ir/wire-format.ts'
import type { ByteBudget } from '../lib/byte-budget.ts'
import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../observability/logger.ts'
import type { AlertWatch } from '../observability/alerts/alert-watch.ts'
import type { RequestFacts } from '../observability/request-facts.ts'
import type { CaptureParts } from '../operations/captures.ts'
import type { GatewayMetrics } from '../operations/gateway-metrics.ts'
import type { OperatorParts } from '../operations/disable-switches.ts'
import type { AuditStore } from '../operations/list-audit.ts'
import type { PublishParts } from '../operations/revisions/publish.ts'
import type { RecordSource } from '../operations/record-source.ts'
import type { TenancyParts } from '../operations/tenancy/tenancy-parts.ts'
import type { IssuedKeys } from './authenticator.ts'
import type { UsageDesk } from '../operations/usage/usage-desk.ts'
import type { ServerSettings } from './server.settings.schema.ts'

/** The connection a request came in on. Absent when the gateway is called inside a process. */
export interface Peer {
  /** Remote address. Looked up when read. */
  readonly address?: string | undefined
  /** Whether the server may close this connection for being idle. On unless told otherwise. */
  setIdleLimit?(enabled: boolean): void
}

export interface HttpAppOptions {
  readonly engine: Engine
  /** For calls with an `Idempotency-Key`. */
  readonly singleFlight?: SingleFlight | undefined
  readonly codecs: Readonly<Record<WireFormat, Codec>>
  readonly snapshot: () => RoutingSnapshot
  readonly settings: ServerSettings
  readonly records: Pick<RecordSource, 'list' | 'get'>
  /** Whether an address belongs to a proxy of `settings.trustedProxies`. */
  readonly isTrustedProxy: (address: string) => boolean
  /** Facts of a model that the snapshot lists. */
  readonly modelCard?: ((modelId: string) => ModelCard | undefined) | undefined
  /** Keys that were issued, beside those of `settings`. */
  readonly issuedKeys?: IssuedKeys | undefined
  /** State of the upstreams and the switches of operators; without it their routes answer that there is none. */
  readonly operator?: OperatorParts | undefined
  /** Keys, tenants, projects and owners; without it their routes answer that there are none. */
  readonly tenancy?: TenancyParts | undefined
  readonly audit?: Pick<AuditStore, 'append' | 'list'> | undefined
  /** The history of configurations; without it its routes answer that there is none. */
  readonly revisions?: Omit<PublishParts, 'audit' | 'clock'> | undefined
  /** The ledger; without it its routes answer that there is none. */
  readonly usage?: UsageDesk | undefined
  /** What is measured; without it `/metrics` answers that there is nothing. */
  readonly metrics?: Pick<GatewayMetrics, 'expose' | 'http'> | undefined
  /** What is wrong and who is told; without it its routes answer that there is none. */
  readonly alerts?: AlertWatch | undefined
  /** Bodies that are captured for support; without it its routes answer that there is none. */
  readonly captures?: CaptureParts | undefined
  /** What a line of the log tells of a model call, beside what is known here. */
  readonly requestFacts?: Pick<RequestFacts, 'take'> | undefined
  readonly clock: Clock
  /** Bytes held in large buffers, of the process. */
  readonly buffers: ByteBudget
  /** One line a request, and faults of the gateway itself. */
  readonly logger?: Logger | undefined
  /** Of the gateway, for the status page. */
  readonly version: string
  readonly generateId: () => RequestId
}

/** The gateway behind its HTTP interface, for any server that knows `Request` and `Response`. */
export interface HttpApp {
  /** Never rejects. */
  fetch(request: Request, peer?: Peer): Promise<Response> | Response
  /** Takes new settings for requests that come from now on. Address, port and TLS stay as they are. */
  configure(next: Pick<HttpAppOptions, 'settings' | 'isTrustedProxy'>): void
  /** From now on not ready, and new calls are refused; running ones go on. */
  drain(): void
  /** Requests whose answer is not complete. */
  readonly active: number
}
