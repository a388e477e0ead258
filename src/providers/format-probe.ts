import { isObject, type JsonObject } from '../ir/json.ts'
import type { WireFormat } from '../ir/wire-format.ts'

/** Formats that `format: auto` looks for, the one that is preferred first: Messages, Responses, Chat Completions. */
export const PROBED_FORMATS = ['anthropic', 'responses', 'openai'] as const
export type ProbedFormat = (typeof PROBED_FORMATS)[number]

/** Whether an upstream speaks a format for a model. `untold`: nothing was learnt, so another try may tell. */
export type ProbeVerdict = 'speaks' | 'does-not' | 'untold'

const QUESTION = 'Hi'
/** Least that the Responses API takes. */
const LEAST_RESPONSE_TOKENS = 16

/** The smallest call of a format, for a real answer of a token or so. */
export function probeBody(format: ProbedFormat, model: string): JsonObject {
  switch (format) {
    case 'anthropic':
      return { model, max_tokens: 1, messages: [{ role: 'user', content: QUESTION }] }
    case 'responses':
      return { model, max_output_tokens: LEAST_RESPONSE_TOKENS, store: false, input: QUESTION }
    case 'openai':
      return { model, max_tokens: 1, messages: [{ role: 'user', content: QUESTION }] }
  }
}

/** Shapes of answers. Some servers answer every address with 200 and a page. */
const ANSWERS: Readonly<Record<ProbedFormat, (body: JsonObject) => boolean>> = {
  anthropic: ({ type, content }) => type === 'message' && Array.isArray(content),
  responses: ({ object, output }) => object === 'response' && Array.isArray(output),
  openai: ({ choices }) => Array.isArray(choices),
}

/** Words of servers that have the address but not for this model. */
const WRONG_MODEL =
  /\bmodel\b.*\b(not found|not supported|unsupported|unknown|invalid|does not exist)\b|\b(unknown|invalid|unsupported)\b.*\bmodel\b/i

/**
 * What an answer to a probe tells. Without the address (404, 405, 501) and with a page in its place the format is not spoken; a complaint
 * about the request, a limit or a bill comes from somebody who understood it; a refused key and a fault of the server tell nothing.
 */
export function readProbe(format: ProbedFormat, status: number, text: string): ProbeVerdict {
  if (status === 404 || status === 405 || status === 501) return 'does-not'
  if (status >= 500 || status === 401 || status === 403 || status === 408) return 'untold'
  const body = parsed(text)
  if (status >= 200 && status < 300) return body !== undefined && ANSWERS[format](body) ? 'speaks' : 'does-not'
  if (body === undefined) return 'does-not'
  return (status === 400 || status === 422) && isAboutModel(body) ? 'does-not' : 'speaks'
}

function parsed(text: string): JsonObject | undefined {
  try {
    const body: unknown = JSON.parse(text)
    return isObject(body) ? body : undefined
  } catch {
    return undefined
  }
}

function isAboutModel(body: JsonObject): boolean {
  const error = isObject(body['error']) ? body['error'] : body
  const { type, message } = error
  return type === 'not_found_error' || (typeof message === 'string' && WRONG_MODEL.test(message))
}

/** The format to speak, of those an upstream speaks: the client's own, else the preferred one; Chat Completions where none is known. */
export function chooseFormat(spoken: ReadonlySet<WireFormat> | undefined, client: WireFormat): WireFormat {
  if (spoken?.has(client) === true) return client
  return PROBED_FORMATS.find((format) => spoken?.has(format)) ?? 'openai'
}
