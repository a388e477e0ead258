import { PING_COMMENT } from '../../lib/sse-text.ts'
import type { Codec } from '../codec.ts'
import { countedRequest, countedTokens, countTokensAnswer, countTokensBody } from './count-tokens.ts'
import { geminiEmbeddings } from './embeddings.ts'
import { decodeError, encodeError } from './error.ts'
import { inspectFrame, inspectResponse } from './inspect.ts'
import { resourceName } from './model-name.ts'
import { decodeRequest } from './request-decoder.ts'
import { encodeRequest } from './request-encoder.ts'
import { passthroughRefusals } from './passthrough-refusals.ts'
import { decodeResponse } from './response-decoder.ts'
import { encodeResponse } from './response-encoder.ts'
import { GeminiStreamDecoder } from './stream-decoder.ts'
import { GeminiStreamEncoder } from './stream-encoder.ts'

/** Gemini's `generateContent`. */
export const geminiCodec: Codec = {
  format: 'gemini',
  decodeRequest,
  encodeRequest,
  decodeResponse,
  encodeResponse,
  createStreamDecoder: () => new GeminiStreamDecoder(),
  createStreamEncoder: (context) => new GeminiStreamEncoder(context),
  encodeError,
  decodeError,
  inspectFrame,
  inspectResponse,
  passthrough: {
    inspect: ['"finishReason"', '"functionCall"', '"promptFeedback"', '"error"'],
    modelFrames: 'every',
    modelMember: 'modelVersion',
    modelInBody: resourceName,
  },
  passthroughRefusals,
  tokenCounter: { request: countedRequest, body: countTokensBody, answer: countTokensAnswer, read: countedTokens },
  embeddings: geminiEmbeddings,
  ping: PING_COMMENT,
}
