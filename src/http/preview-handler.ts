import { GatewayError } from '../errors/gateway-error.ts'
import type { RequestBody } from '../engine/engine.ts'
import { asApiKeyId, asTenantId } from '../ir/ids.ts'
import { isObject, type JsonObject } from '../ir/json.ts'
import type { Principal } from '../ir/principal.ts'
import { WIRE_FORMATS, type WireFormat } from '../ir/wire-format.ts'
import { guessFormat } from '../operations/preview-route.ts'
import type { HttpAppOptions } from './http-app.types.ts'
import { readHints, withoutHints } from './request-hints.ts'
import type { Responder } from './responder.ts'
import type { ColdHandler } from './route-handler.ts'
import type { CallServer } from './serve-call.ts'

export interface PreviewHandlerOptions extends Pick<HttpAppOptions, 'engine' | 'codecs' | 'snapshot'> {
  readonly calls: CallServer
  readonly responder: Responder
}

/**
 * The decision a call would get now, without calling anyone. Takes the body as a client would send it, or `{format, request}`, in
 * which operators may add the `principal` it would come from; the format is taken from the query, that wrapper, the `anthropic-version` header, or the shape of the body.
 */
export function createPreviewHandler({ engine, codecs, snapshot, calls, responder }: PreviewHandlerOptions): ColdHandler {
  return async ({ exchange, query }) => {
    const { value, body } = await calls.receive(exchange)
    const { headers } = exchange.request
    const given = unwrapped(value)
    const hints = readHints(headers, given.request)
    const asked = withoutHints({ value: given.request, body: given.isWrapped ? ownBody(given.request, body) : body })
    const format = formatFrom(query.get('format') ?? given.format, given.request, headers)
    const { value: request, diagnostics } = codecs[format].decodeRequest(asked.value)
    const caller = exchange.principal ?? { role: 'client' }
    const principal = given.principal === undefined ? caller : previewedAs(caller, given.principal)
    const { requestId } = exchange
    const decision = await engine.preview({
      requestId,
      codec: codecs[format],
      request,
      principal,
      body: asked.body,
      headers,
      hints,
    })
    const { revision, configHash } = snapshot()
    return responder.tell(exchange, { revision, config_hash: configHash, format, decision, diagnostics })
  }
}

interface Given {
  readonly format: unknown
  readonly request: JsonObject
  readonly principal: unknown
  readonly isWrapped: boolean
}

function unwrapped(value: unknown): Given {
  if (!isObject(value))
    throw new GatewayError(
      'invalid_body',
      'The body must be a JSON object: a request as a client would send it, or {"format", "request"}.',
    )
  return isObject(value['request']) && !('messages' in value) && !('input' in value) && !('contents' in value)
    ? { format: value['format'], request: value['request'], principal: value['principal'], isWrapped: true }
    : { format: undefined, request: value, principal: undefined, isWrapped: false }
}

/** The bytes a client would have sent, so that their size is estimated as it would be. */
const ownBody = (request: JsonObject, { blobs }: RequestBody): RequestBody => ({
  bytes: Buffer.from(JSON.stringify(request)),
  blobs,
})

/** Somebody else's decision, for those who may see everything. */
function previewedAs(caller: Principal, wanted: unknown): Principal {
  if (caller.role === 'client')
    throw new GatewayError('forbidden', 'Only operators may preview the decision of somebody else. Leave `principal` out.', {
      param: 'principal',
    })
  if (!isObject(wanted))
    throw new GatewayError('invalid_body', 'The `principal` must be a mapping of role, key, tenant and project.', {
      param: 'principal',
    })
  const text = (name: string): string | undefined => {
    const value = wanted[name]
    if (value === undefined || typeof value === 'string') return value
    throw new GatewayError('invalid_body', `\`principal.${name}\` must be a text.`, { param: 'principal' })
  }
  const [role = 'client', key, tenant, project] = [text('role'), text('key'), text('tenant'), text('project')]
  if (role !== 'client' && role !== 'operator' && role !== 'admin')
    throw new GatewayError('invalid_body', '`principal.role` must be client, operator or admin.', { param: 'principal' })
  return {
    role,
    keyId: key === undefined ? undefined : asApiKeyId(key),
    tenant: tenant === undefined ? undefined : asTenantId(tenant),
    project,
  }
}

function formatFrom(named: unknown, request: JsonObject, headers: Headers): WireFormat {
  if (named === undefined || named === '') return headers.has('anthropic-version') ? 'anthropic' : guessFormat(request)
  const format = WIRE_FORMATS.find((candidate) => candidate === named)
  if (format === undefined)
    throw new GatewayError('invalid_body', `The format must be one of ${WIRE_FORMATS.join(', ')}.`, { param: 'format' })
  return format
}
