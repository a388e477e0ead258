import type { LlmRequest, Message } from '../ir/request.ts'
import type { Report } from './report.ts'

/** How the attribution block of Claude Code begins. It differs from turn to turn, so it would spoil every prompt cache. */
const ATTRIBUTION = 'x-anthropic-billing-header:'

/**
 * Removes the attribution block, the first text of Claude Code's system prompt, as a declared edit. The engine calls this with
 * the request for every upstream that is not Anthropic's own, before it is encoded: two turns that differ only there then have
 * the same encoded prefix. Encoders that cannot be sent there at all call it with the messages. What holds no such block comes
 * back as the same object.
 */
export function withoutAttribution(request: LlmRequest, report: Report): LlmRequest
export function withoutAttribution(messages: Message[], report: Report): Message[]
export function withoutAttribution(from: LlmRequest | Message[], report: Report): LlmRequest | Message[] {
  if (Array.isArray(from)) return messagesWithout(from, report)
  const messages = messagesWithout(from.messages, report)
  return messages === from.messages ? from : { ...from, messages }
}

function messagesWithout(messages: Message[], report: Report): Message[] {
  const index = messages.findIndex((message) => message.role === 'system')
  const system = messages[index]
  const first = system?.content[0]
  if (system === undefined || first?.type !== 'text' || !first.text.startsWith(ATTRIBUTION)) return messages
  report.edited('attribution_block', first.path, 'the attribution block of the client was removed for this upstream')
  const rest = system.content.slice(1)
  const remaining = rest.length === 0 ? [] : [{ ...system, content: rest }]
  return [...messages.slice(0, index), ...remaining, ...messages.slice(index + 1)]
}
