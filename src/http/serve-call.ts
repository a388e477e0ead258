import type { Codec } from '../codecs/codec.ts'
import type { Call, Engine } from '../engine/engine.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { Principal } from '../ir/principal.ts'
import type { Clock } from '../lib/clock.ts'
import type { Deadlines } from '../lib/deadlines.ts'
import type { AccessControl } from './access-control.ts'
import type { Exchange } from './exchange.ts'
import type { RefusedCall } from './http-app.types.ts'
import { parseBody, type ParsedBody } from './parse-body.ts'
import { readBody } from './read-body.ts'
import type { Responder } from './responder.ts'
import { ROUTES, type CallRouteName } from './routes.ts'
import type { ServerSettings } from './server.settings.schema.ts'

export interface CallServerOptions {
  readonly engine: Engine
  readonly settings: ServerSettings
  readonly access: AccessControl
  readonly responder: Responder
  readonly clock: Clock
  readonly deadlines: Deadlines
  readonly onRefused: ((call: RefusedCall) => void) | undefined
}

/** What a route does with a call. */
export interface CallRoute {
  readonly name: CallRouteName
  readonly codec: Codec
  readonly operation: 'generate' | 'count-tokens'
}

/** Below this no server closes a connection that waits for its answer. */
const PATIENCE_MS = 60_000

/** Serves model calls: authenticate, read, parse, decode, hand to the engine. The path every request takes, so it does nothing else. */
export class CallServer {
  private readonly options: CallServerOptions

  constructor(options: CallServerOptions) {
    this.options = options
  }

  async serve(exchange: Exchange, route: CallRoute): Promise<Response> {
    const { access, responder } = this.options
    try {
      exchange.principal = access.admit(exchange.request, ROUTES[route.name], exchange.peer)
    } catch (error) {
      if (error instanceof GatewayError) await access.afterRefusal(error, exchange.request, exchange.peer)
      return responder.error(exchange, error)
    }
    let call: Call
    try {
      call = this.decode(exchange, route, exchange.principal, await this.receive(exchange))
    } catch (error) {
      this.tellRefused(exchange, route, exchange.principal, error)
      return responder.error(exchange, error)
    }
    return this.execute(exchange, route, call)
  }

  /** Reads and parses a body within the limits. */
  async receive(exchange: Exchange): Promise<ParsedBody> {
    const { settings, clock, deadlines } = this.options
    const bytes = await readBody(exchange.request, { maxBytes: settings.maxRequestBytes, clock, deadlines })
    exchange.requestBytes = bytes.length
    return parseBody(bytes, { maxDepth: settings.maxJsonDepth, maxNodes: settings.maxJsonNodes }, createNonce)
  }

  private decode(exchange: Exchange, route: CallRoute, principal: Principal, parsed: ParsedBody): Call {
    const { request } = exchange
    const { value, diagnostics } = route.codec.decodeRequest(parsed.value)
    return {
      requestId: exchange.requestId,
      receivedAt: exchange.receivedAt,
      codec: route.codec,
      request: value,
      diagnostics,
      body: parsed.body,
      headers: request.headers,
      principal,
      signal: request.signal,
    }
  }

  private async execute(exchange: Exchange, route: CallRoute, call: Call): Promise<Response> {
    const { engine, responder, clock, deadlines } = this.options
    const { peer } = exchange
    const watch = deadlines.watch(clock.now() + PATIENCE_MS, () => peer?.setIdleLimit?.(false))
    try {
      const answer = await (route.operation === 'generate' ? engine.generate(call) : engine.countTokens(call))
      return responder.answer(exchange, answer)
    } catch (error) {
      // The engine promises not to reject; a fault in it must still become an answer.
      return responder.error(exchange, error)
    } finally {
      deadlines.drop(watch)
      if (watch.at <= clock.now()) peer?.setIdleLimit?.(true)
    }
  }

  private tellRefused(exchange: Exchange, route: CallRoute, principal: Principal, error: unknown): void {
    if (!(error instanceof GatewayError) || this.options.onRefused === undefined) return
    const { requestId, receivedAt, format, requestBytes } = exchange
    this.options.onRefused({ requestId, receivedAt, operation: route.operation, format, principal, error, requestBytes })
  }
}

const createNonce = (): string => crypto.randomUUID().replaceAll('-', '')
