import { PING_COMMENT } from '../../lib/sse-text.ts'
import type { Codec } from '../codec.ts'
import { openaiEmbeddings } from '../openai-embeddings.ts'
import { decodeError, encodeError } from './error.ts'
import { inspectFrame, inspectResponse } from './inspect.ts'
import { decodeRequest } from './request-decoder.ts'
import { encodeRequest } from './request-encoder.ts'
import { decodeResponse } from './response-decoder.ts'
import { encodeResponse } from './response-encoder.ts'
import { OpenaiStreamDecoder } from './stream-decoder.ts'
import { OpenaiStreamEncoder } from './stream-encoder.ts'

/** OpenAI Chat Completions, and the many servers that speak it. */
export const openaiCodec: Codec = {
  format: 'openai',
  decodeRequest,
  encodeRequest,
  decodeResponse,
  encodeResponse,
  createStreamDecoder: () => new OpenaiStreamDecoder(),
  createStreamEncoder: (context) => new OpenaiStreamEncoder(context),
  encodeError,
  decodeError,
  inspectFrame,
  inspectResponse,
  passthrough: {
    // A usage of null stands in every chunk once usage was asked for, so the brace belongs to the mark. Python servers write a space.
    inspect: ['"usage":{', '"usage": {', '"finish_reason":"', '"finish_reason": "', '"error":', '[DONE]'],
    modelFrames: 'every',
  },
  embeddings: openaiEmbeddings,
  ping: PING_COMMENT,
}
