import { isObject, type JsonObject } from '../../ir/json.ts'
import type { SseFrame } from '../../lib/sse-parser.ts'
import type { FrameFacts } from '../codec.ts'
import { frameText } from '../frame-text.ts'
import { failureOf, isClientCall } from './answer-fields.ts'
import { decodeFinish } from './finish.ts'
import { decodeUsage } from './usage.ts'

const NOTHING: FrameFacts = { semantic: false, terminal: false }

/** Events that say nothing of the answer itself. */
const SILENT: ReadonlySet<string> = new Set(['response.created', 'response.in_progress', 'response.queued', 'keepalive', 'ping'])

/** Facts of one event, looked at alone. */
export function inspectFrame(frame: SseFrame): FrameFacts {
  const data = parse(frame.data)
  if (!isObject(data)) return NOTHING
  const type = typeof data['type'] === 'string' ? data['type'] : (frame.event ?? '')
  const response = isObject(data['response']) ? data['response'] : undefined
  switch (type) {
    case 'response.completed':
    case 'response.incomplete':
    case 'response.done': {
      const status = response?.['status'] ?? (type === 'response.incomplete' ? 'incomplete' : 'completed')
      return { ...answerFacts({ ...response, status }), semantic: true, terminal: true }
    }
    case 'response.failed':
    case 'response.cancelled':
      return {
        ...headFacts(response ?? {}),
        semantic: false,
        terminal: true,
        error: failureOf(response?.['error'], 'the upstream failed'),
      }
    case 'error':
      return {
        semantic: false,
        terminal: true,
        error: failureOf(isObject(data['error']) ? data['error'] : data, 'the upstream failed'),
      }
    case '':
      return isObject(data['error'])
        ? { semantic: false, terminal: true, error: failureOf(data['error'], 'the upstream failed') }
        : NOTHING
    default:
      if (response !== undefined) return { ...headFacts(response), semantic: !SILENT.has(type), terminal: false }
      return { semantic: !SILENT.has(type), text: frameText(data, data['delta']), terminal: false }
  }
}

/** Facts of a whole response object. */
export function inspectResponse(body: unknown): FrameFacts {
  if (!isObject(body)) return NOTHING
  const failed = body['status'] === 'failed' || body['status'] === 'cancelled'
  if (failed || (isObject(body['error']) && !Array.isArray(body['output']))) {
    return { ...headFacts(body), semantic: false, terminal: true, error: failureOf(body['error'], 'the upstream failed') }
  }
  if (!Array.isArray(body['output'])) return NOTHING
  return { ...answerFacts(body), semantic: true, terminal: true }
}

function answerFacts(response: JsonObject): Pick<FrameFacts, 'id' | 'model' | 'usage' | 'finish'> {
  const output = Array.isArray(response['output']) ? response['output'] : []
  const callsTools = output.some((item: unknown) => isObject(item) && isClientCall(item['type']))
  return { ...headFacts(response), finish: decodeFinish(response, callsTools) }
}

function headFacts(response: JsonObject): Pick<FrameFacts, 'id' | 'model' | 'usage'> {
  return {
    ...(typeof response['id'] === 'string' && response['id'] !== '' ? { id: response['id'] } : {}),
    ...(typeof response['model'] === 'string' && response['model'] !== '' ? { model: response['model'] } : {}),
    ...(isObject(response['usage']) ? { usage: decodeUsage(response['usage'], response['service_tier']) } : {}),
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // metering never fails a stream
  }
}
