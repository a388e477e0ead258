import type { AudioPart, DocumentPart, ImagePart, MediaSource, VideoPart } from '../../ir/content.ts'
import type { Feature } from '../../ir/feature.ts'
import type { JsonObject } from '../../ir/json.ts'
import { lost, lostWithNote, withExtra, type EncodeContext, type Place } from './encode-context.ts'
import { AUDIO_TYPES, DOCUMENT_TYPES, IMAGE_TYPES, VIDEO_TYPES, wordFor } from './media-formats.data.ts'

const DATA_URL = /^data:([^;,]+)(?:;[^,;]*)*;base64,/
const DATA_URL_HEAD = 256

export function encodeImage(part: ImagePart, place: Place, context: EncodeContext): JsonObject | undefined {
  if (place === 'assistant' && !context.isNative) return lost('part.image_in_assistant', part, context)
  const media = mediaOf(part.source, IMAGE_TYPES)
  if (media === undefined || place === 'system') return lostWithNote(imageFeature(part.source), part, context)
  if (part.detail !== undefined) context.report.lost('part.image_detail', part.path, 'the format has no image detail setting')
  return withExtra({ image: media }, part, context.report)
}

export function encodeAudio(part: AudioPart, place: Place, context: EncodeContext): JsonObject {
  const named = part.source.kind === 'base64' && wordFor(part.source.mediaType, AUDIO_TYPES) === undefined
  const typed: MediaSource =
    named && part.source.kind === 'base64' ? { ...part.source, mediaType: `audio/${part.format ?? 'wav'}` } : part.source
  const media = place === 'user' || context.isNative ? mediaOf(typed, AUDIO_TYPES) : undefined
  if (media === undefined) return lostWithNote('part.audio', part, context)
  // Several words stand for one type of media.
  if (part.format !== undefined && Object.hasOwn(AUDIO_TYPES, part.format)) media['format'] = part.format
  return withExtra({ audio: media }, part, context.report)
}

export function encodeVideo(part: VideoPart, place: Place, context: EncodeContext): JsonObject {
  const media = place === 'system' || place === 'assistant' ? undefined : mediaOf(part.source, VIDEO_TYPES)
  return media === undefined ? lostWithNote('part.video', part, context) : withExtra({ video: media }, part, context.report)
}

export function encodeDocument(part: DocumentPart, place: Place, context: EncodeContext): JsonObject | undefined {
  if (place === 'assistant' && !context.isNative) return lost('part.image_in_assistant', part, context)
  const media = place === 'system' ? undefined : documentSource(part, context)
  if (media === undefined) return lostWithNote(`part.document_${part.source.kind}`, part, context)
  const block: JsonObject = { ...media, name: documentName(part, context) }
  if (part.context !== undefined) block['context'] = part.context
  if (part.citations !== undefined) block['citations'] = { enabled: part.citations }
  return withExtra({ document: block }, part, context.report)
}

function documentSource(part: DocumentPart, context: EncodeContext): JsonObject | undefined {
  const { source } = part
  if (source.kind === 'text') {
    const word = wordFor(source.mediaType, DOCUMENT_TYPES)
    if (word === undefined) context.report.rewritten('part.document_text', part.path, 'the document is sent as plain text')
    return { format: word ?? 'txt', source: { text: source.text } }
  }
  if (source.kind !== 'parts') return mediaOf(source, DOCUMENT_TYPES)
  const content: JsonObject[] = []
  for (const inner of source.parts) {
    if (inner.type !== 'text') lost(inner.type === 'image' ? imageFeature(inner.source) : 'part.document_parts', inner, context)
    else {
      content.push({ text: inner.text })
      withExtra({}, inner, context.report)
      if (inner.cache !== undefined)
        context.report.lost('cache_hint', inner.path, 'the inside of a document takes no cache point')
    }
  }
  return content.length === 0 ? undefined : { source: { content } }
}

/** Names hold letters, digits and a few signs, no two spaces in a row, and are distinct. */
function documentName(part: DocumentPart, context: EncodeContext): string {
  const title = part.title ?? part.filename
  if (title !== undefined && context.isNative) return title
  const fitted = title
    ?.replaceAll(/[^\p{L}\p{N}\s()[\]-]/gu, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim()
    .slice(0, 190)
  const wanted = fitted === undefined || fitted === '' ? 'Document' : fitted
  let name = wanted
  for (let count = 2; context.documentNames.has(name); count++) name = `${wanted} ${count}`
  context.documentNames.add(name)
  const isBoth = part.filename !== undefined && part.title !== undefined && part.filename !== part.title
  if (title !== undefined && (name !== title || isBoth))
    context.report.rewritten('part.document_title', part.path, 'the format knows one name of a document, of few characters')
  return name
}

function imageFeature(source: MediaSource): Feature {
  if (source.kind === 'file') return 'part.image_file'
  return source.kind === 'url' && !source.url.startsWith('data:') ? 'part.image_url' : 'part.image_base64'
}

/** Format and source of media within the request, or in the operator's own store; undefined for all other. */
function mediaOf(source: MediaSource, types: Readonly<Record<string, string>>): JsonObject | undefined {
  const held = source.kind === 'url' ? dataUrl(source.url) : source
  if (held?.kind !== 'base64' && (held?.kind !== 'file' || held.origin !== 'bedrock_converse')) return undefined
  const word = held.mediaType === undefined ? undefined : wordFor(held.mediaType, types)
  if (held.kind === 'base64') return word === undefined ? undefined : { format: word, source: { bytes: held.data } }
  return { ...(word === undefined ? {} : { format: word }), source: { s3Location: { uri: held.id } } }
}

function dataUrl(url: string): MediaSource | undefined {
  if (!url.startsWith('data:')) return undefined
  const match = DATA_URL.exec(url.slice(0, DATA_URL_HEAD))
  return match?.[1] === undefined ? undefined : { kind: 'base64', mediaType: match[1], data: url.slice(match[0].length) }
}
