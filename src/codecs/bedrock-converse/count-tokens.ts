import { isObject, type JsonObject } from '../../ir/json.ts'
import { invalid } from '../wire-values.ts'

/** What the counter takes of a `Converse` body. Source: `ConverseTokensRequest` of the API. */
const COUNTED = ['messages', 'system', 'toolConfig', 'additionalModelRequestFields'] as const

/** The request inside a body of `CountTokens`, or the body itself. */
export function countedRequest(body: unknown): unknown {
  const input = isObject(body) ? body['input'] : undefined
  if (isObject(input) && input['converse'] === undefined)
    return invalid('/input', 'must hold a `converse` or an `invokeModel` request')
  return isObject(input) && isObject(input['converse']) ? input['converse'] : body
}

/** Body of `POST /model/{id}/count-tokens` from an encoded `Converse` body. */
export function countTokensBody(body: JsonObject): JsonObject {
  const converse: JsonObject = {}
  for (const field of COUNTED) if (body[field] !== undefined) converse[field] = body[field]
  return { input: { converse } }
}

export const countTokensAnswer = (inputTokens: number): JsonObject => ({ inputTokens })

/** The number in an upstream's answer; undefined when it is none. */
export function countedTokens(body: unknown): number | undefined {
  const tokens = isObject(body) ? body['inputTokens'] : undefined
  return typeof tokens === 'number' ? tokens : undefined
}
