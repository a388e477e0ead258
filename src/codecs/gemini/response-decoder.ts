import { GatewayError } from '../../errors/gateway-error.ts'
import type { Translated } from '../../ir/diagnostic.ts'
import { isObject } from '../../ir/json.ts'
import type { LlmResponse } from '../../ir/response.ts'
import { ResponseCollector } from '../collect.ts'
import { decodeFailure } from './error.ts'
import { GeminiStreamDecoder } from './stream-decoder.ts'

/** A whole answer, or a stream that came as one list: chunks and answers have one shape, so both are collected alike. */
export function decodeResponse(body: unknown): Translated<LlmResponse> {
  const upstream = decodeFailure(body)
  if (upstream !== undefined)
    throw new GatewayError('upstream_bad_response', 'The upstream answered with an error.', { upstream })
  if (!holdsAnswer(body))
    throw new GatewayError('upstream_bad_response', 'The upstream answered with something that is no answer of its format.')
  const decoder = new GeminiStreamDecoder()
  const collector = new ResponseCollector()
  decoder.chunk(body, collector.push)
  decoder.endCandidates(collector.push)
  // An answer without a reason to be complete is one all the same: it came whole.
  return { value: collector.finish(), diagnostics: [] }
}

function holdsAnswer(body: unknown): boolean {
  if (Array.isArray(body)) return body.some(holdsAnswer)
  return isObject(body) && (Array.isArray(body['candidates']) || isObject(body['promptFeedback']))
}
