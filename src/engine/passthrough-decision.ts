import type { WireQuirks } from '../codecs/codec.ts'
import type { LlmRequest } from '../ir/request.ts'
import type { Target } from '../ir/target.ts'
import { asBuffer } from '../lib/as-buffer.ts'
import type { Call } from './engine.ts'

/** What the target's provider says that matters here. */
export interface PassthroughTarget {
  readonly target: Target
  readonly quirks: WireQuirks
  readonly firstParty: boolean
}

/** An envelope of ours, as it is and in the base64 that Gemini clients keep it in. */
const CARRIER_MARKS = ['sbk1.', 'c2JrMS5'].map((mark) => Buffer.from(mark))
const CALL_SIGNATURE_MARK = Buffer.from('"thought_signature"')
const ATTRIBUTION_MARK = Buffer.from('x-anthropic-billing-header:')

/**
 * Why the client's bytes cannot go to this target as they are; empty means they can. Codes, for the record:
 * `format_differs`, `carried_state` (an envelope of ours must be unwrapped), `attribution_block` (must not leave Anthropic),
 * `developer_role`, `max_tokens_field`, `stream_usage` (the server is known to lack what the client uses), `call_signature` (Google's,
 * which OpenAI refuses), and what the format itself says. Attempts add `folded_stream` and `state_elsewhere` (turns before the request
 * are kept by somebody else).
 */
export function passthroughRefusals(call: Pick<Call, 'codec' | 'request' | 'body'>, to: PassthroughTarget): string[] {
  if (call.codec.format !== to.target.format) return ['format_differs']
  const reasons: string[] = []
  const bytes = asBuffer(call.body.bytes)
  if (CARRIER_MARKS.some((mark) => bytes.includes(mark))) reasons.push('carried_state')
  if (!to.firstParty && to.target.format === 'anthropic' && bytes.includes(ATTRIBUTION_MARK)) reasons.push('attribution_block')
  if (to.target.format === 'openai') reasons.push(...chatRefusals(call.request, to.quirks))
  if (to.target.format === 'openai' && to.firstParty && bytes.includes(CALL_SIGNATURE_MARK)) reasons.push('call_signature')
  reasons.push(...(call.codec.passthroughRefusals?.(bytes, to.target.model) ?? []))
  return reasons
}

function chatRefusals(request: LlmRequest, quirks: WireQuirks): string[] {
  const reasons: string[] = []
  if (quirks.developerRole === false && request.messages.some((message) => message.role === 'developer'))
    reasons.push('developer_role')
  if (quirks.maxTokensField === 'max_tokens' && request.paths?.max_output_tokens === '/max_completion_tokens')
    reasons.push('max_tokens_field')
  if (quirks.streamUsage === false && request.includeUsage !== undefined) reasons.push('stream_usage')
  return reasons
}
