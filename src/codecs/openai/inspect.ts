import { isObject, type JsonObject } from '../../ir/json.ts'
import type { SseFrame } from '../../lib/sse-parser.ts'
import type { FrameFacts } from '../codec.ts'
import { frameText } from '../frame-text.ts'
import { decodeFailure, isErrorBody } from './error.ts'
import { decodeFinish } from './finish.ts'
import { decodeUsage } from './usage.ts'

const NOTHING: FrameFacts = { semantic: false, terminal: false }

/** Facts of one chunk, looked at alone. */
export function inspectFrame(frame: SseFrame): FrameFacts {
  if (frame.data.trim() === '[DONE]') return { semantic: false, terminal: true }
  const chunk = parse(frame.data)
  if (frame.event === 'error' || isErrorBody(chunk)) return { ...NOTHING, error: decodeFailure(chunk) }
  if (!isObject(chunk)) return NOTHING
  const choices = Array.isArray(chunk['choices']) ? chunk['choices'].filter(isObject) : []
  const facts = commonFacts(chunk, choices)
  const semantic =
    facts.finish !== undefined || choices.some((choice) => isObject(choice['delta']) && holdsAnswer(choice['delta']))
  const usageOnly = facts.usage !== undefined && Array.isArray(chunk['choices']) && chunk['choices'].length === 0
  const text = frameText(
    chunk,
    choices.map(({ delta }) => (isObject(delta) ? { ...delta, role: undefined } : undefined)),
  )
  return { ...facts, semantic, text, terminal: false, ...(usageOnly ? { usageOnly } : {}) }
}

/** Facts of a whole answer. */
export function inspectResponse(body: unknown): FrameFacts {
  if (isErrorBody(body)) return { semantic: false, terminal: true, error: decodeFailure(body) }
  if (!isObject(body)) return NOTHING
  const choices = Array.isArray(body['choices']) ? body['choices'].filter(isObject) : []
  return { ...commonFacts(body, choices), semantic: choices.length > 0, terminal: true }
}

function commonFacts(body: JsonObject, choices: readonly JsonObject[]): Pick<FrameFacts, 'model' | 'usage' | 'finish'> {
  const groq = isObject(body['x_groq']) ? body['x_groq']['usage'] : undefined
  const usage = [body['usage'], groq, choices.at(-1)?.['usage']].find(isObject)
  const first = choices.find((choice) => (choice['index'] ?? 0) === 0)
  const raw = first?.['finish_reason']
  const calls =
    isObject(first?.['message']) && Array.isArray(first['message']['tool_calls']) && first['message']['tool_calls'].length > 0
  return {
    ...(typeof body['model'] === 'string' && body['model'] !== '' ? { model: body['model'] } : {}),
    ...(usage === undefined ? {} : { usage: decodeUsage(usage, body['service_tier']) }),
    ...(typeof raw === 'string' && raw !== ''
      ? { finish: decodeFinish(raw, calls, first?.['stop_reason'] ?? first?.['matched_stop']) }
      : {}),
  }
}

/** True when a delta holds anything beyond its role: a text, a list or an object that is not empty. */
function holdsAnswer(delta: JsonObject): boolean {
  return Object.keys(delta).some((key) => {
    const value = delta[key]
    if (key === 'role') return false
    if (typeof value === 'string') return value !== ''
    return Array.isArray(value) ? value.length > 0 : isObject(value)
  })
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // metering never fails a stream
  }
}
