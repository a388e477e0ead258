import type { GatewayError, UpstreamErrorFacts } from '../../errors/gateway-error.ts'
import type { ContextOverflow } from '../../ir/context-overflow.ts'
import { isObject, type JsonObject } from '../../ir/json.ts'
import type { StreamFailure } from '../../ir/stream-event.ts'
import type { ErrorEnvelope } from '../codec.ts'
import { encodeOpenAiError, OVERFLOW_CODE, OVERFLOW_SENTENCE, type OverflowWords } from '../openai-error.ts'

const OVERFLOW: OverflowWords = { param: 'messages', message: overflowMessage }

export function encodeError(error: GatewayError, requestId: string): ErrorEnvelope {
  return encodeOpenAiError(error, requestId, OVERFLOW)
}

/** The vendor's sentences for a prompt that does not fit, the one that the known numbers fill. */
function overflowMessage({ promptTokens, outputTokens, windowTokens }: ContextOverflow): string {
  if (windowTokens === undefined) return OVERFLOW_SENTENCE
  const limit = `This model's maximum context length is ${windowTokens} tokens.`
  if (promptTokens === undefined) return `${limit} ${OVERFLOW_SENTENCE}`
  if (outputTokens === undefined || promptTokens > windowTokens)
    return `${limit} However, your messages resulted in ${promptTokens} tokens. Please reduce the length of the messages.`
  return (
    `${limit} However, you requested ${promptTokens + outputTokens} tokens (${promptTokens} in the messages, ${outputTokens} in the ` +
    'completion). Please reduce the length of the messages or completion.'
  )
}

/** An in-band failure as the last frame of a stream. */
export function encodeFailure(failure: StreamFailure): string {
  const { overflow } = failure
  const error =
    overflow === undefined
      ? { message: failure.message, type: failure.type ?? 'upstream_error', param: null, code: failure.code ?? null }
      : { message: overflowMessage(overflow), type: 'invalid_request_error', param: OVERFLOW.param, code: OVERFLOW_CODE }
  return JSON.stringify({ error })
}

/** What an error body says. Servers of this format have many shapes for it. */
export function decodeError(status: number, body: unknown): UpstreamErrorFacts {
  const facts = factsOf(body)
  return { status, ...facts }
}

/** Whether a body with a good status is an error after all. `error: null` is none. */
export function isErrorBody(body: unknown): boolean {
  if (Array.isArray(body)) return isErrorBody(body[0])
  if (!isObject(body)) return false
  const { error } = body
  if (error !== undefined && error !== null && error !== false && error !== '') return true
  return body['object'] === 'error'
}

/** The in-band error of a stream frame. */
export function decodeFailure(body: unknown): StreamFailure {
  const { message, type, code } = factsOf(body)
  const status = statusOf(body)
  return {
    message: message ?? 'the upstream reported an error',
    ...(status === undefined ? {} : { status }),
    ...(type === undefined ? {} : { type }),
    ...(code === undefined ? {} : { code }),
  }
}

function factsOf(body: unknown): UpstreamErrorFacts {
  if (typeof body === 'string') return body.trim() === '' ? {} : { message: body }
  if (Array.isArray(body)) return factsOf(body[0]) // Google's compatible endpoint wraps the object in a list
  if (!isObject(body)) return {}
  const inner = isObject(body['error']) ? body['error'] : body
  const told = nestedFacts(inner)
  const details = googleDetails(inner)
  const message =
    told.message ??
    messageOf(inner) ??
    messageOf(body) ??
    text(body['error']) ??
    // Problem details (RFC 9457), as NVIDIA's gateway writes them, have at least a title.
    text(inner['title'])
  const type = told.type ?? text(inner['type']) ?? text(inner['status'])
  const numeric = typeof inner['code'] === 'number' ? String(inner['code']) : undefined
  const code = told.code ?? text(inner['code']) ?? details.reason ?? numeric
  const param = told.param ?? text(inner['param'])
  const retryAfterMs = details.retryAfterMs ?? secondsToMs(inner['resets_in_seconds'])
  return {
    ...(message === undefined ? {} : { message }),
    ...(type === undefined ? {} : { type }),
    ...(code === undefined ? {} : { code }),
    ...(param === undefined ? {} : { param }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  }
}

/** OpenRouter says "Provider returned error" and puts what the provider said into `metadata.raw`, as text that may be JSON. */
function nestedFacts({ metadata }: JsonObject): UpstreamErrorFacts {
  const raw = isObject(metadata) ? metadata['raw'] : undefined
  if (isObject(raw)) return factsOf(raw)
  const said = text(raw)
  if (said === undefined) return {}
  try {
    return factsOf(JSON.parse(said))
  } catch {
    return { message: said } // no JSON: the provider's words as they are
  }
}

/** What Google's `details` add: a word for the reason, and a time to wait (`google.rpc.ErrorInfo`, `google.rpc.RetryInfo`). */
function googleDetails({ details }: JsonObject): { reason?: string | undefined; retryAfterMs?: number | undefined } {
  if (!Array.isArray(details)) return {}
  const objects = details.filter((entry: unknown) => isObject(entry))
  const ofType = (name: string): JsonObject | undefined =>
    objects.find((entry) => text(entry['@type'])?.endsWith(`google.rpc.${name}`) === true)
  const delay = /^(\d+(?:\.\d+)?)s$/.exec(text(ofType('RetryInfo')?.['retryDelay']) ?? '')?.[1]
  return { reason: text(ofType('ErrorInfo')?.['reason']), retryAfterMs: secondsToMs(Number(delay)) }
}

const secondsToMs = (seconds: unknown): number | undefined =>
  typeof seconds === 'number' && Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined

/** `message`, or `detail` as FastAPI servers write it: a text, or a list of findings. */
function messageOf(object: JsonObject): string | undefined {
  const message = text(object['message']) ?? text(object['detail']) ?? text(object['msg'])
  if (message !== undefined) return message
  const nested = object['message'] ?? object['detail']
  if (Array.isArray(nested))
    return (
      nested
        .map((entry: unknown) => (isObject(entry) ? text(entry['msg']) : text(entry)))
        .filter((entry) => entry !== undefined)
        .join('; ') || undefined
    )
  return isObject(nested) ? messageOf(nested) : undefined
}

function statusOf(body: unknown): number | undefined {
  const outer = Array.isArray(body) ? (body[0] as unknown) : body
  const inner = isObject(outer) && isObject(outer['error']) ? outer['error'] : outer
  if (!isObject(inner)) return undefined
  const status = Number(inner['status_code'] ?? inner['status'] ?? inner['code'])
  return Number.isInteger(status) && status >= 400 && status < 600 ? status : undefined
}

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)
