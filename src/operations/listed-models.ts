import { GatewayError } from '../errors/gateway-error.ts'
import { isObject } from '../ir/json.ts'

const MOST_MODELS = 16
const LONGEST_NAME = 512

/** Checks a list of model names, wherever it came from. Throws `invalid_body` that names the place. */
export function modelList(given: unknown, what: string, param: string): readonly string[] {
  const names = Array.isArray(given) ? given.map((name: unknown) => (typeof name === 'string' ? name.trim() : '')) : []
  if (names.length === 0 || names.length > MOST_MODELS || names.some((name) => name === '' || name.length > LONGEST_NAME))
    throw new GatewayError(
      'invalid_body',
      `${what} must list 1 to ${MOST_MODELS} model names, in the order in which they are to be tried.`,
      { param },
    )
  return names
}

/** The `models` of a body: a word to the gateway that no format has. Undefined when there is none. */
export function listedModels(body: unknown): readonly string[] | undefined {
  return isObject(body) && Object.hasOwn(body, 'models') ? modelList(body['models'], 'The field `models`', 'models') : undefined
}
