import type { UpstreamErrorFacts } from '../../errors/gateway-error.ts'
import { isObject, type JsonObject } from '../../ir/json.ts'
import type { StreamFailure } from '../../ir/stream-event.ts'

export { encodeError } from '../openai-error.ts'

/** An in-band failure as the last frame of a stream. */
export function encodeFailure(failure: StreamFailure): string {
  return JSON.stringify({
    error: { message: failure.message, type: failure.type ?? 'upstream_error', param: null, code: failure.code ?? null },
  })
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
  const message = messageOf(inner) ?? messageOf(body) ?? (typeof body['error'] === 'string' ? body['error'] : undefined)
  const type = text(inner['type']) ?? text(inner['status'])
  const code = text(inner['code']) ?? (typeof inner['code'] === 'number' ? String(inner['code']) : undefined)
  const param = text(inner['param'])
  return {
    ...(message === undefined ? {} : { message }),
    ...(type === undefined ? {} : { type }),
    ...(code === undefined ? {} : { code }),
    ...(param === undefined ? {} : { param }),
  }
}

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
