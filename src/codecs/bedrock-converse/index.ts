import { PING_COMMENT } from '../../lib/sse-text.ts'
import type { Codec } from '../codec.ts'
import { countedRequest, countedTokens, countTokensAnswer, countTokensBody } from './count-tokens.ts'
import { decodeError, encodeError } from './error.ts'
import { inspectFrame, inspectResponse } from './inspect.ts'
import { decodeRequest } from './request-decoder.ts'
import { encodeRequest } from './request-encoder.ts'
import { decodeResponse } from './response-decoder.ts'
import { encodeResponse } from './response-encoder.ts'
import { ConverseStreamDecoder } from './stream-decoder.ts'
import { ConverseStreamEncoder } from './stream-encoder.ts'

/** Bedrock's `Converse`. Its binary stream is read and written elsewhere: here a frame is a named event with its JSON. */
export const bedrockConverseCodec: Codec = {
  format: 'bedrock_converse',
  decodeRequest,
  encodeRequest,
  decodeResponse,
  encodeResponse,
  createStreamDecoder: () => new ConverseStreamDecoder(),
  createStreamEncoder: (context) => new ConverseStreamEncoder(context),
  encodeError,
  decodeError,
  inspectFrame,
  inspectResponse,
  // Neither answers nor frames name a model.
  passthrough: { inspect: ['"stopReason"', '"usage"', 'xception'], modelFrames: [] },
  tokenCounter: { request: countedRequest, body: countTokensBody, answer: countTokensAnswer, read: countedTokens },
  ping: PING_COMMENT,
}
