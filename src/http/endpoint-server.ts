import { ClientCall } from '../engine/client-call.ts'
import type { Call } from '../engine/engine.ts'
import type { EndpointUse } from '../engine/endpoints/endpoint-use.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { Endpoint } from '../ir/endpoint.ts'
import type { LlmRequest } from '../ir/request.ts'
import type { Exchange } from './exchange.ts'
import type { HttpAppOptions } from './http-app.types.ts'
import { checkModelName } from './model-name.ts'
import { beginPatience, endPatience, type PatienceOptions } from './patience.ts'
import { readHints } from './request-hints.ts'
import type { Responder } from './responder.ts'
import { shuttingDown } from './shutting-down.ts'

export interface EndpointServerOptions extends Pick<HttpAppOptions, 'engine' | 'codecs'>, PatienceOptions {
  readonly responder: Responder
  readonly isDraining: () => boolean
}

/** What a call of another endpoint is made of. */
export interface EndpointFacts extends Pick<Call, 'codec' | 'body'> {
  /** What routing and limits read of it. */
  readonly request: Pick<LlmRequest, 'model' | 'maxOutputTokens' | 'includeUsage'> & { readonly stream?: boolean }
  readonly endpoint: EndpointUse
}

/** Serves calls of the other endpoints: the same way through the engine, with a body of another kind. */
export class EndpointServer {
  private readonly options: EndpointServerOptions

  constructor(options: EndpointServerOptions) {
    this.options = options
  }

  /** `build` reads the body and throws for one that is no call. Every call that was admitted leaves a record. */
  async serve(exchange: Exchange, operation: Endpoint, build: () => Promise<EndpointFacts>): Promise<Response> {
    const { engine, responder, isDraining } = this.options
    if (isDraining()) throw shuttingDown()
    let call: Call
    try {
      call = callOf(exchange, await build())
    } catch (error) {
      this.record(exchange, operation, error)
      throw error
    }
    beginPatience(exchange, this.options)
    try {
      return responder.answer(exchange, await engine.generate(call))
    } finally {
      endPatience(exchange, this.options)
    }
  }

  private record(exchange: Exchange, operation: Endpoint, error: unknown): void {
    if (!(error instanceof GatewayError) || exchange.principal === undefined) return
    const { requestId, receivedAt, requestBytes, format, principal } = exchange
    this.options.engine.refuse({ requestId, receivedAt, operation, format, principal, error, requestBytes })
  }
}

function callOf(exchange: Exchange, { codec, body, request, endpoint }: EndpointFacts): Call {
  const { requestId, receivedAt, request: received, principal } = exchange
  checkModelName(request.model)
  if (principal === undefined) throw new GatewayError('internal', 'A call was served before its caller was known.')
  return new ClientCall({
    requestId,
    receivedAt,
    codec,
    request: { messages: [], sampling: {}, stream: false, ...request },
    decodeAgain: undefined,
    diagnostics: [],
    body,
    headers: received.headers,
    principal,
    hints: readHints(received.headers, undefined),
    endpoint,
    signal: received.signal,
  })
}
