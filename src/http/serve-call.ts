import type { CallAddress, Codec } from '../codecs/codec.ts'
import { ClientCall } from '../engine/client-call.ts'
import type { Answer, Call, Engine } from '../engine/engine.ts'
import type { Flight, KeptBody, SingleFlight } from '../engine/single-flight.ts'
import { standardMedia } from '../engine/standard-media.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { Principal } from '../ir/principal.ts'
import type { Clock } from '../lib/clock.ts'
import { memoryFull } from '../engine/read-text.ts'
import { ByteHold, type ByteBudget } from '../lib/byte-budget.ts'
import type { Deadlines } from '../lib/deadlines.ts'
import type { JsonLimits } from '../lib/json-limits.ts'
import type { AccessControl } from './access-control.ts'
import type { Exchange } from './exchange.ts'
import { checkModelName } from './model-name.ts'
import { createNonce, parseBody, parsedAgain, type ParsedBody } from './parse-body.ts'
import { beginPatience, endPatience } from './patience.ts'
import { readBody, type ReadBodyOptions } from './read-body.ts'
import { pathOf } from './request-path.ts'
import { readHints, withoutHints } from './request-hints.ts'
import type { Responder } from './responder.ts'
import { ROUTES, type CallRouteName } from './routes.ts'
import type { ServerSettings } from './server.settings.schema.ts'

export interface CallServerOptions {
  readonly engine: Engine
  /** For calls with an `Idempotency-Key`; without it the header is not heeded. */
  readonly singleFlight?: SingleFlight | undefined
  readonly settings: ServerSettings
  readonly access: AccessControl
  readonly responder: Responder
  readonly clock: Clock
  readonly deadlines: Deadlines
  /** Bytes held in large buffers, of the process. */
  readonly buffers: ByteBudget
}

/** What a route does with a call. */
export interface CallRoute {
  readonly name: CallRouteName
  readonly codec: Codec
  readonly operation: 'generate' | 'count-tokens'
  /** Takes a request out of an envelope. */
  readonly open?: ((parsed: ParsedBody, address: CallAddress | undefined, headers: Headers) => OpenedCall) | undefined
}

/** A request that came in an envelope, as its format has it. */
export interface OpenedCall {
  readonly parsed: ParsedBody
  readonly headers: Headers
  /** Of the request, where it is not that of the route. */
  readonly codec?: Codec | undefined
}

/** Serves model calls: authenticate, read, parse, decode, hand to the engine. The path every request takes, so it does nothing else. */
export class CallServer {
  private readonly options: CallServerOptions
  private readonly limits: JsonLimits

  constructor(options: CallServerOptions) {
    const { settings } = options
    this.options = options
    this.limits = { maxDepth: settings.maxJsonDepth, maxNodes: settings.maxJsonNodes }
  }

  /** Two waits, for the body and for the engine; every further one would cost as much as parsing the headers. */
  async serve(exchange: Exchange, route: CallRoute): Promise<Response> {
    const { access, responder, engine } = this.options
    let principal: Principal
    try {
      principal = access.admit(exchange.request, ROUTES[route.name], exchange.peer)
    } catch (error) {
      return this.refuse(exchange, error)
    }
    exchange.principal = principal
    let call: Call
    try {
      call = callOf(exchange, route, principal, await this.receive(exchange))
    } catch (error) {
      this.record(exchange, route, principal, error)
      return responder.error(exchange, error)
    }
    beginPatience(exchange, this.options)
    try {
      return responder.answer(
        exchange,
        await (route.operation === 'generate' ? this.generate(exchange, route, call) : engine.countTokens(call)),
      )
    } catch (error) {
      // The engine promises not to reject; a fault in it must still become an answer.
      return responder.error(exchange, error)
    } finally {
      endPatience(exchange, this.options)
    }
  }

  /** A call with a key happens once at a time; all others go straight to the engine. */
  private generate(exchange: Exchange, route: CallRoute, call: Call): Promise<Answer> {
    const { engine, singleFlight } = this.options
    const key = singleFlight === undefined ? null : call.headers.get('idempotency-key')
    if (singleFlight === undefined || key === null || key === '') return engine.generate(call)
    return this.generateOnce(exchange, route, call, () =>
      singleFlight.begin({ key, path: pathOf(exchange.request.url), principal: call.principal, body: call.body.bytes }),
    )
  }

