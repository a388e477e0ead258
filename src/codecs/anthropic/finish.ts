import type { FinishReason, UnifiedFinish } from '../../ir/finish.ts'

const UNIFIED: Readonly<Record<string, UnifiedFinish>> = {
  end_turn: 'stop',
  max_tokens: 'length',
  stop_sequence: 'stop',
  tool_use: 'tool-calls',
  pause_turn: 'pause',
  // A turn that stopped because the conversation was compacted is to be continued.
  compaction: 'pause',
  refusal: 'refusal',
  model_context_window_exceeded: 'context',
}

const WIRE: Readonly<Record<UnifiedFinish, string>> = {
  stop: 'end_turn',
  length: 'max_tokens',
  'tool-calls': 'tool_use',
  'content-filter': 'refusal',
  refusal: 'refusal',
  pause: 'pause_turn',
  context: 'model_context_window_exceeded',
  error: 'end_turn',
  unknown: 'end_turn',
}

export function decodeFinish(stopReason: string, stopSequence: unknown, details: unknown): FinishReason {
  const unified = Object.hasOwn(UNIFIED, stopReason) ? (UNIFIED[stopReason] ?? 'unknown') : 'unknown'
  return {
    unified,
    raw: stopReason,
    ...(typeof stopSequence === 'string' ? { stopSequence } : {}),
    ...(details === undefined || details === null ? {} : { details }),
  }
}

export interface WireFinish {
  readonly stopReason: string
  readonly stopSequence: string | null
  /** `stop_details`, when the origin was this format. */
  readonly details: unknown
}

/** What the answer held matters too: many servers call a turn with tool calls, or a refusal, simply stopped. */
export function encodeFinish(
  reason: FinishReason | undefined,
  held: { readonly toolCalls: boolean; readonly refusal: boolean },
): WireFinish {
  const raw = reason?.raw
  const isOwn = raw !== undefined && Object.hasOwn(UNIFIED, raw) && UNIFIED[raw] === reason?.unified
  let stopReason = isOwn ? raw : WIRE[reason?.unified ?? 'unknown']
  const stopSequence = reason?.stopSequence ?? null
  if (stopReason === 'end_turn') {
    if (held.toolCalls) stopReason = 'tool_use'
    else if (held.refusal) stopReason = 'refusal'
    else if (stopSequence !== null) stopReason = 'stop_sequence'
  }
  return { stopReason, stopSequence, details: isOwn ? reason?.details : undefined }
}
