import type { ContentPart, DocumentPart, ImagePart, MediaSource } from '../../ir/content.ts'
import type { JsonObject } from '../../ir/json.ts'
import { finished, imageFeature, lost, placeholder, type EncodeContext } from './encode-context.ts'

const IMAGE_TYPES = new Set(['image/jpeg', 'image/png', 'image/gif', 'image/webp'])
const DATA_URL = /^data:([^;,]+)(?:;[^,]*)?;base64,/

export function encodeImage(part: ImagePart, context: EncodeContext): JsonObject | undefined {
  const source = asBase64(part.source)
  // Clients of this very format know best which image types their upstream takes.
  if (source.kind === 'base64' && !context.isNative && !IMAGE_TYPES.has(imageType(source.mediaType)))
    return placeholder('part.image_base64', part, context)
  const encoded = simpleSource(source)
  if (encoded === undefined)
    return part.source.kind === 'file'
      ? lost('part.image_file', part, context)
      : placeholder(imageFeature(part.source), part, context)
  if (part.detail !== undefined) context.report.lost('part.image_detail', part.path, 'the format has no image detail setting')
  return finished({ type: 'image', source: encoded }, part, context)
}

export function encodeDocument(part: DocumentPart, context: EncodeContext): JsonObject | undefined {
  const source = documentSource(part, context)
  if (source === undefined)
    return part.source.kind === 'file'
      ? lost('part.document_file', part, context)
      : placeholder(`part.document_${part.source.kind}`, part, context)
  const block: JsonObject = { type: 'document', source }
  const title = part.title ?? part.filename
  if (title !== undefined) block['title'] = title
  if (part.filename !== undefined && part.title !== undefined && part.filename !== part.title)
    context.report.rewritten('part.document_title', part.path, 'the format has a title but no file name')
  if (part.context !== undefined) block['context'] = part.context
  if (part.citations !== undefined) block['citations'] = { enabled: part.citations }
  return finished(block, part, context)
}

function documentSource(part: DocumentPart, context: EncodeContext): JsonObject | undefined {
  const source = asBase64(part.source)
  if (source.kind === 'parts') return partsSource(source.parts, context)
  if (source.kind === 'text') {
    // Plain text is the only text type the API knows; others are still text.
    if (source.mediaType !== 'text/plain' && !context.isNative)
      context.report.rewritten('part.document_text', part.path, 'the document is sent as plain text')
    return { type: 'text', media_type: context.isNative ? source.mediaType : 'text/plain', data: source.text }
  }
  if (source.kind === 'base64' && !context.isNative && source.mediaType !== 'application/pdf') {
    if (!isTextual(source.mediaType)) return undefined
    context.report.rewritten('part.document_base64', part.path, 'the text document is sent decoded')
    return { type: 'text', media_type: 'text/plain', data: Buffer.from(source.data, 'base64').toString('utf8') }
  }
  return simpleSource(source)
}

function partsSource(parts: ContentPart[], context: EncodeContext): JsonObject {
  const [only] = parts
  if (parts.length === 1 && only?.type === 'text' && only.path?.endsWith('/source/content') === true)
    return { type: 'content', content: only.text }
  return {
    type: 'content',
    content: parts.map((part) => context.encodePart(part, 'tool-result', context)).filter((block) => block !== undefined),
  }
}

function simpleSource(source: MediaSource): JsonObject | undefined {
  switch (source.kind) {
    case 'base64':
      return { type: 'base64', media_type: imageType(source.mediaType), data: source.data }
    case 'url':
      return { type: 'url', url: source.url }
    case 'file':
      return source.origin === 'anthropic' ? { type: 'file', file_id: source.id } : undefined
    default:
      return undefined
  }
}

/** The API fetches http(s) addresses only; a data URL is its content. */
function asBase64(source: MediaSource): MediaSource {
  if (source.kind !== 'url' || !source.url.startsWith('data:')) return source
  const match = DATA_URL.exec(source.url)
  return match?.[1] === undefined ? source : { kind: 'base64', mediaType: match[1], data: source.url.slice(match[0].length) }
}

/** `image/jpg` is no registered type, but common. */
function imageType(mediaType: string): string {
  return mediaType === 'image/jpg' ? 'image/jpeg' : mediaType
}

function isTextual(mediaType: string): boolean {
  return mediaType.startsWith('text/') || mediaType === 'application/json' || mediaType === 'application/xml'
}
