import type { ContentPart } from '../../ir/content.ts'
import type { Translated } from '../../ir/diagnostic.ts'
import type { JsonObject } from '../../ir/json.ts'
import type { LlmResponse } from '../../ir/response.ts'
import type { ClientContext } from '../codec.ts'
import { Report } from '../report.ts'
import { callStateBlock, encodeAnswerPart } from './answer-parts.ts'
import { encodeFinish } from './finish.ts'
import { BEHIND_TEXT, isBareSignature } from './reasoning.ts'
import { encodeUsage } from './usage.ts'

/** Canonical answer → a message as clients of this format expect it. */
export function encodeResponse(response: LlmResponse, context: ClientContext): Translated<JsonObject> {
  const report = new Report()
  const [choice, ...others] = response.choices
  if (others.length > 0) report.lost('sampling.n', undefined, 'the format shows one answer only')
  const content: JsonObject[] = []
  let last: ContentPart | undefined
  for (const part of choice?.content ?? []) {
    const encoded = encodeAnswerPart(part, context.request, report)
    if (encoded === undefined) continue
    last = part
    const block = withCallId(encoded, content.length, context)
    if (part.type === 'tool-call' && part.signature !== undefined)
      content.push(callStateBlock(String(block['id']), part.signature))
    content.push(block)
  }
  if (last?.type === 'reasoning' && isBareSignature(last) && content.some((block) => block['type'] === 'text')) {
    content.pop()
    report.lost('part.reasoning_signature', last.path, BEHIND_TEXT)
  }
  const held = {
    toolCalls: choice?.content.some((part) => part.type === 'tool-call') ?? false,
    refusal: choice?.content.some((part) => part.type === 'refusal') ?? false,
  }
  const finish = encodeFinish(choice?.finish, held)
  const message: JsonObject = {
    id: messageId(response.id, context),
    type: 'message',
    role: 'assistant',
    model: context.model,
    content,
    stop_reason: finish.stopReason,
    stop_sequence: finish.stopSequence,
    ...(finish.details === undefined ? {} : { stop_details: finish.details }),
    usage: encodeUsage(response.usage, context.estimatedInputTokens),
  }
  return {
    value: response.extra?.format === 'anthropic' ? { ...response.extra.fields, ...message } : message,
    diagnostics: report.diagnostics,
  }
}

/** Ids of this format are kept; others would look foreign to its clients. */
export function messageId(id: string | undefined, context: ClientContext): string {
  return id?.startsWith('msg_') === true ? id : `msg_${context.requestId}`
}

/** A call needs an id to be answered; some servers send none. */
export function callId(id: string, index: number, context: ClientContext): string {
  return id === '' ? `call_${context.requestId}_${index}` : id
}

function withCallId(block: JsonObject, index: number, context: ClientContext): JsonObject {
  if (block['type'] === 'tool_use' && block['id'] === '') block['id'] = callId('', index, context)
  return block
}
