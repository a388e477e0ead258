import type { CacheHint, ContentPart, DocumentPart, MediaSource } from '../../ir/content.ts'
import { isObject, type JsonObject } from '../../ir/json.ts'
import { FieldReader, invalidBody } from './fields.ts'
import { mediaTypeOfFile, sourceOfUrl } from './media.ts'

/** Decodes the `content` of a message: a string, null, or a list of parts. */
export function decodeContent(content: unknown, path: string, param: string): ContentPart[] {
  if (content === undefined || content === null) return []
  if (typeof content === 'string') return [{ type: 'text', text: content, path }]
  if (!Array.isArray(content)) throw invalidBody(`${param} must be a string or a list of parts`, param)
  return content.map((part: unknown, index) => decodePart(part, `${path}/${index}`, `${param}[${index}]`))
}

/** `cache_control` as a hint; anything this form does not know stays an unknown field. */
export function readCache(fields: FieldReader): CacheHint | undefined {
  const marker = fields.record('cache_control')
  if (marker === undefined) return undefined
  const { type, ttl, ...rest } = marker
  const known = type === 'ephemeral' && (ttl === undefined || ttl === '5m' || ttl === '1h') && Object.keys(rest).length === 0
  if (!known) {
    fields.release('cache_control')
    return undefined
  }
  return ttl === '5m' || ttl === '1h' ? { ttl } : {}
}

function decodePart(part: unknown, path: string, param: string): ContentPart {
  if (typeof part === 'string') return { type: 'text', text: part, path }
  if (!isObject(part)) throw invalidBody(`${param} must be an object`, param)
  const fields = new FieldReader(part)
  const decoded = decodeKnown(fields.string('type'), fields)
  if (decoded === undefined) return { type: 'opaque', format: 'openai', json: part, path }
  const cache = readCache(fields)
  const extra = fields.extra()
  decoded.path = path
  if (cache !== undefined) decoded.cache = cache
  if (extra !== undefined) decoded.extra = extra
  return decoded
}

/** Undefined when the part is of an unknown type or lacks what its type needs. */
function decodeKnown(type: string | undefined, fields: FieldReader): ContentPart | undefined {
  switch (type) {
    case 'text': {
      const text = fields.string('text')
      return text === undefined ? undefined : { type: 'text', text }
    }
    case 'refusal': {
      const text = fields.string('refusal')
      return text === undefined ? undefined : { type: 'refusal', text }
    }
    case 'image_url':
      return decodeImage(fields)
    case 'input_audio':
      return decodeAudio(fields)
    case 'file':
      return decodeFile(fields)
    case 'video_url': {
      const url = decodeUrlObject(fields, 'video_url')
      return url === undefined ? undefined : { type: 'video', source: sourceOfUrl(url.url) }
    }
    default:
      return undefined
  }
}

function decodeImage(fields: FieldReader): ContentPart | undefined {
  const image = decodeUrlObject(fields, 'image_url')
  if (image === undefined) return undefined
  const source = sourceOfUrl(image.url)
  return image.detail === undefined ? { type: 'image', source } : { type: 'image', source, detail: image.detail }
}

/** `{url, detail}` or, leniently, the URL itself. */
function decodeUrlObject(fields: FieldReader, key: string): { url: string; detail: string | undefined } | undefined {
  const bare = fields.string(key)
  if (bare !== undefined) return { url: bare, detail: undefined }
  const object = fields.record(key)
  if (object === undefined) return undefined
  const inner = new FieldReader(object)
  const url = inner.string('url')
  const detail = key === 'image_url' ? inner.string('detail') : undefined
  fields.keepNested(key, inner.extra())
  return url === undefined ? undefined : { url, detail }
}

function decodeAudio(fields: FieldReader): ContentPart | undefined {
  const object = fields.record('input_audio')
  if (object === undefined) return undefined
  const inner = new FieldReader(object)
  const data = inner.string('data')
  const format = inner.string('format')
  fields.keepNested('input_audio', inner.extra())
  if (data === undefined) return undefined
  return { type: 'audio', source: { kind: 'base64', mediaType: `audio/${format ?? 'wav'}`, data }, format }
}

function decodeFile(fields: FieldReader): ContentPart | undefined {
  const object = fields.record('file')
  if (object === undefined) return undefined
  const inner = new FieldReader(object)
  const filename = inner.string('filename')
  const source = fileSource(inner, object, filename)
  fields.keepNested('file', inner.extra())
  if (source === undefined) return undefined
  const part: DocumentPart = { type: 'document', source }
  if (filename !== undefined) part.filename = filename
  return part
}

/** `file_data` wins over `file_id`, which then stays an unknown field. */
function fileSource(inner: FieldReader, object: JsonObject, filename: string | undefined): MediaSource | undefined {
  const data = inner.string('file_data')
  if (data !== undefined) {
    const source = sourceOfUrl(data)
    if (source.kind === 'base64') return source
    return data.includes(':') ? { kind: 'url', url: data } : { kind: 'base64', mediaType: mediaTypeOfFile(filename), data }
  }
  if (object['file_id'] === undefined) return undefined
  const id = inner.string('file_id')
  return id === undefined ? undefined : { kind: 'file', id, origin: 'openai' }
}
