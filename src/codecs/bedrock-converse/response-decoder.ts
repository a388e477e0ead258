import { GatewayError } from '../../errors/gateway-error.ts'
import type { Translated } from '../../ir/diagnostic.ts'
import { isObject, type JsonObject } from '../../ir/json.ts'
import type { LlmResponse } from '../../ir/response.ts'
import { decodeBlocks } from './blocks-decoder.ts'
import { failureOfAnswer } from './error.ts'
import { decodeFinish } from './finish.ts'
import { decodeUsage } from './usage.ts'

/** A whole answer of `Converse`. The format names neither the answer nor the model. */
export function decodeResponse(body: unknown): Translated<LlmResponse> {
  const upstream = isObject(body) ? failureOfAnswer(body) : undefined
  if (upstream !== undefined) throw new GatewayError('upstream_bad_response', upstream.message, { upstream })
  const message = messageOf(body)
  if (!isObject(body) || message === undefined)
    throw new GatewayError('upstream_bad_response', 'The upstream answered with something that is no answer of its format.')
  const { output: _output, stopReason, usage: used, ...rest } = body
  const content = decodeBlocks(message['content'] ?? [], '/output/message/content')
  for (const part of content) delete part.path
  const finish = decodeFinish(typeof stopReason === 'string' ? stopReason : 'end_turn', rest['additionalModelResponseFields'])
  const response: LlmResponse = { choices: [{ index: 0, content, finish }] }
  const usage = decodeUsage(used)
  if (usage !== undefined) response.usage = usage
  const fields = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== null))
  if (Object.keys(fields).length > 0) response.extra = { format: 'bedrock_converse', fields }
  return { value: response, diagnostics: [] }
}

export function messageOf(body: unknown): JsonObject | undefined {
  const output = isObject(body) ? body['output'] : undefined
  return isObject(output) && isObject(output['message']) ? output['message'] : undefined
}
