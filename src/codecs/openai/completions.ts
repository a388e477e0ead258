import { GatewayError } from '../../errors/gateway-error.ts'
import { isObject } from '../../ir/json.ts'
import type { LlmRequest } from '../../ir/request.ts'
import type { SseFrame } from '../../lib/sse-parser.ts'
import type { Codec, FrameFacts } from '../codec.ts'
import { openaiCodec } from './index.ts'

/**
 * Legacy `POST /v1/completions`, which only passes through: Chat's envelope, errors and usage around `choices[].text`. Its `decodeRequest`
 * reads what routing and limits need, and nothing can be encoded.
 */
export const completionsCodec: Codec = {
  ...openaiCodec,
  decodeRequest(body) {
    if (!isObject(body)) throw new GatewayError('invalid_body', 'The body must be a JSON object with `model` and `prompt`.')
    const { model, stream, max_tokens: limit } = body
    if (typeof model !== 'string' || model === '')
      throw new GatewayError('invalid_body', '`model` must be the name of a model.', { param: 'model' })
    if (stream !== undefined && stream !== null && typeof stream !== 'boolean')
      throw new GatewayError('invalid_body', '`stream` must be true or false.', { param: 'stream' })
    const value: LlmRequest = {
      model,
      messages: [],
      sampling: {},
      stream: stream === true,
      maxOutputTokens: typeof limit === 'number' && Number.isSafeInteger(limit) && limit > 0 ? limit : undefined,
      includeUsage: isObject(body['stream_options']) && body['stream_options']['include_usage'] === true,
    }
    return { value, diagnostics: [] }
  },
  inspectFrame(frame: SseFrame): FrameFacts {
    const facts = openaiCodec.inspectFrame(frame)
    return facts.semantic || !holdsText(frame.data) ? facts : { ...facts, semantic: true }
  },
}

/** A text of at least one character; the frame need not be parsed a second time for it. */
const holdsText = (data: string): boolean => /"text"\s*:\s*"[^"]/.test(data)
