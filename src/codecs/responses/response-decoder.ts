import { GatewayError } from '../../errors/gateway-error.ts'
import type { ContentPart } from '../../ir/content.ts'
import type { Translated } from '../../ir/diagnostic.ts'
import { isObject, type JsonObject } from '../../ir/json.ts'
import type { LlmResponse } from '../../ir/response.ts'
import { failureOf, isClientCall, unmodelledFields } from './answer-fields.ts'
import { decodeFinish } from './finish.ts'
import { decodeItemPart } from './item-parts.ts'
import { decodePart } from './part-decoder.ts'
import { decodeUsage } from './usage.ts'

/** A whole response object in canonical form. Failed and cancelled ones, and error bodies, throw. */
export function decodeResponse(body: unknown): Translated<LlmResponse> {
  if (!isObject(body))
    throw new GatewayError('upstream_bad_response', 'the upstream answered with something that is no JSON object')
  const failed = body['status'] === 'failed' || body['status'] === 'cancelled'
  if (failed || (isObject(body['error']) && !Array.isArray(body['output']))) throwFailure(body)
  const output = body['output']
  if (!Array.isArray(output)) throw new GatewayError('upstream_bad_response', 'the answer of the upstream has no output')
  const content: ContentPart[] = []
  let callsTools = false
  output.forEach((item: unknown, index) => {
    decodeOutputItem(item, `/output/${index}`, content)
    if (isObject(item) && isClientCall(item['type'])) callsTools = true
  })
  const fields = unmodelledFields(body)
  const response: LlmResponse = {
    id: typeof body['id'] === 'string' ? body['id'] : undefined,
    model: typeof body['model'] === 'string' ? body['model'] : undefined,
    createdAt: typeof body['created_at'] === 'number' ? Math.floor(body['created_at']) : undefined,
    choices: [{ index: 0, content, finish: decodeFinish(body, callsTools) }],
  }
  if (isObject(body['usage'])) response.usage = decodeUsage(body['usage'], body['service_tier'])
  if (fields !== undefined) response.extra = { format: 'responses', fields }
  return { value: response, diagnostics: [] }
}

function throwFailure(body: JsonObject): never {
  const failure = failureOf(body['error'], body['status'] === 'cancelled' ? 'the answer was cancelled' : 'the upstream failed')
  const upstream = { status: failure.status, type: failure.type, code: failure.code, message: failure.message }
  throw new GatewayError('upstream_bad_response', failure.message, { upstream })
}

/** The parts of one output item. Text keeps the id and phase of its message item. */
function decodeOutputItem(item: unknown, path: string, into: ContentPart[]): void {
  if (!isObject(item)) {
    into.push({ type: 'opaque', format: 'responses', json: item, path })
    return
  }
  if (item['type'] !== 'message') {
    into.push(decodeOutputPart(item, path))
    return
  }
  const content = Array.isArray(item['content']) ? item['content'] : []
  content.forEach((part: unknown, index) => {
    const decoded = decodePart(part, `${path}/content/${index}`)
    if (decoded.type === 'text') {
      if (typeof item['id'] === 'string') decoded.id = item['id']
      if (typeof item['phase'] === 'string') decoded.phase = item['phase']
    }
    into.push(decoded)
  })
}

/** An item that is no message. Reasoning has an origin only when it carries state that must go home. */
export function decodeOutputPart(item: JsonObject, path: string): ContentPart {
  const part = decodeItemPart(item, path)
  // In an answer a result is one that the provider itself got; no client is to answer it.
  if (part.type === 'tool-result')
    return { type: 'hosted-tool-result', kind: String(item['type']), callId: part.callId, origin: 'responses', raw: item, path }
  if (part.type !== 'reasoning') return part
  if (part.origin === 'responses' && part.encrypted === undefined) part.origin = undefined
  // A stream tells the id before the envelope that may name another one, so the item's own counts in both.
  if (typeof item['id'] === 'string') part.id = item['id']
  return part
}
