import type { CompactionPart, ContentPart, DocumentPart, ReasoningPart, SearchResultPart, TextPart } from '../../ir/content.ts'
import { isObject, type JsonObject } from '../../ir/json.ts'
import { assertNever } from '../../lib/assert-never.ts'
import { reportForeignReasoning } from '../reasoning-state.ts'
import { finished, lost, reportCache, type EncodeContext } from './encode-context.ts'
import { encodeAudio, encodeDocument, encodeImage, encodeVideo, reportDocumentFields } from './media-encoder.ts'

/** Parts that calls and results become are made elsewhere: they need to know their turn. */
type PlainPart = Exclude<ContentPart, { type: 'tool-call' | 'tool-result' }>

/** What a part becomes; nothing when the format cannot take it (reported) or it is empty. */
export function encodePart(part: PlainPart, context: EncodeContext): JsonObject[] {
  if (part.type === 'search-result') return encodeSearchResult(part, context)
  if (part.type === 'document' && part.source.kind === 'parts') return encodeParts(part, part.source.parts, context)
  const written = encodeOne(part, context)
  return written === undefined ? [] : [written]
}

function encodeOne(part: Exclude<PlainPart, SearchResultPart>, context: EncodeContext): JsonObject | undefined {
  switch (part.type) {
    case 'text':
      return encodeText(part, context)
    case 'refusal':
      context.report.rewritten('part.refusal', part.path, 'a refusal is sent as text')
      return part.text === '' ? undefined : finished({ text: part.text }, part, context)
    case 'reasoning':
      return encodeReasoning(part, context)
    case 'image':
      return encodeImage(part, context)
    case 'audio':
      return encodeAudio(part, context)
    case 'video':
      return encodeVideo(part, context)
    case 'document':
      reportDocumentFields(part, context)
      return encodeDocument(part, context)
    case 'hosted-tool-call':
      reportCache(part, context)
      return part.origin === 'gemini' ? part.raw : lost('part.hosted_tool_call', part, context)
    case 'hosted-tool-result':
      reportCache(part, context)
      return part.origin === 'gemini' ? part.raw : lost('part.hosted_tool_result', part, context)
    case 'compaction':
      return encodeCompaction(part, context)
    case 'item-reference':
      return lost('part.item_reference', part, context)
    case 'opaque':
      reportCache(part, context)
      return part.format === 'gemini' && isObject(part.json) ? part.json : lost('part.opaque', part, context)
    default:
      return assertNever(part)
  }
}

function encodeText(part: TextPart, context: EncodeContext): JsonObject | undefined {
  const { report } = context
  if (part.logprobs !== undefined) report.lost('part.logprobs', part.path, 'log-probabilities cannot be sent back')
  if (part.citations !== undefined && part.citations.length > 0)
    report.lost('part.citation', part.path, 'citations cannot be sent back')
  const written = finished({ text: part.text }, part, context)
  // How other clients say that there is no text: nothing is lost with it, and the API refuses it.
  return part.text === '' && !context.isNative ? undefined : written
}

/** Only reasoning of the vendor's own models goes back to it: what they thought, and their signature. */
function encodeReasoning(part: ReasoningPart, context: EncodeContext): JsonObject | undefined {
  if (part.origin === 'gemini') {
    const text = part.text ?? part.summary?.join('') ?? ''
    const written: JsonObject = { text }
    if (text !== '') written['thought'] = true
    if (part.signature !== undefined) written['thoughtSignature'] = part.signature
    if (text === '' && part.signature === undefined) return undefined
    return finished(written, part, context)
  }
  reportCache(part, context)
  reportForeignReasoning(part, context.report, "reasoning of another vendor's model cannot be sent back")
  return undefined
}

/** Found elsewhere and put into the prompt: told as text, its source in front. */
function encodeSearchResult(part: SearchResultPart, context: EncodeContext): JsonObject[] {
  context.report.rewritten('part.search_result', part.path, 'a search result is sent as text')
  if (part.citations !== undefined) context.report.lost('part.document_citations', part.path, 'search results are not cited here')
  const head = finished({ text: `${part.title}\n${part.source}` }, part, context)
  return [head, ...part.content.flatMap((text) => encodePart(text, context))]
}

function encodeParts(part: DocumentPart, parts: readonly ContentPart[], context: EncodeContext): JsonObject[] {
  context.report.rewritten('part.document_parts', part.path, 'the parts of a document are sent one by one')
  reportDocumentFields(part, context)
  reportCache(part, context)
  finished({}, { ...part, cache: undefined }, context)
  return parts.flatMap((inner) => (inner.type === 'tool-call' || inner.type === 'tool-result' ? [] : encodePart(inner, context)))
}

function encodeCompaction(part: CompactionPart, context: EncodeContext): JsonObject | undefined {
  if (part.text === undefined || part.text.trim() === '') return lost('part.compaction', part, context)
  context.report.rewritten('part.compaction', part.path, 'the readable summary of a compaction is sent as text')
  return finished({ text: part.text }, part, context)
}
