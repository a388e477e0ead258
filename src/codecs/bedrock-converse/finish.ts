import type { FinishReason, UnifiedFinish } from '../../ir/finish.ts'
import { isObject, type JsonObject } from '../../ir/json.ts'

const UNIFIED: Readonly<Record<string, UnifiedFinish>> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  tool_use: 'tool-calls',
  max_tokens: 'length',
  model_context_window_exceeded: 'context',
  guardrail_intervened: 'content-filter',
  content_filtered: 'content-filter',
  malformed_model_output: 'error',
  malformed_tool_use: 'error',
  // Of Claude's models, where the API passes their own word on.
  refusal: 'refusal',
  pause_turn: 'pause',
}

const WIRE: Readonly<Record<UnifiedFinish, string>> = {
  stop: 'end_turn',
  length: 'max_tokens',
  'tool-calls': 'tool_use',
  'content-filter': 'content_filtered',
  refusal: 'content_filtered',
  pause: 'end_turn',
  context: 'model_context_window_exceeded',
  error: 'malformed_model_output',
  unknown: 'end_turn',
}

/** `modelFields` are what the model said beside the API; the sequence that matched is among them when it was asked for. */
export function decodeFinish(raw: string, modelFields: unknown): FinishReason {
  const stopSequence = isObject(modelFields) ? modelFields['stop_sequence'] : undefined
  return {
    unified: Object.hasOwn(UNIFIED, raw) ? (UNIFIED[raw] ?? 'unknown') : 'unknown',
    raw,
    ...(typeof stopSequence === 'string' ? { stopSequence } : {}),
  }
}

/** `stopReason`, and what belongs among the fields of the model. */
export function encodeFinish(reason: FinishReason | undefined): {
  readonly stopReason: string
  readonly modelFields: JsonObject
} {
  if (reason === undefined) return { stopReason: 'end_turn', modelFields: {} }
  const { unified, raw, stopSequence } = reason
  const isOwn = raw !== undefined && Object.hasOwn(UNIFIED, raw) && UNIFIED[raw] === unified
  const matched = stopSequence !== undefined && unified === 'stop'
  return {
    stopReason: isOwn ? raw : matched ? 'stop_sequence' : WIRE[unified],
    modelFields: stopSequence === undefined ? {} : { stop_sequence: stopSequence },
  }
}
