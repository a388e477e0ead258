import type { ContentPart, MediaSource } from '../../ir/content.ts'
import { isObject, type JsonObject } from '../../ir/json.ts'
import { requireObject, requireString } from '../wire-values.ts'
import { keepExtra } from '../extra-fields.ts'
import { FieldReader, requireList } from './fields.ts'
import { AUDIO_TYPES, DOCUMENT_TYPES, IMAGE_TYPES, VIDEO_TYPES } from './media-formats.data.ts'

export type MediaKind = 'image' | 'audio' | 'video' | 'document'
type MediaPart = Extract<ContentPart, { type: MediaKind }>

const TYPES: Readonly<Record<MediaKind, Readonly<Record<string, string>>>> = {
  image: IMAGE_TYPES,
  audio: AUDIO_TYPES,
  video: VIDEO_TYPES,
  document: DOCUMENT_TYPES,
}

/** An image, audio, video or document block; undefined for one whose format or source is newer than what is known here. */
export function decodeMedia(kind: MediaKind, value: unknown, path: string): MediaPart | undefined {
  const fields = new FieldReader(requireObject(value, path), path)
  const word = fields.string('format')
  const types = TYPES[kind]
  const mediaType = word !== undefined && Object.hasOwn(types, word) ? types[word] : undefined
  const source = decodeSource(fields.any('source'), mediaType, kind, fields.pathOf('source'))
  if (source === undefined || (word !== undefined && mediaType === undefined)) return undefined
  const part = partOf(kind, source, word)
  if (part.type === 'document') readDocument(part, fields, word)
  const extra = fields.extra()
  return keepExtra(part, extra === undefined ? undefined : { ...extra, fields: { [kind]: extra.fields } })
}

function partOf(kind: MediaKind, source: MediaSource, word: string | undefined): MediaPart {
  if (kind !== 'audio') return { type: kind, source }
  return word === undefined ? { type: 'audio', source } : { type: 'audio', source, format: word }
}

function readDocument(part: Extract<MediaPart, { type: 'document' }>, fields: FieldReader, word: string | undefined): void {
  const name = fields.string('name')
  if (name !== undefined) part.title = name
  const context = fields.string('context')
  if (context !== undefined) part.context = context
  fields.inside('citations', (citations) => {
    const enabled = citations.boolean('enabled')
    if (enabled !== undefined) part.citations = enabled
  })
  // The types of text and of content made of parts say it themselves.
  if (part.source.kind === 'parts' && word !== undefined) fields.keep('format', word)
}

function decodeSource(value: unknown, mediaType: string | undefined, kind: MediaKind, path: string): MediaSource | undefined {
  const source = requireObject(value, path)
  const keys = Object.keys(source)
  if (keys.length !== 1) return undefined
  if (source['bytes'] !== undefined && mediaType !== undefined)
    return { kind: 'base64', mediaType, data: requireString(source['bytes'], `${path}/bytes`) }
  if (isObject(source['s3Location'])) return fileSource(source['s3Location'], mediaType)
  if (kind !== 'document') return undefined
  if (typeof source['text'] === 'string') return { kind: 'text', mediaType: mediaType ?? 'text/plain', text: source['text'] }
  return source['content'] === undefined ? undefined : partsSource(source['content'], `${path}/content`)
}

/** A file in the operator's own store, which only this vendor can read. */
function fileSource(location: JsonObject, mediaType: string | undefined): MediaSource | undefined {
  if (typeof location['uri'] !== 'string' || Object.keys(location).length > 1) return undefined
  return { kind: 'file', id: location['uri'], origin: 'bedrock_converse', ...(mediaType === undefined ? {} : { mediaType }) }
}

function partsSource(value: unknown, path: string): MediaSource | undefined {
  const list = requireList(value, path)
  const texts = list.filter(isObject).filter((entry) => typeof entry['text'] === 'string' && Object.keys(entry).length === 1)
  if (texts.length < list.length) return undefined
  return {
    kind: 'parts',
    parts: texts.map(({ text }, index) => ({ type: 'text', text: String(text), path: `${path}/${index}` })),
  }
}
