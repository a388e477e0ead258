import type { ContentPart, MediaSource } from '../../ir/content.ts'
import { isMediaToken } from '../../lib/large-json.ts'
import { childPath, keepExtra } from '../extra-fields.ts'
import { requireObject, requireString } from '../wire-values.ts'
import { FieldReader } from './fields.ts'

/** Where the vendor keeps files: only it can read them. */
const KEPT_FILE = /^(?:gs:\/\/|files\/|https:\/\/generativelanguage\.googleapis\.com\/)/
/** Videos that the vendor fetches itself. */
const VIDEO_SITE = /^https?:\/\/(?:www\.|m\.)?(?:youtube\.com|youtu\.be)\//

export type MediaPart = Extract<ContentPart, { type: 'image' | 'audio' | 'video' | 'document' }>

/** `inlineData`: media within the request, or within an answer. */
export function decodeInlineData(value: unknown, path: string): MediaPart {
  const fields = new FieldReader(requireObject(value, path), path)
  const mediaType = fields.string('mimeType') ?? 'application/octet-stream'
  const data = standardBase64(requireString(fields.any('data'), childPath(path, 'data')))
  const part = mediaPart(mediaType, { kind: 'base64', mediaType, data })
  return withFields(part, 'inlineData', fields)
}

/** `fileData`: media at an address, or kept by the vendor. */
export function decodeFileData(value: unknown, path: string): MediaPart {
  const fields = new FieldReader(requireObject(value, path), path)
  const uri = requireString(fields.any('fileUri'), childPath(path, 'fileUri'))
  const mediaType = fields.string('mimeType')
  const source: MediaSource = KEPT_FILE.test(uri)
    ? { kind: 'file', id: uri, origin: 'gemini', ...(mediaType === undefined ? {} : { mediaType }) }
    : { kind: 'url', url: uri, ...(mediaType === undefined ? {} : { mediaType }) }
  return withFields(mediaPart(mediaType ?? (VIDEO_SITE.test(uri) ? 'video/*' : ''), source), 'fileData', fields)
}

function mediaPart(mediaType: string, source: MediaSource): MediaPart {
  const [kind] = mediaType.split('/', 1)
  if (kind === 'image') return { type: 'image', source }
  if (kind === 'video') return { type: 'video', source }
  if (kind !== 'audio') return { type: 'document', source }
  const format = AUDIO_FORMATS[mediaType]
  return format === undefined ? { type: 'audio', source } : { type: 'audio', source, format }
}

/** The short names that other formats have for types of audio. */
const AUDIO_FORMATS: Readonly<Record<string, string>> = {
  'audio/wav': 'wav',
  'audio/x-wav': 'wav',
  'audio/mp3': 'mp3',
  'audio/mpeg': 'mp3',
}

/** The name is a hint for people, and a document's only title. */
function withFields(part: MediaPart, name: string, fields: FieldReader): MediaPart {
  const extra = fields.extra()
  return keepExtra(part, extra === undefined ? undefined : { format: 'gemini', fields: { [name]: extra.fields } })
}

/** The vendor's own SDK for Python writes the alphabet of URLs, which others refuse. Long media is a token here, and stays one. */
function standardBase64(data: string): string {
  if ((!data.includes('-') && !data.includes('_')) || isMediaToken(data)) return data
  return data.replaceAll('-', '+').replaceAll('_', '/')
}
