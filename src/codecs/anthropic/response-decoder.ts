import { GatewayError } from '../../errors/gateway-error.ts'
import type { Translated } from '../../ir/diagnostic.ts'
import { isObject, type JsonObject } from '../../ir/json.ts'
import type { LlmResponse } from '../../ir/response.ts'
import { decodeFailure } from './error.ts'
import { decodeFinish } from './finish.ts'
import { decodeBlock } from './parts-decoder.ts'
import { decodeUsage } from './usage.ts'

/** Fields of an answer that have a place in the canonical form or say nothing. */
const MODELLED: ReadonlySet<string> = new Set([
  'id',
  'type',
  'role',
  'model',
  'content',
  'stop_reason',
  'stop_sequence',
  'stop_details',
  'usage',
])

export function decodeResponse(body: unknown): Translated<LlmResponse> {
  if (!isObject(body)) throw new GatewayError('upstream_bad_response', 'The upstream answered with something that is no message.')
  const failure = decodeFailure(body)
  if (failure !== undefined) {
    throw new GatewayError('upstream_bad_response', 'The upstream answered with an error.', { upstream: failure })
  }
  if (!Array.isArray(body['content']))
    throw new GatewayError('upstream_bad_response', 'The upstream answered with a message without content.')
  const stopReason = body['stop_reason']
  const finish =
    typeof stopReason === 'string'
      ? decodeFinish(stopReason, body['stop_sequence'], body['stop_details'])
      : { unified: 'unknown' as const }
  const response: LlmResponse = {
    choices: [
      { index: 0, content: body['content'].map((block, index) => decodeAnswerBlock(block, `/content/${index}`)), finish },
    ],
  }
  if (typeof body['id'] === 'string') response.id = body['id']
  if (typeof body['model'] === 'string') response.model = body['model']
  const usage = decodeUsage(body['usage'])
  if (usage !== undefined) response.usage = usage
  const rest = unmodelled(body, MODELLED)
  if (rest !== undefined) response.extra = { format: 'anthropic', fields: rest }
  return { value: response, diagnostics: [] }
}

/** What an upstream sends is never the client's fault. */
function decodeAnswerBlock(block: unknown, path: string): ReturnType<typeof decodeBlock> {
  try {
    return decodeBlock(block, path)
  } catch (cause) {
    throw new GatewayError('upstream_bad_response', 'The upstream answered with a malformed content block.', { cause })
  }
}

/** Own fields outside `modelled`, nulls left out. */
export function unmodelled(object: JsonObject, modelled: ReadonlySet<string>): JsonObject | undefined {
  let rest: JsonObject | undefined
  for (const key of Object.keys(object)) {
    if (modelled.has(key) || object[key] === null) continue
    rest ??= Object.create(null) as JsonObject
    rest[key] = object[key]
  }
  return rest
}
