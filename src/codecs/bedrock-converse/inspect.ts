import { isObject, type JsonObject } from '../../ir/json.ts'
import type { SseFrame } from '../../lib/sse-parser.ts'
import type { FrameFacts } from '../codec.ts'
import { decodeFailure, failureOfAnswer } from './error.ts'
import { decodeFinish } from './finish.ts'
import { messageOf } from './response-decoder.ts'
import { decodeUsage } from './usage.ts'

const NOTHING: FrameFacts = { semantic: false, terminal: false }

/** What one frame of a stream tells by itself. Never throws; unreadable frames tell nothing. */
export function inspectFrame({ event, data }: SseFrame): FrameFacts {
  const frame = parse(data)
  if (frame === undefined) return NOTHING
  const error = decodeFailure(event, frame)
  if (error !== undefined) return { semantic: false, terminal: true, error }
  switch (event) {
    case 'contentBlockStart':
      return { semantic: true, terminal: false }
    case 'contentBlockDelta':
      return isObject(frame['delta']) && frame['delta']['text'] !== '' ? { semantic: true, terminal: false } : NOTHING
    case 'messageStop':
      return { semantic: true, terminal: true, ...finishOf(frame) }
    case 'metadata':
      return { ...NOTHING, ...usageOf(frame) }
    default:
      return NOTHING
  }
}

/** The same of a whole answer. */
export function inspectResponse(body: unknown): FrameFacts {
  if (!isObject(body)) return NOTHING
  const error = failureOfAnswer(body)
  if (error !== undefined) return { semantic: false, terminal: true, error }
  return { semantic: messageOf(body) !== undefined, terminal: true, ...finishOf(body), ...usageOf(body) }
}

function finishOf(frame: JsonObject): Pick<FrameFacts, 'finish'> {
  const { stopReason, additionalModelResponseFields: modelFields } = frame
  return typeof stopReason === 'string' ? { finish: decodeFinish(stopReason, modelFields) } : {}
}

function usageOf(frame: JsonObject): Pick<FrameFacts, 'usage'> {
  const usage = decodeUsage(frame['usage'])
  return usage === undefined ? {} : { usage }
}

function parse(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined // not ours to complain about: the bytes go to the client as they are
  }
}
