import type { Citation, ContentPart } from '../../ir/content.ts'
import type { Feature } from '../../ir/feature.ts'
import { isObject, type JsonObject } from '../../ir/json.ts'
import type { LlmRequest } from '../../ir/request.ts'
import { resolveToolName } from '../namespaces.ts'
import type { Report } from '../report.ts'
import { IMAGE_TYPES, wordFor } from './media-formats.data.ts'

/** A part of an answer that came whole, as a content block, or undefined when the format cannot show it (reported). */
export function wholeBlock(part: ContentPart, report: Report): JsonObject | undefined {
  switch (part.type) {
    case 'hosted-tool-call':
    case 'hosted-tool-result':
      if (part.origin === 'bedrock_converse') return part.raw
      return lost(part.type === 'hosted-tool-call' ? 'part.hosted_tool_call' : 'part.hosted_tool_result', part, report)
    case 'opaque':
      return part.format === 'bedrock_converse' && isObject(part.json) ? part.json : lost('part.opaque', part, report)
    case 'image': {
      const word = part.source.kind === 'base64' ? wordFor(part.source.mediaType, IMAGE_TYPES) : undefined
      if (part.source.kind === 'base64' && word !== undefined)
        return { image: { format: word, source: { bytes: part.source.data } } }
      return lost('part.image_in_assistant', part, report)
    }
    default:
      return lost(FEATURES[part.type] ?? 'part.opaque', part, report)
  }
}

const FEATURES: Readonly<Partial<Record<ContentPart['type'], Feature>>> = {
  audio: 'part.audio',
  video: 'part.video',
  document: 'part.document_base64',
  compaction: 'part.compaction',
  'search-result': 'part.search_result',
  'item-reference': 'part.item_reference',
}

export function nativeCitation(citation: Citation, report: Report): JsonObject | undefined {
  if (citation.origin === 'bedrock_converse') return citation.raw
  report.lost('part.citation', undefined, 'citations of another format have no form in this one')
  return undefined
}

/** The client's own name of a tool that had to be renamed for the upstream. */
export function answerToolName(name: string, request: LlmRequest): string {
  const isKnown = request.tools?.some((tool) => tool.type === 'function' && tool.name === name) ?? true
  return isKnown ? name : resolveToolName(request, name).name
}

function lost(feature: Feature, part: ContentPart, report: Report): undefined {
  report.lost(feature, part.path, 'the content has no form in answers of the format')
  return undefined
}
