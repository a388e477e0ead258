import type { FinishReason, UnifiedFinish } from '../../ir/finish.ts'

/** Words of OpenAI and of servers that speak its format. */
const UNIFIED = new Map<string, UnifiedFinish>([
  ['stop', 'stop'],
  ['eos', 'stop'],
  ['end_turn', 'stop'],
  ['stop_sequence', 'stop'],
  ['length', 'length'],
  ['max_tokens', 'length'],
  ['model_length', 'context'],
  ['tool_calls', 'tool-calls'],
  ['function_call', 'tool-calls'],
  ['tool_use', 'tool-calls'],
  ['content_filter', 'content-filter'],
  ['sensitive', 'content-filter'],
  ['safety', 'content-filter'],
  ['refusal', 'refusal'],
  ['error', 'error'],
  ['network_error', 'error'],
  ['insufficient_system_resource', 'error'],
])

/**
 * Reads `finish_reason`. Some servers say `stop` after tool calls, which would end an agent's loop: `calledTools` corrects it.
 * `matched` is the stop sequence that servers like vLLM tell beside it.
 */
export function decodeFinish(raw: string, calledTools: boolean, matched: unknown): FinishReason {
  const unified = UNIFIED.get(raw) ?? 'unknown'
  const corrected = unified === 'stop' && calledTools ? 'tool-calls' : unified
  return typeof matched === 'string' ? { unified: corrected, raw, stopSequence: matched } : { unified: corrected, raw }
}

/** The word of the official enumeration. */
export function encodeFinish(reason: FinishReason): 'stop' | 'length' | 'tool_calls' | 'content_filter' {
  switch (reason.unified) {
    case 'length':
    case 'context':
      return 'length'
    case 'tool-calls':
      return 'tool_calls'
    case 'content-filter':
    case 'refusal':
      return 'content_filter'
    case 'stop':
    case 'pause':
    case 'error':
    case 'unknown':
      return 'stop'
  }
}
