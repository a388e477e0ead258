import { sseText } from '../../lib/sse-text.ts'
import type { Codec } from '../codec.ts'
import { countedTokens, countTokensAnswer, countTokensBody } from './count-tokens.ts'
import { decodeError, encodeError } from './error.ts'
import { inspectFrame, inspectResponse } from './inspect.ts'
import { decodeRequest } from './request-decoder.ts'
import { encodeRequest } from './request-encoder.ts'
import { decodeResponse } from './response-decoder.ts'
import { encodeResponse } from './response-encoder.ts'
import { AnthropicStreamDecoder } from './stream-decoder.ts'
import { AnthropicStreamEncoder, PING } from './stream-encoder.ts'

/** Anthropic Messages. */
export const anthropicCodec: Codec = {
  format: 'anthropic',
  decodeRequest,
  encodeRequest,
  decodeResponse,
  encodeResponse,
  createStreamDecoder: () => new AnthropicStreamDecoder(),
  createStreamEncoder: (context) => new AnthropicStreamEncoder(context),
  encodeError,
  decodeError,
  inspectFrame,
  inspectResponse,
  passthrough: { inspect: ['message_delta', 'message_stop', '"error"', 'message_start'], modelFrames: ['message_start'] },
  tokenCounter: { body: countTokensBody, answer: countTokensAnswer, read: countedTokens },
  ping: sseText('ping', PING),
}
