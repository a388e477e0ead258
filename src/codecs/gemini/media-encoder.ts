import type { AudioPart, DocumentPart, ImagePart, MediaSource, VideoPart } from '../../ir/content.ts'
import type { JsonObject } from '../../ir/json.ts'
import { finished, lost, note, type EncodeContext } from './encode-context.ts'

const DATA_URL = /^data:([^;,]+)(?:;[^,;]*)*;base64,/
const DATA_URL_HEAD = 256

/** Types of media by the end of an address. The vendor looks for itself where none is known. */
const TYPES_BY_EXTENSION: Readonly<Record<string, string>> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  webp: 'image/webp',
  gif: 'image/gif',
  heic: 'image/heic',
  pdf: 'application/pdf',
  txt: 'text/plain',
  html: 'text/html',
  csv: 'text/csv',
  mp3: 'audio/mp3',
  wav: 'audio/wav',
  mp4: 'video/mp4',
  mov: 'video/mov',
  webm: 'video/webm',
}

export function encodeImage(part: ImagePart, context: EncodeContext): JsonObject | undefined {
  const written = sourceOf(part.source)
  if (written === undefined) return lost('part.image_file', part, context)
  if (part.detail !== undefined) context.report.lost('part.image_detail', part.path, 'the format has no image detail setting')
  return finished(written, part, context)
}

export function encodeAudio(part: AudioPart, context: EncodeContext): JsonObject {
  const { source, format, transcript } = part
  const typed =
    source.kind === 'base64' && !source.mediaType.startsWith('audio/')
      ? { ...source, mediaType: `audio/${format ?? 'wav'}` }
      : source
  const written = sourceOf(typed)
  if (written !== undefined) return finished(written, part, context)
  return note('part.audio', part, transcript ?? '[Audio was left out: its kind cannot be sent to this model.]', context)
}

export function encodeVideo(part: VideoPart, context: EncodeContext): JsonObject {
  const written = sourceOf(part.source)
  if (written !== undefined) return finished(written, part, context)
  return note('part.video', part, '[A video was left out: its kind cannot be sent to this model.]', context)
}

/** A document of bytes or at an address. Text is sent as text; see `parts-encoder.ts` for documents made of parts. */
export function encodeDocument(part: DocumentPart, context: EncodeContext): JsonObject | undefined {
  const { source } = part
  if (source.kind === 'text') {
    context.report.rewritten('part.document_text', part.path, 'the document is sent as text')
    return finished({ text: source.text }, part, context)
  }
  const written = sourceOf(source)
  return written === undefined ? lost('part.document_file', part, context) : finished(written, part, context)
}

/** What the canonical form knows of a document besides its content. */
export function reportDocumentFields(part: DocumentPart, { report }: EncodeContext): void {
  if (part.title !== undefined || part.filename !== undefined)
    report.lost('part.document_title', part.path, 'documents have no title here')
  if (part.context !== undefined) report.lost('part.document_context', part.path, 'documents have no context here')
  if (part.citations !== undefined) report.lost('part.document_citations', part.path, 'documents are not cited here')
}

/** `inlineData` or `fileData`; undefined for files that another provider keeps. */
function sourceOf(source: MediaSource): JsonObject | undefined {
  switch (source.kind) {
    case 'base64':
      return { inlineData: { mimeType: imageType(source.mediaType), data: source.data } }
    case 'url': {
      const inline = dataUrl(source.url)
      if (inline !== undefined) return { inlineData: inline }
      const mimeType = source.mediaType ?? typeOfAddress(source.url)
      return { fileData: { ...(mimeType === undefined ? {} : { mimeType }), fileUri: source.url } }
    }
    case 'file':
      if (source.origin !== 'gemini') return undefined
      return { fileData: { ...(source.mediaType === undefined ? {} : { mimeType: source.mediaType }), fileUri: source.id } }
    default:
      return undefined
  }
}

function dataUrl(url: string): JsonObject | undefined {
  if (!url.startsWith('data:')) return undefined
  const match = DATA_URL.exec(url.slice(0, DATA_URL_HEAD))
  return match?.[1] === undefined ? undefined : { mimeType: imageType(match[1]), data: url.slice(match[0].length) }
}

/** `image/jpg` is no registered type, but common. */
const imageType = (mediaType: string): string => (mediaType === 'image/jpg' ? 'image/jpeg' : mediaType)

function typeOfAddress(address: string): string | undefined {
  const path = URL.parse(address)?.pathname ?? ''
  const extension = path.slice(path.lastIndexOf('.') + 1).toLowerCase()
  return Object.hasOwn(TYPES_BY_EXTENSION, extension) ? TYPES_BY_EXTENSION[extension] : undefined
}
