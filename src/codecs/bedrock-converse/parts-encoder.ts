import type { CompactionPart, ContentPart, ReasoningPart, SearchResultPart, TextPart } from '../../ir/content.ts'
import { isObject, type JsonObject } from '../../ir/json.ts'
import { assertNever } from '../../lib/assert-never.ts'
import { lost, withExtra, type EncodeContext, type Place } from './encode-context.ts'
import { encodeAudio, encodeDocument, encodeImage, encodeVideo } from './media-encoder.ts'
import { readableReasoning, reportForeignReasoning } from '../reasoning-state.ts'
import { encodeToolCall, encodeToolResult } from './tool-parts-encoder.ts'

/** A part as a content block, or undefined when the format cannot take it there (reported) or it is empty. */
export function encodePart(part: ContentPart, place: Place, context: EncodeContext): JsonObject | undefined {
  switch (part.type) {
    case 'text':
      return encodeText(part, context)
    case 'refusal':
      context.report.rewritten('part.refusal', part.path, 'a refusal is sent as text')
      return part.text.trim() === '' ? undefined : withExtra({ text: part.text }, part, context.report)
    case 'reasoning':
      return encodeReasoning(part, context)
    case 'image':
      return encodeImage(part, place, context)
    case 'document':
      return encodeDocument(part, place, context)
    case 'audio':
      return encodeAudio(part, place, context)
    case 'video':
      return encodeVideo(part, place, context)
    case 'search-result':
      return encodeSearchResult(part, context)
    case 'tool-call':
      return encodeToolCall(part, context)
    case 'tool-result':
      return encodeToolResult(part, context)
    case 'hosted-tool-call':
      return part.origin === 'bedrock_converse' ? part.raw : lost('part.hosted_tool_call', part, context)
    case 'hosted-tool-result':
      return part.origin === 'bedrock_converse' ? part.raw : lost('part.hosted_tool_result', part, context)
    case 'compaction':
      return encodeCompaction(part, context)
    case 'item-reference':
      return lost('part.item_reference', part, context)
    case 'opaque':
      return part.format === 'bedrock_converse' && isObject(part.json) ? part.json : lost('part.opaque', part, context)
    default:
      return assertNever(part)
  }
}

/** Blocks without visible text are refused by the API. Whoever calls this reports it: it depends on the turn. */
function encodeText(part: TextPart, context: EncodeContext): JsonObject | undefined {
  const { report } = context
  if (part.logprobs !== undefined) report.lost('part.logprobs', part.path, 'log-probabilities cannot be sent back')
  const own = part.extra?.format === 'bedrock_converse' ? part.extra.fields : {}
  if (isObject(own['citationsContent'])) return { ...own, citationsContent: own['citationsContent'] }
  const citations = part.citations?.filter(({ origin }) => origin === 'bedrock_converse').map(({ raw }) => raw)
  if (citations !== undefined && citations.length < (part.citations?.length ?? 0))
    report.lost('part.citation', part.path, 'citations of another format cannot be sent back')
  if (part.text.trim() === '') return undefined
  if (isObject(own['guardContent'])) return withExtra({ guardContent: { text: { text: part.text } } }, part, report)
  const isCited = citations !== undefined && (citations.length > 0 || context.isNative)
  const block: JsonObject = isCited ? { citationsContent: { content: [{ text: part.text }], citations } } : { text: part.text }
  return withExtra(block, part, report)
}

/** Only what a model behind this API, or a model of the same family elsewhere, has signed may go back. */
function encodeReasoning(part: ReasoningPart, context: EncodeContext): JsonObject | undefined {
  const { report } = context
  if (part.cache !== undefined) report.lost('cache_hint', part.path, 'reasoning takes no cache point')
  if (part.origin === 'bedrock_converse') {
    const { redacted, signature } = part
    const content: JsonObject =
      redacted === undefined
        ? { reasoningText: { text: readableReasoning(part), ...(signature === undefined ? {} : { signature }) } }
        : { redactedContent: redacted }
    return withExtra({ reasoningContent: content }, part, report)
  }
  const isClaude = part.origin === 'anthropic' && context.family.claudeSignatures
  if (isClaude && part.signature !== undefined && part.redacted === undefined) {
    const reasoningText = { text: readableReasoning(part), signature: part.signature }
    return withExtra({ reasoningContent: { reasoningText } }, part, report)
  }
  reportForeignReasoning(part, report, 'reasoning that the model did not sign cannot be sent back')
  return undefined
}

function encodeSearchResult(part: SearchResultPart, context: EncodeContext): JsonObject {
  const { report } = context
  const content = part.content.map((text) => {
    if (text.cache !== undefined) report.lost('cache_hint', text.path, 'the inside of a search result takes no cache point')
    if (text.citations !== undefined) report.lost('part.citation', text.path, 'a search result has no citations inside')
    return withExtra({ text: text.text }, text, report)
  })
  const block: JsonObject = { source: part.source, title: part.title, content }
  if (part.citations !== undefined) block['citations'] = { enabled: part.citations }
  return withExtra({ searchResult: block }, part, report)
}

function encodeCompaction(part: CompactionPart, context: EncodeContext): JsonObject | undefined {
  if (part.text === undefined || part.text.trim() === '') return lost('part.compaction', part, context)
  context.report.rewritten('part.compaction', part.path, 'the readable summary of a compaction is sent as text')
  return withExtra({ text: part.text }, part, context.report)
}
