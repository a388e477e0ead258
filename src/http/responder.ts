import type { Codec } from '../codecs/codec.ts'
import type { Answer, HeaderList } from '../engine/engine.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { WireFormat } from '../ir/wire-format.ts'
import type { Cors } from './cors.ts'
import type { Exchange } from './exchange.ts'
import type { ExchangeLog } from './exchange-log.ts'
import type { LiveStreams } from './live-streams.ts'

export interface ResponderOptions {
  readonly codecs: Readonly<Record<WireFormat, Codec>>
  readonly cors: Cors
  readonly log: ExchangeLog
  readonly streams: LiveStreams
}

/** Header in which a format's clients look for the id of a request. */
const CLIENT_ID_HEADER: Readonly<Record<WireFormat, string>> = {
  openai: 'x-request-id',
  responses: 'x-request-id',
  anthropic: 'request-id',
  gemini: 'x-request-id',
  bedrock_converse: 'x-amzn-requestid',
}

const JSON_TYPE = 'application/json'
/** A status of which no body may follow. */
const NO_CONTENT = 204
const EVENT_STREAM = 'text/event-stream; charset=utf-8'
/** A server may close a connection that stays silent for longer. */
const LONGEST_SILENCE_MS = 120_000
/** After these the rest of a request is of no use, or the connection is about to go. */
const CLOSING_CODES: ReadonlySet<string> = new Set([
  'request_timeout',
  'body_too_large',
  'shutting_down',
  'client_closed_request',
])

/** Turns answers and errors into responses, and ends their exchange. */
export class Responder {
  private readonly options: ResponderOptions

  constructor(options: ResponderOptions) {
    this.options = options
  }

  answer(exchange: Exchange, answer: Answer): Response {
    if (answer.kind === 'error') return this.error(exchange, answer.error, answer.headers)
    const { status } = answer
    if (answer.kind === 'whole') {
      const headers = this.headers(exchange, JSON_TYPE, answer.headers)
      this.options.log.end(exchange, status, answer.body.length)
      // A plain view of the bytes is a body for every server; the types only know it without a shared buffer.
      return new Response(status === NO_CONTENT ? null : (answer.body as string | Uint8Array<ArrayBuffer>), { status, headers })
    }
    if (exchange.request.signal.aborted) {
      answer.stream.cancel()
      return this.error(exchange, new GatewayError('client_closed_request', 'The client went away before its answer began.'))
    }
    const { framing } = exchange
    const stream = framing === undefined ? answer.stream : framing.frame(answer.stream)
    const headers = this.headers(exchange, framing?.contentType ?? EVENT_STREAM, answer.headers)
    headers['cache-control'] = 'no-cache, no-transform'
    headers['x-accel-buffering'] = 'no'
    if (stream.pingMs > LONGEST_SILENCE_MS) exchange.peer?.setIdleLimit?.(false)
    const body = this.options.streams.open(stream, exchange.request.signal, (outcome, bytes) => {
      this.options.log.end(exchange, outcome === 'cancelled' ? 499 : status, bytes)
    })
    return new Response(status === NO_CONTENT ? null : body, { status, headers })
  }

  /** Answers with something of the gateway's own: a list, a page, a state. */
  own(exchange: Exchange, status: number, body: string | null, extra: HeaderList): Response {
    const headers = this.headers(exchange, JSON_TYPE, extra)
    headers['cache-control'] ??= 'no-store'
    headers['x-content-type-options'] = 'nosniff'
    if (body === null) delete headers['content-type']
    this.options.log.end(exchange, status, body?.length ?? 0)
    return new Response(body, { status, headers })
  }

  /** Answers 200 with a value as JSON. */
  tell(exchange: Exchange, value: unknown): Response {
    return this.own(exchange, 200, JSON.stringify(value), [])
  }

  /** Answers with an error in the caller's own envelope. */
  error(exchange: Exchange, thrown: unknown, extra: HeaderList = []): Response {
    const error = this.gatewayError(exchange, thrown)
    exchange.error = error
    const { status, body } = this.options.codecs[exchange.format].encodeError(error, exchange.requestId)
    const headers = this.headers(exchange, JSON_TYPE, extra)
    if (error.retryAfterMs !== undefined) headers['retry-after'] = String(Math.ceil(error.retryAfterMs / 1000))
    // The SDKs of OpenAI and Anthropic obey it, and with them most agents.
    if (error.isFinal) headers['x-should-retry'] = 'false'
    if (status === 401) headers['www-authenticate'] ??= 'Bearer realm="switchback"'
    if (CLOSING_CODES.has(error.code)) headers['connection'] = 'close'
    const told = JSON.stringify(body)
    const text = exchange.framing?.error?.(told) ?? told
    this.options.log.end(exchange, status, text.length)
    return new Response(text, { status, headers })
  }

  private gatewayError(exchange: Exchange, thrown: unknown): GatewayError {
    if (thrown instanceof GatewayError) {
      if (thrown.code === 'internal') this.options.log.fault(exchange, thrown.cause ?? thrown)
      return thrown
    }
    this.options.log.fault(exchange, thrown)
    return new GatewayError('internal', 'The gateway failed to handle this request. Its log tells more under this request id.', {
      cause: thrown,
    })
  }

  /** Headers that every response has, then those of the answer, which win. */
  private headers(exchange: Exchange, contentType: string, list: HeaderList): Record<string, string> {
    const headers: Record<string, string> = { 'content-type': contentType, 'x-switchback-request-id': exchange.requestId }
    headers[CLIENT_ID_HEADER[exchange.format]] = exchange.requestId
    for (const [name, value] of list) headers[name] = value
    this.options.cors.addTo(headers, exchange.request.headers)
    return headers
  }
}
