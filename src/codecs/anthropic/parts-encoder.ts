import type { CompactionPart, ContentPart, ImagePart, ReasoningPart, SearchResultPart, TextPart } from '../../ir/content.ts'
import type { JsonObject } from '../../ir/json.ts'
import { assertNever } from '../../lib/assert-never.ts'
import { finished, imageFeature, lost, placeholder, withExtra, type EncodeContext, type Place } from './encode-context.ts'
import { encodeDocument, encodeImage } from './media-encoder.ts'
import { readableReasoning, reportForeignReasoning } from '../reasoning-state.ts'
import { isNative } from './reasoning.ts'
import { encodeToolCall, encodeToolResult } from './tool-parts-encoder.ts'

/** A part as a content block, or undefined when the format cannot take it there (reported) or it is empty. */
export function encodePart(part: ContentPart, place: Place, context: EncodeContext): JsonObject | undefined {
  switch (part.type) {
    case 'text':
      return encodeText(part, context)
    case 'refusal':
      context.report.rewritten('part.refusal', part.path, 'a refusal is sent as text')
      return part.text.trim() === '' ? undefined : finished({ type: 'text', text: part.text }, part, context)
    case 'reasoning':
      return encodeReasoning(part, context)
    case 'image':
      return place === 'user' || place === 'tool-result' ? encodeImage(part, context) : misplacedImage(part, place, context)
    case 'document':
      return place === 'user' || place === 'tool-result'
        ? encodeDocument(part, context)
        : placeholder(`part.document_${part.source.kind}`, part, context)
    case 'audio':
    case 'video':
      return lost(part.type === 'audio' ? 'part.audio' : 'part.video', part, context)
    case 'search-result':
      return encodeSearchResult(part, context)
    case 'tool-call':
      return encodeToolCall(part, context)
    case 'tool-result':
      return encodeToolResult(part, context)
    case 'hosted-tool-call':
      return part.origin === 'anthropic' ? rawBlock(part.raw, part, context) : lost('part.hosted_tool_call', part, context)
    case 'hosted-tool-result':
      return part.origin === 'anthropic' ? rawBlock(part.raw, part, context) : lost('part.hosted_tool_result', part, context)
    case 'compaction':
      return encodeCompaction(part, context)
    case 'item-reference':
      return lost('part.item_reference', part, context)
    case 'opaque':
      return part.format === 'anthropic' && typeof part.json === 'object' && part.json !== null
        ? rawBlock(part.json as JsonObject, part, context)
        : lost('part.opaque', part, context)
    default:
      return assertNever(part)
  }
}

function encodeText(part: TextPart, context: EncodeContext): JsonObject | undefined {
  if (part.logprobs !== undefined) context.report.lost('part.logprobs', part.path, 'log-probabilities cannot be sent back')
  // Blocks without visible text are refused by the API. Whoever calls this reports it: it depends on the turn.
  if (part.text.trim() === '') return undefined
  const block: JsonObject = { type: 'text', text: part.text }
  if (part.citations !== undefined) {
    const native = part.citations.filter((citation) => citation.origin === 'anthropic').map((citation) => citation.raw)
    if (native.length < part.citations.length)
      context.report.lost('part.citation', part.path, 'citations of another format cannot be sent back')
    if (native.length > 0 || part.citations.length === 0) block['citations'] = native
  }
  return finished(block, part, context)
}

/** Only state that Anthropic itself signed may go back there; unsigned text would be refused. */
function encodeReasoning(part: ReasoningPart, context: EncodeContext): JsonObject | undefined {
  if (part.cache !== undefined) context.report.lost('cache_hint', part.path, 'thinking blocks take no cache marker')
  if (isNative(part)) {
    if (part.redacted !== undefined) return withExtra({ type: 'redacted_thinking', data: part.redacted }, part, context.report)
    return withExtra({ type: 'thinking', thinking: readableReasoning(part), signature: part.signature }, part, context.report)
  }
  reportForeignReasoning(part, context.report, 'reasoning that Anthropic did not sign cannot be sent back')
  return undefined
}

function encodeSearchResult(part: SearchResultPart, context: EncodeContext): JsonObject {
  const content: JsonObject[] = []
  for (const text of part.content) {
    const block = encodeText(text, context)
    if (block === undefined)
      context.report.rewritten('message.empty_text', text.path, 'a text without visible characters was left out')
    else content.push(block)
  }
  const block: JsonObject = { type: 'search_result', source: part.source, title: part.title, content }
  if (part.citations !== undefined) block['citations'] = { enabled: part.citations }
  return finished(block, part, context)
}

function encodeCompaction(part: CompactionPart, context: EncodeContext): JsonObject | undefined {
  if (part.origin === 'anthropic') return rawBlock(part.raw, part, context)
  if (part.text === undefined || part.text.trim() === '') return lost('part.compaction', part, context)
  context.report.rewritten('part.compaction', part.path, 'the readable summary of a compaction is sent as text')
  return finished({ type: 'text', text: part.text }, part, context)
}

function misplacedImage(part: ImagePart, place: Place, context: EncodeContext): JsonObject | undefined {
  return place === 'assistant'
    ? lost('part.image_in_assistant', part, context)
    : placeholder(imageFeature(part.source), part, context)
}

/** A block in its own format. Copied only when it bears a marker, which the limit may have to take back. */
function rawBlock(raw: JsonObject, part: ContentPart, context: EncodeContext): JsonObject {
  if (raw['cache_control'] === undefined || raw['cache_control'] === null) return raw
  const copy = { ...raw }
  context.markers.add(copy, part.path)
  return copy
}
