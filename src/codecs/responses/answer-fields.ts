import type { JsonObject } from '../../ir/json.ts'
import type { StreamFailure } from '../../ir/stream-event.ts'
import { isObject } from '../../ir/json.ts'

/** Fields of a response object that the canonical form models. */
const MODELLED: ReadonlySet<string> = new Set([
  'id',
  'object',
  'created_at',
  'status',
  'error',
  'incomplete_details',
  'model',
  'output',
  'output_text',
  'usage',
])

/** What a response object holds beside the modelled fields; nulls say nothing. */
export function unmodelledFields(response: JsonObject): Record<string, unknown> | undefined {
  const entries = Object.entries(response).filter(([key, value]) => value !== null && !MODELLED.has(key))
  return entries.length === 0 ? undefined : Object.fromEntries(entries)
}

/** True when an item of the answer is a call that the client itself must answer. */
export function isClientCall(type: unknown): boolean {
  return type === 'function_call' || type === 'custom_tool_call'
}

const STATUS_OF_CODE: Record<string, number> = {
  rate_limit_exceeded: 429,
  insufficient_quota: 429,
  server_error: 500,
  server_is_overloaded: 503,
  slow_down: 503,
  context_length_exceeded: 400,
  invalid_prompt: 400,
}

/** An error object (in-band, of a failed response or at the top of a body) as a failure. */
export function failureOf(error: unknown, fallback: string): StreamFailure {
  if (typeof error === 'string') return { message: error }
  if (!isObject(error)) return { message: fallback }
  const code = typeof error['code'] === 'string' ? error['code'] : undefined
  const type = typeof error['type'] === 'string' && error['type'] !== 'error' ? error['type'] : undefined
  const numeric =
    typeof error['status'] === 'number' ? error['status'] : typeof error['code'] === 'number' ? error['code'] : undefined
  return {
    message: typeof error['message'] === 'string' && error['message'] !== '' ? error['message'] : fallback,
    status: numeric ?? (code !== undefined && Object.hasOwn(STATUS_OF_CODE, code) ? STATUS_OF_CODE[code] : undefined),
    type,
    code,
  }
}