  private async generateOnce(
    exchange: Exchange,
    route: CallRoute,
    call: Call,
    begin: () => Promise<Flight | KeptBody>,
  ): Promise<Answer> {
    let flight: Flight | KeptBody
    try {
      flight = await begin()
    } catch (error) {
      this.record(exchange, route, call.principal, error)
      throw error
    }
    if (flight.kind === 'kept') return this.options.engine.replay(call, flight.body)
    try {
      return flight.guard(await this.options.engine.generate(call))
    } catch (fault) {
      flight.end()
      throw fault
    }
  }

  /** Reads and parses a body within the limits. */
  async receive(exchange: Exchange): Promise<ParsedBody> {
    return this.parse(exchange, await readBody(exchange.request, this.readOptions(exchange)))
  }

  /** Reads a body of any type within the limits. */
  async receiveBytes(exchange: Exchange): Promise<Uint8Array> {
    const bytes = await readBody(exchange.request, { ...this.readOptions(exchange), isJson: false })
    exchange.requestBytes = bytes.length
    return bytes
  }

  private readOptions(exchange: Exchange): ReadBodyOptions {
    const { settings, clock, deadlines, buffers } = this.options
    const reserve = (bytes: number): void => {
      exchange.hold ??= new ByteHold(buffers)
      if (!exchange.hold.grow(bytes)) throw memoryFull()
    }
    return { maxBytes: settings.maxRequestBytes, reserve, clock, deadlines }
  }

  /** The value of a body, or `absent` when there is none. */
  async receiveOr(exchange: Exchange, absent: unknown): Promise<unknown> {
    const { body, headers } = exchange.request
    return body === null || headers.get('content-length') === '0' ? absent : (await this.receive(exchange)).value
  }

  private parse(exchange: Exchange, bytes: Uint8Array): ParsedBody {
    exchange.requestBytes = bytes.length
    return parseBody(bytes, this.limits, createNonce)
  }

  private async refuse(exchange: Exchange, error: unknown): Promise<Response> {
    const { access, responder } = this.options
    if (error instanceof GatewayError) await access.afterRefusal(error, exchange.request, exchange.peer)
    return responder.error(exchange, error)
  }

  /** A call that never became one has a record too. */
  private record(exchange: Exchange, route: CallRoute, principal: Principal, error: unknown): void {
    if (!(error instanceof GatewayError)) return
    const { requestId, receivedAt, requestBytes } = exchange
    this.options.engine.refuse({
      requestId,
      receivedAt,
      operation: route.operation,
      format: route.codec.format,
      principal,
      error,
      requestBytes,
    })
  }
}

function callOf(exchange: Exchange, route: CallRoute, principal: Principal, received: ParsedBody): Call {
  const { requestId, receivedAt, request, address } = exchange
  const { operation } = route
  const opened = route.open?.(received, address, request.headers)
  const codec = opened?.codec ?? route.codec
  const parsed = opened?.parsed ?? received
  const hints = readHints(request.headers, parsed.value)
  const { value, body } = hints?.models === undefined ? parsed : withoutHints(parsed)
  const asked = (given: unknown): unknown =>
    operation === 'count-tokens' ? (codec.tokenCounter?.request?.(given) ?? given) : given
  const decoded = codec.decodeRequest(asked(value), address)
  checkModelName(decoded.value.model)
  return new ClientCall({
    requestId,
    receivedAt,
    codec,
    request: decoded.value,
    decodeAgain: body.blobs.size > 0 ? undefined : () => codec.decodeRequest(asked(parsedAgain(body)), address).value,
    diagnostics: decoded.diagnostics,
    body: body.blobs.size === 0 ? body : { ...body, blobs: standardMedia(decoded.value, body.blobs) },
    headers: opened?.headers ?? request.headers,
    principal,
    hints,
    signal: request.signal,
  })
}
