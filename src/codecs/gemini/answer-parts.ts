import type { ContentPart, ReasoningPart } from '../../ir/content.ts'
import type { Feature } from '../../ir/feature.ts'
import { isObject, type JsonObject } from '../../ir/json.ts'
import type { LlmRequest } from '../../ir/request.ts'
import { resolveToolName } from '../namespaces.ts'
import type { Report } from '../report.ts'
import { signatureFor } from './signature.ts'

/** A part of an answer that came whole, as parts of this format; nothing where it has no place there (reported). */
export function encodeWholePart(part: ContentPart, report: Report): JsonObject[] {
  switch (part.type) {
    case 'image':
    case 'audio':
    case 'video':
    case 'document':
      return mediaPart(part, report)
    case 'hosted-tool-call':
      return part.origin === 'gemini' ? [part.raw] : lost('part.hosted_tool_call', part, report)
    case 'hosted-tool-result':
      return part.origin === 'gemini' ? [part.raw] : lost('part.hosted_tool_result', part, report)
    case 'compaction':
      return lost('part.compaction', part, report)
    case 'opaque':
      return part.format === 'gemini' && isObject(part.json) ? [part.json] : lost('part.opaque', part, report)
    default:
      return lost('part.opaque', part, report)
  }
}

/** What the vendor's tools found stands beside the content of a candidate; undefined for every other part. */
export function groundingOf(part: ContentPart): JsonObject | undefined {
  return part.type === 'hosted-tool-result' && part.origin === 'gemini' && part.kind === 'grounding' ? part.raw : undefined
}

/** The signature of reasoning: behind its text, or alone. */
export function signaturePart(part: ReasoningPart, isShown: boolean): JsonObject | undefined {
  const thoughtSignature = signatureFor(part)
  if (thoughtSignature === undefined) return undefined
  return isShown ? { text: '', thought: true, thoughtSignature } : { text: '', thoughtSignature }
}

/** The client's own name of a tool that had to be renamed for the upstream. The format knows no namespaces. */
export function answerToolName(name: string, request: LlmRequest): string {
  const isKnown = request.tools?.some((tool) => tool.type === 'function' && tool.name === name) ?? true
  return isKnown ? name : resolveToolName(request, name).name
}

function mediaPart(part: Extract<ContentPart, { type: 'image' | 'audio' | 'video' | 'document' }>, report: Report): JsonObject[] {
  const { source } = part
  const extra = part.extra?.format === 'gemini' ? part.extra.fields : {}
  if (source.kind === 'base64') return [merged({ inlineData: { mimeType: source.mediaType, data: source.data } }, extra)]
  if (source.kind === 'url') {
    const type = source.mediaType === undefined ? {} : { mimeType: source.mediaType }
    return [merged({ fileData: { ...type, fileUri: source.url } }, extra)]
  }
  if (source.kind === 'file' && source.origin === 'gemini') {
    const type = source.mediaType === undefined ? {} : { mimeType: source.mediaType }
    return [merged({ fileData: { ...type, fileUri: source.id } }, extra)]
  }
  return lost(part.type === 'audio' ? 'part.audio' : 'part.opaque', part, report)
}

function merged(written: JsonObject, extra: JsonObject): JsonObject {
  const result: JsonObject = { ...extra, ...written }
  for (const key of Object.keys(written)) {
    const [own, other] = [written[key], extra[key]]
    if (isObject(own) && isObject(other)) result[key] = { ...other, ...own }
  }
  return result
}

function lost(feature: Feature, part: ContentPart, report: Report): JsonObject[] {
  report.lost(feature, part.path, 'the content has no form in answers of the format')
  return []
}
