import { Deadlines } from '../lib/deadlines.ts'
import { Exchange } from './exchange.ts'
import { ExchangeLog } from './exchange-log.ts'
import { FailedAttempts } from './failed-attempts.ts'
import type { HttpApp, HttpAppOptions } from './http-app.types.ts'
import { createIngress, type IngressState } from './ingress.ts'
import { LiveStreams } from './live-streams.ts'
import { formatOfPath, pathOf } from './request-path.ts'
import { RefusalAudit } from './refusal-audit.ts'
import { shuttingDown } from './shutting-down.ts'

/**
 * The gateway's HTTP interface over an engine. Model calls are told apart by their path alone and go straight to the engine; everything
 * else goes through the router.
 */
export function createHttpApp(options: HttpAppOptions): HttpApp {
  const { clock, logger, generateId, requestFacts, metrics } = options
  let { isTrustedProxy } = options
  const state: IngressState = {
    log: new ExchangeLog({
      clock,
      logger,
      isTrustedProxy: (address) => isTrustedProxy(address),
      requestFacts,
      metrics: metrics?.http,
    }),
    streams: new LiveStreams({ clock }),
    deadlines: new Deadlines(clock),
    failures: new FailedAttempts({ clock }),
    audit:
      options.audit === undefined
        ? undefined
        : new RefusalAudit({ audit: options.audit, clock, warn: (message) => logger?.warn({}, message) }),
    isDraining: false,
  }
  let ingress = createIngress(options, state)

  return {
    fetch(request, peer) {
      const receivedAt = clock.now()
      const path = pathOf(request.url)
      const isPost = request.method === 'POST'
      const fixed = isPost ? ingress.callRoutes.get(path) : undefined
      const named = isPost && fixed === undefined ? ingress.modelCall(path, request.url) : undefined
      const route = fixed ?? named?.route
      const format = route === undefined ? formatOfPath(path, request.headers) : (named?.format ?? route.codec.format)
      const exchange = new Exchange({ request, peer, requestId: generateId(), receivedAt, format, route: route?.name })
      if (named !== undefined) {
        exchange.address = named.address
        exchange.framing = named.framing
      }
      state.log.begin()
      if (route === undefined) return ingress.cold.serve(exchange, path)
      if (state.isDraining) return ingress.responder.error(exchange, shuttingDown())
      return ingress.calls.serve(exchange, route)
    },
    configure(next) {
      isTrustedProxy = next.isTrustedProxy
      ingress = createIngress({ ...options, ...next }, state)
    },
    drain() {
      state.isDraining = true
      state.audit?.flush()
    },
    get active() {
      return state.log.active
    },
  }
}
