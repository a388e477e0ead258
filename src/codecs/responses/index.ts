import { PING_COMMENT } from '../../lib/sse-text.ts'
import type { Codec } from '../codec.ts'
import { openaiEmbeddings } from '../openai-embeddings.ts'
import { decodeError, encodeError, isToldInStream } from './error.ts'
import { inspectFrame, inspectResponse } from './inspect.ts'
import { responseId } from './output-items.ts'
import { decodeRequest } from './request-decoder.ts'
import { encodeRequest } from './request-encoder.ts'
import { decodeResponse } from './response-decoder.ts'
import { encodeResponse } from './response-encoder.ts'
import { ResponsesStreamDecoder } from './stream-decoder.ts'
import { ResponsesStreamEncoder } from './stream-encoder.ts'

/** OpenAI Responses. */
export const responsesCodec: Codec = {
  format: 'responses',
  decodeRequest,
  encodeRequest,
  decodeResponse,
  encodeResponse,
  createStreamDecoder: () => new ResponsesStreamDecoder(),
  createStreamEncoder: (context) => new ResponsesStreamEncoder(context),
  encodeError,
  isToldInStream,
  decodeError,
  inspectFrame,
  inspectResponse,
  echoesRequest: true,
  answerId: responseId,
  passthrough: {
    // The closing frames carry usage and failures; `"error"` also finds the bare error event, whose type it is.
    inspect: ['response.completed', 'response.incomplete', 'response.failed', 'response.cancelled', 'response.done', '"error"'],
    modelFrames: [
      'response.created',
      'response.in_progress',
      'response.queued',
      'response.completed',
      'response.incomplete',
      'response.failed',
      'response.cancelled',
      'response.done',
    ],
  },
  embeddings: openaiEmbeddings,
  // The official SDK and Codex both skip SSE comments.
  ping: PING_COMMENT,
}
