import { GatewayError } from '../errors/gateway-error.ts'
import { Deadlines } from '../lib/deadlines.ts'
import { AccessControl } from './access-control.ts'
import { ColdRoutes } from './cold-routes.ts'
import { Cors } from './cors.ts'
import { Exchange } from './exchange.ts'
import { ExchangeLog } from './exchange-log.ts'
import type { HttpApp, HttpAppOptions } from './http-app.types.ts'
import { LiveStreams } from './live-streams.ts'
import { formatOfPath, pathOf } from './request-path.ts'
import { RefusalAudit } from './refusal-audit.ts'
import { Responder } from './responder.ts'
import { ROUTES } from './routes.ts'
import { CallServer, type CallRoute } from './serve-call.ts'

/**
 * The gateway's HTTP interface over an engine. Model calls are told apart by their path alone and go straight to the engine; everything
 * else goes through the router.
 */
export function createHttpApp(options: HttpAppOptions): HttpApp {
  const { settings, codecs, clock, generateId, engine, isTrustedProxy } = options
  const { basePath } = settings
  const state = { isDraining: false }
  const log = new ExchangeLog({ clock, logger: options.logger, isTrustedProxy })
  const cors = new Cors(settings)
  const responder = new Responder({ codecs, cors, log, streams: new LiveStreams({ clock }) })
  const audit =
    options.audit === undefined
      ? undefined
      : new RefusalAudit({ audit: options.audit, clock, warn: (message) => options.logger?.warn({}, message) })
  const access = new AccessControl({ settings, isTrustedProxy, clock, issuedKeys: options.issuedKeys, audit })
  const calls = new CallServer({ engine, settings, access, responder, clock, deadlines: new Deadlines(clock) })
  const cold = new ColdRoutes({ ...options, access, responder, calls, cors, isDraining: () => state.isDraining })
  const callRoutes = new Map(
    callRoutesOf(codecs).map((route): [string, CallRoute] => [`${basePath}${ROUTES[route.name].path}`, route]),
  )

  return {
    fetch(request, peer) {
      const receivedAt = clock.now()
      const path = pathOf(request.url)
      const route = request.method === 'POST' ? callRoutes.get(path) : undefined
      const format = route === undefined ? formatOfPath(path, request.headers) : route.codec.format
      const exchange = new Exchange({ request, peer, requestId: generateId(), receivedAt, format, route: route?.name })
      log.begin()
      if (route === undefined) return cold.serve(exchange, path)
      if (state.isDraining) return responder.error(exchange, shuttingDown())
      return calls.serve(exchange, route)
    },
    drain() {
      state.isDraining = true
      audit?.flush()
    },
    get active() {
      return log.active
    },
  }
}

function callRoutesOf(codecs: HttpAppOptions['codecs']): CallRoute[] {
  return [
    { name: 'chatCompletions', codec: codecs.openai, operation: 'generate' },
    { name: 'responses', codec: codecs.responses, operation: 'generate' },
    { name: 'messages', codec: codecs.anthropic, operation: 'generate' },
    { name: 'countTokens', codec: codecs.anthropic, operation: 'count-tokens' },
  ]
}

const shuttingDown = (): GatewayError =>
  new GatewayError(
    'shutting_down',
    'The gateway is shutting down and takes no new requests. Send the request again in a moment.',
    { retryAfterMs: 1_000 },
  )
