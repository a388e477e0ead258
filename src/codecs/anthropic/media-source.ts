import type { ContentPart, MediaSource } from '../../ir/content.ts'
import { isObject, type JsonObject } from '../../ir/json.ts'

export interface DecodedSource {
  readonly source: MediaSource
  /** Fields of the source object that are not modelled. */
  readonly rest: JsonObject | undefined
}

type DecodeContent = (content: unknown, path: string) => ContentPart[]

/** Undefined when the source is of a kind the canonical form does not know. */
export function decodeSource(value: unknown, path: string, decodeContent: DecodeContent): DecodedSource | undefined {
  if (!isObject(value)) return undefined
  switch (value['type']) {
    case 'base64':
      if (typeof value['media_type'] !== 'string' || typeof value['data'] !== 'string') return undefined
      return {
        source: { kind: 'base64', mediaType: value['media_type'], data: value['data'] },
        rest: restOf(value, 'media_type', 'data'),
      }
    case 'text':
      if (typeof value['media_type'] !== 'string' || typeof value['data'] !== 'string') return undefined
      return {
        source: { kind: 'text', mediaType: value['media_type'], text: value['data'] },
        rest: restOf(value, 'media_type', 'data'),
      }
    case 'url':
      if (typeof value['url'] !== 'string') return undefined
      return { source: { kind: 'url', url: value['url'] }, rest: restOf(value, 'url') }
    case 'file':
      if (typeof value['file_id'] !== 'string') return undefined
      return { source: { kind: 'file', id: value['file_id'], origin: 'anthropic' }, rest: restOf(value, 'file_id') }
    case 'content':
      if (typeof value['content'] !== 'string' && !Array.isArray(value['content'])) return undefined
      return {
        source: { kind: 'parts', parts: decodeContent(value['content'], `${path}/content`) },
        rest: restOf(value, 'content'),
      }
    default:
      return undefined
  }
}

function restOf(value: JsonObject, ...known: string[]): JsonObject | undefined {
  let rest: JsonObject | undefined
  for (const key of Object.keys(value)) {
    if (key === 'type' || known.includes(key)) continue
    rest ??= Object.create(null) as JsonObject
    rest[key] = value[key]
  }
  return rest
}
