import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../observability/logger.ts'
import type { HttpMetrics } from '../observability/metrics/http-metrics.ts'
import type { RequestFacts } from '../observability/request-facts.ts'
import { clientAddress } from './client-address.ts'
import type { Exchange } from './exchange.ts'
import { knownMethod } from './known-method.ts'
import { ROUTES } from './routes.ts'

export interface ExchangeLogOptions {
  readonly clock: Clock
  readonly logger: Logger | undefined
  readonly isTrustedProxy: (address: string) => boolean
  /** What the engine knows of a model call that has ended. */
  readonly requestFacts?: Pick<RequestFacts, 'take'> | undefined
  readonly metrics?: Pick<HttpMetrics, 'ended'> | undefined
}

/** Counts running requests and writes one line for each that has ended. Metadata only: no path, query, header or body of a client. */
export class ExchangeLog {
  active = 0
  private readonly options: ExchangeLogOptions

  constructor(options: ExchangeLogOptions) {
    this.options = options
  }

  begin(): void {
    this.active++
  }

  end(exchange: Exchange, status: number, responseBytes: number | undefined): void {
    this.active--
    exchange.hold?.release()
    const { logger, clock, isTrustedProxy, metrics, requestFacts } = this.options
    metrics?.ended(exchange.route ?? 'none', status)
    if (logger === undefined || !logger.isEnabled('info')) return
    const { route, principal, error } = exchange
    const facts = {
      request_id: exchange.requestId,
      method: knownMethod(exchange.request.method),
      route: route === undefined ? 'none' : ROUTES[route].path,
      status,
      error_code: error?.code,
      duration_ms: Math.round((clock.now() - exchange.receivedAt) * 1000) / 1000,
      request_bytes: exchange.requestBytes,
      response_bytes: responseBytes,
      api_key_id: principal?.keyId,
      tenant: principal?.tenant,
      client_address: clientAddress(exchange.request.headers, exchange.peer, isTrustedProxy),
      ...requestFacts?.take(exchange.requestId),
    }
    logger.info(facts, 'request')
  }

  /** A fault of the gateway itself. */
  fault(exchange: Exchange, error: unknown): void {
    this.options.logger?.error({ request_id: exchange.requestId, error }, 'the gateway failed to handle a request')
  }
}
