import { isObject, type JsonObject } from '../../ir/json.ts'
import type { SseFrame } from '../../lib/sse-parser.ts'
import type { FrameFacts } from '../codec.ts'
import { frameText } from '../frame-text.ts'
import { decodeFailure } from './error.ts'
import { decodeFinish } from './finish.ts'
import { decodeUsage } from './usage.ts'

const NOTHING: FrameFacts = { semantic: false, terminal: false }

/** What one stream frame tells by itself. Never throws; unreadable frames tell nothing. */
export function inspectFrame(frame: SseFrame): FrameFacts {
  const data = parse(frame.data)
  if (data === undefined) return NOTHING
  const failure = decodeFailure(data)
  if (failure !== undefined) return { semantic: false, terminal: true, error: failure }
  switch (data['type'] ?? frame.event) {
    case 'message_start':
      return startFacts(data)
    case 'content_block_start':
      return { semantic: startsWithContent(data['content_block']), terminal: false }
    case 'content_block_delta':
      return { semantic: isSemanticDelta(data['delta']), text: deltaText(data), terminal: false }
    case 'message_delta':
      return deltaFacts(data)
    case 'message_stop':
      return { semantic: false, terminal: true }
    default:
      return NOTHING
  }
}

/** The same facts of a whole answer. */
export function inspectResponse(body: unknown): FrameFacts {
  if (!isObject(body)) return NOTHING
  const failure = decodeFailure(body)
  if (failure !== undefined) return { semantic: false, terminal: true, error: failure }
  if (!Array.isArray(body['content'])) return NOTHING
  return { semantic: true, terminal: true, ...messageFacts(body), ...finishFacts(body) }
}

function parse(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined // not ours to complain about: the bytes go to the client as they are
  }
}

function startFacts(data: JsonObject): FrameFacts {
  const message = data['message']
  if (!isObject(message)) return NOTHING
  const holdsContent = Array.isArray(message['content']) && message['content'].length > 0
  return { semantic: holdsContent, terminal: false, ...messageFacts(message), ...finishFacts(message) }
}

function deltaFacts(data: JsonObject): FrameFacts {
  const finish = isObject(data['delta']) ? finishFacts(data['delta']) : {}
  const usage = decodeUsage(data['usage'])
  return { semantic: finish.finish !== undefined, terminal: false, ...finish, ...(usage === undefined ? {} : { usage }) }
}

function messageFacts(message: JsonObject): Pick<FrameFacts, 'model' | 'usage'> {
  const usage = decodeUsage(message['usage'])
  return {
    ...(typeof message['model'] === 'string' ? { model: message['model'] } : {}),
    ...(usage === undefined ? {} : { usage }),
  }
}

function finishFacts(holder: JsonObject): Pick<FrameFacts, 'finish'> {
  const reason = holder['stop_reason']
  return typeof reason === 'string' ? { finish: decodeFinish(reason, holder['stop_sequence'], holder['stop_details']) } : {}
}

/** Text and thinking start empty; every other block is part of the answer as soon as it starts. */
function startsWithContent(block: unknown): boolean {
  if (!isObject(block)) return false
  if (block['type'] === 'text') return typeof block['text'] === 'string' && block['text'] !== ''
  if (block['type'] === 'thinking') return typeof block['thinking'] === 'string' && block['thinking'] !== ''
  return true
}

function deltaText(frame: JsonObject): number {
  const delta = frame['delta']
  return frameText(frame, isObject(delta) ? { ...delta, type: undefined, signature: undefined } : undefined)
}

function isSemanticDelta(delta: unknown): boolean {
  if (!isObject(delta)) return false
  if (delta['type'] === 'text_delta') return delta['text'] !== ''
  if (delta['type'] === 'thinking_delta') return delta['thinking'] !== ''
  return true
}
