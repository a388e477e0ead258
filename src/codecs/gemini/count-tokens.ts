import { isObject, type JsonObject } from '../../ir/json.ts'
import { resourceName } from './model-name.ts'

/** The request inside the body of the counter, which takes its contents alone as well. */
export function countedRequest(body: unknown): unknown {
  if (!isObject(body)) return body
  const request = body['generateContentRequest'] ?? body['generate_content_request']
  return isObject(request) ? request : body
}

/** Body of `countTokens` from an encoded body: with everything that is part of the prompt. */
export function countTokensBody(body: JsonObject, model: string): JsonObject {
  return { generateContentRequest: { model: resourceName(model), ...body } }
}

/** The answer of the counter. */
export function countTokensAnswer(inputTokens: number): JsonObject {
  return { totalTokens: inputTokens }
}

/** The number in an upstream's answer; undefined when it is none. */
export function countedTokens(body: unknown): number | undefined {
  const tokens = isObject(body) ? body['totalTokens'] : undefined
  return typeof tokens === 'number' ? tokens : undefined
}
