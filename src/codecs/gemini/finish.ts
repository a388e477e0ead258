import type { FinishReason, UnifiedFinish } from '../../ir/finish.ts'
import type { JsonObject } from '../../ir/json.ts'

const UNIFIED: Readonly<Record<string, UnifiedFinish>> = {
  STOP: 'stop',
  MAX_TOKENS: 'length',
  SAFETY: 'content-filter',
  RECITATION: 'content-filter',
  BLOCKLIST: 'content-filter',
  PROHIBITED_CONTENT: 'content-filter',
  SPII: 'content-filter',
  IMAGE_SAFETY: 'content-filter',
  IMAGE_PROHIBITED_CONTENT: 'content-filter',
  IMAGE_RECITATION: 'content-filter',
  MALFORMED_FUNCTION_CALL: 'error',
  UNEXPECTED_TOOL_CALL: 'error',
  TOO_MANY_TOOL_CALLS: 'error',
  MALFORMED_RESPONSE: 'error',
  // The turn goes on with the token that came along.
  CONTINUATION: 'pause',
  LANGUAGE: 'unknown',
  OTHER: 'unknown',
  NO_IMAGE: 'unknown',
  IMAGE_OTHER: 'unknown',
  FINISH_REASON_UNSPECIFIED: 'unknown',
}

const WIRE: Readonly<Record<UnifiedFinish, string>> = {
  stop: 'STOP',
  length: 'MAX_TOKENS',
  'tool-calls': 'STOP',
  'content-filter': 'SAFETY',
  refusal: 'SAFETY',
  pause: 'STOP',
  context: 'MAX_TOKENS',
  error: 'OTHER',
  unknown: 'STOP',
}

/** What the raw reason of a prompt that was refused begins with; the vendor's reason follows. */
const BLOCKED = 'BLOCK:'

/** The format has one word for an answer and for calls. `details` are the fields of the candidate that nothing else holds. */
export function decodeFinish(raw: string, calledTools: boolean, details: JsonObject | undefined): FinishReason {
  const unified = Object.hasOwn(UNIFIED, raw) ? (UNIFIED[raw] ?? 'unknown') : 'unknown'
  return {
    unified: unified === 'stop' && calledTools ? 'tool-calls' : unified,
    raw,
    ...(details === undefined ? {} : { details }),
  }
}

/** A prompt that was refused: there is no candidate, and the reason stands in the feedback on the prompt. */
export function decodeBlock(promptFeedback: JsonObject): FinishReason {
  const reason = promptFeedback['blockReason']
  return {
    unified: 'content-filter',
    raw: `${BLOCKED}${typeof reason === 'string' ? reason : 'BLOCKED_REASON_UNSPECIFIED'}`,
    details: { promptFeedback },
  }
}

/** Whether a reason is the vendor's own word. */
export function isOwnReason({ raw, unified }: FinishReason): boolean {
  if (raw === undefined || !Object.hasOwn(UNIFIED, raw)) return false
  return UNIFIED[raw] === unified || (UNIFIED[raw] === 'stop' && unified === 'tool-calls')
}

export function encodeFinish(reason: FinishReason): string {
  return isOwnReason(reason) && reason.raw !== undefined ? reason.raw : WIRE[reason.unified]
}

/** The feedback on a prompt that the vendor refused; undefined for every other reason. */
export function blockedPrompt({ raw, details }: FinishReason): JsonObject | undefined {
  if (raw?.startsWith(BLOCKED) !== true || typeof details !== 'object' || details === null) return undefined
  return (details as { readonly promptFeedback?: JsonObject }).promptFeedback
}
