import type { Citation, ContentPart, ReasoningPart, TextPart, ToolCallPart } from '../../ir/content.ts'
import type { Feature } from '../../ir/feature.ts'
import { isObject, type JsonObject } from '../../ir/json.ts'
import type { LlmRequest } from '../../ir/request.ts'
import { callSignatureEnvelope } from '../call-signatures.ts'
import { resolveToolName } from '../namespaces.ts'
import type { Report } from '../report.ts'
import { toolInputObject } from '../tool-input.ts'
import { envelopeOf, hasState, readableReasoning } from '../reasoning-state.ts'
import { isNative } from './reasoning.ts'

/** A part of an answer as a content block, or undefined when there is nothing to show or the format cannot show it (reported). */
export function encodeAnswerPart(part: ContentPart, request: LlmRequest, report: Report): JsonObject | undefined {
  switch (part.type) {
    case 'text':
      return encodeText(part, report)
    case 'refusal':
      report.rewritten('part.refusal', part.path, 'a refusal is shown as text')
      return part.text === '' ? undefined : withFields({ type: 'text', text: part.text }, part)
    case 'reasoning':
      return encodeReasoning(part)
    case 'tool-call':
      return encodeToolCall(part, request)
    default:
      return rawAnswerBlock(part, report)
  }
}

/** Parts in the format's own words; those of other formats have no place in its answers. */
export function rawAnswerBlock(part: ContentPart, report: Report): JsonObject | undefined {
  switch (part.type) {
    case 'hosted-tool-call':
    case 'hosted-tool-result':
      if (part.origin === 'anthropic') return part.raw
      return lostFromAnswer(part.type === 'hosted-tool-call' ? 'part.hosted_tool_call' : 'part.hosted_tool_result', part, report)
    case 'compaction':
      return part.origin === 'anthropic' ? part.raw : lostFromAnswer('part.compaction', part, report)
    case 'opaque':
      return part.format === 'anthropic' && isObject(part.json) ? part.json : lostFromAnswer('part.opaque', part, report)
    default:
      return lostFromAnswer(FEATURES[part.type] ?? 'part.opaque', part, report)
  }
}

export function nativeCitation(citation: Citation, report: Report): JsonObject | undefined {
  if (citation.origin === 'anthropic') return citation.raw
  report.lost('part.citation', undefined, 'citations of another format have no form in this one')
  return undefined
}

/** Who called, when it is one of the callers the format knows. */
export function answerCaller(caller: unknown): JsonObject | undefined {
  return isObject(caller) &&
    typeof caller['type'] === 'string' &&
    (caller['type'] === 'direct' || caller['type'].startsWith('code_execution_'))
    ? caller
    : undefined
}

/** The client's own name of a tool that had to be renamed for the upstream. */
export function answerToolName(name: string, request: LlmRequest): string {
  const isKnown = request.tools?.some((tool) => tool.type === 'function' && tool.name === name) ?? true
  return isKnown ? name : resolveToolName(request, name).name
}

const FEATURES: Partial<Record<ContentPart['type'], Feature>> = {
  image: 'part.image_in_assistant',
  audio: 'part.audio',
  video: 'part.video',
  document: 'part.document_base64',
  'search-result': 'part.search_result',
  'item-reference': 'part.item_reference',
}

function encodeText(part: TextPart, report: Report): JsonObject | undefined {
  if (part.logprobs !== undefined) report.lost('part.logprobs', part.path, 'the format has no log-probabilities')
  const citations = part.citations
    ?.map((citation) => nativeCitation(citation, report))
    .filter((citation) => citation !== undefined)
  if (part.text === '') return undefined
  const block: JsonObject = { type: 'text', text: part.text }
  if (citations !== undefined && citations.length > 0) block['citations'] = citations
  return withFields(block, part)
}

function encodeReasoning(part: ReasoningPart): JsonObject | undefined {
  const text = readableReasoning(part)
  if (isNative(part))
    return withFields(
      part.redacted !== undefined
        ? { type: 'redacted_thinking', data: part.redacted }
        : { type: 'thinking', thinking: text, signature: part.signature },
      part,
    )
  if (text !== '') return { type: 'thinking', thinking: text, signature: envelopeOf(part) }
  return hasState(part) ? { type: 'redacted_thinking', data: envelopeOf(part) } : undefined
}

/** The block in which a client keeps the signature of the call behind it. */
export function callStateBlock(callId: string, signature: string): JsonObject {
  return { type: 'redacted_thinking', data: callSignatureEnvelope(callId, signature) }
}

function encodeToolCall(part: ToolCallPart, request: LlmRequest): JsonObject {
  const block: JsonObject = {
    type: 'tool_use',
    id: part.id,
    name: answerToolName(part.name, request),
    input: toolInputObject(part.input).value,
  }
  const caller = answerCaller(part.caller)
  if (caller !== undefined) block['caller'] = caller
  return withFields(block, part)
}

function withFields(block: JsonObject, part: ContentPart): JsonObject {
  return part.extra?.format === 'anthropic' ? { ...part.extra.fields, ...block } : block
}

function lostFromAnswer(feature: Feature, part: ContentPart, report: Report): undefined {
  report.lost(feature, part.path, 'the content has no form in answers of the format')
  return undefined
}
