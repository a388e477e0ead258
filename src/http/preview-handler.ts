import { GatewayError } from '../errors/gateway-error.ts'
import { isObject, type JsonObject } from '../ir/json.ts'
import { WIRE_FORMATS, type WireFormat } from '../ir/wire-format.ts'
import { guessFormat } from '../operations/preview-route.ts'
import type { HttpAppOptions } from './http-app.types.ts'
import type { Responder } from './responder.ts'
import type { ColdHandler } from './route-handler.ts'
import type { CallServer } from './serve-call.ts'

export interface PreviewHandlerOptions extends Pick<HttpAppOptions, 'engine' | 'codecs' | 'snapshot'> {
  readonly calls: CallServer
  readonly responder: Responder
}

/**
 * The decision a call would get now, without calling anyone. Takes the body as a client would send it, or `{format, request}`; the
 * format is taken from the query, that wrapper, the `anthropic-version` header, or the shape of the body.
 */
export function createPreviewHandler({ engine, codecs, snapshot, calls, responder }: PreviewHandlerOptions): ColdHandler {
  return async ({ exchange, query }) => {
    const { value, body } = await calls.receive(exchange)
    const given = unwrapped(value)
    const format = formatFrom(query.get('format') ?? given.format, given.request, exchange.request.headers)
    const { value: request, diagnostics } = codecs[format].decodeRequest(given.request)
    const principal = exchange.principal ?? { role: 'client' }
    const decision = engine.preview({ requestId: exchange.requestId, codec: codecs[format], request, principal, body })
    const { revision, configHash } = snapshot()
    return responder.own(exchange, 200, JSON.stringify({ revision, config_hash: configHash, format, decision, diagnostics }), [])
  }
}

function unwrapped(value: unknown): { readonly format: unknown; readonly request: JsonObject } {
  if (!isObject(value))
    throw new GatewayError(
      'invalid_body',
      'The body must be a JSON object: a request as a client would send it, or {"format", "request"}.',
    )
  return isObject(value['request']) && !('messages' in value) && !('input' in value)
    ? { format: value['format'], request: value['request'] }
    : { format: undefined, request: value }
}

function formatFrom(named: unknown, request: JsonObject, headers: Headers): WireFormat {
  if (named === undefined || named === '') return headers.has('anthropic-version') ? 'anthropic' : guessFormat(request)
  const format = WIRE_FORMATS.find((candidate) => candidate === named)
  if (format === undefined)
    throw new GatewayError('invalid_body', `The format must be one of ${WIRE_FORMATS.join(', ')}.`, { param: 'format' })
  return format
}
