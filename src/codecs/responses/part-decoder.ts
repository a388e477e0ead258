import type { ContentPart, DocumentPart, ImagePart, MediaSource, OpaquePart, TextPart } from '../../ir/content.ts'
import { isObject, type JsonObject } from '../../ir/json.ts'
import { citationOf } from './citation.ts'
import { sourceOfUrl } from './data-uri.ts'
import { FieldReader } from './field-reader.ts'

/** Content of a message or of a tool output: one string, or a list of parts. Absent content is no part at all. */
export function decodeContent(content: unknown, path: string): ContentPart[] {
  if (content === undefined || content === null) return []
  if (typeof content === 'string') return [{ type: 'text', text: content, path }]
  if (!Array.isArray(content)) return [opaque(content, path)]
  return content.map((part, index) => decodePart(part, `${path}/${index}`))
}

/** One part of a message. Anything that is not understood is kept whole. */
export function decodePart(part: unknown, path: string): ContentPart {
  if (!isObject(part)) return opaque(part, path)
  switch (part['type']) {
    case 'input_text':
    case 'output_text':
    case 'text':
      return decodeText(part, path) ?? opaque(part, path)
    case 'refusal': {
      const fields = new FieldReader(part)
      fields.skip('type')
      const text = fields.string('refusal')
      return text === undefined ? opaque(part, path) : { type: 'refusal', text, path, extra: fields.extra() }
    }
    case 'input_image':
      return decodeImage(part, path) ?? opaque(part, path)
    case 'input_file':
      return decodeFile(part, path) ?? opaque(part, path)
    default:
      return opaque(part, path)
  }
}

/** A node of the body that is carried as it is. */
export function opaque(json: unknown, path: string): OpaquePart {
  return { type: 'opaque', format: 'responses', json, path }
}

function decodeText(part: JsonObject, path: string): TextPart | undefined {
  const fields = new FieldReader(part)
  fields.skip('type')
  const text = fields.string('text')
  if (text === undefined) return undefined
  const decoded: TextPart = { type: 'text', text, path }
  const annotations = fields.records('annotations')
  if (annotations !== undefined && annotations.length > 0) decoded.citations = annotations.map(citationOf)
  const logprobs = fields.list('logprobs')
  if (logprobs !== undefined && logprobs.length > 0) decoded.logprobs = { format: 'openai', value: logprobs }
  decoded.cache = breakpoint(fields)
  decoded.extra = fields.extra()
  return decoded
}

function decodeImage(part: JsonObject, path: string): ImagePart | undefined {
  const fields = new FieldReader(part)
  fields.skip('type')
  const source = mediaSource(fields, 'image_url')
  if (source === undefined) return undefined
  const detail = fields.string('detail')
  return { type: 'image', source, detail, path, cache: breakpoint(fields), extra: fields.extra() }
}

function decodeFile(part: JsonObject, path: string): DocumentPart | undefined {
  const fields = new FieldReader(part)
  fields.skip('type')
  const filename = fields.string('filename')
  const data = fields.string('file_data')
  const source = data === undefined ? mediaSource(fields, 'file_url') : fileSource(data, filename)
  if (source === undefined) return undefined
  return { type: 'document', source, filename, path, cache: breakpoint(fields), extra: fields.extra() }
}

/** The URL wins over the id of a stored file; a second source stays among the unread fields. */
function mediaSource(fields: FieldReader, urlField: string): MediaSource | undefined {
  const url = fields.string(urlField)
  if (url !== undefined) return urlField === 'image_url' ? sourceOfUrl(url) : { kind: 'url', url }
  const id = fields.string('file_id')
  return id === undefined ? undefined : { kind: 'file', id, origin: 'responses' }
}

/** File data is a data URI by convention; bare base64 is accepted as the PDF that it nearly always is. */
function fileSource(data: string, filename: string | undefined): MediaSource {
  if (data.startsWith('data:')) return sourceOfUrl(data)
  const mediaType = filename !== undefined && /\.txt$/i.test(filename) ? 'text/plain' : 'application/pdf'
  return { kind: 'base64', mediaType, data }
}

/** An explicit prompt-cache breakpoint in the one form the API defines; any other form stays unread. */
function breakpoint(fields: FieldReader): { ttl?: '5m' | '1h' } | undefined {
  const value = fields.object['prompt_cache_breakpoint']
  if (value === null) fields.skip('prompt_cache_breakpoint')
  if (!isObject(value) || value['mode'] !== 'explicit' || Object.keys(value).length > 1) return undefined
  fields.skip('prompt_cache_breakpoint')
  return {}
}
