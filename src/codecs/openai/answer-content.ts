import type { AudioPart, ContentPart, ImagePart } from '../../ir/content.ts'
import { isObject, type JsonObject } from '../../ir/json.ts'
import { sourceOfUrl } from './media.ts'

/** One piece of the content of an answer, in order. */
export interface AnswerPiece {
  readonly kind: 'text' | 'reasoning'
  readonly text: string
}

/**
 * Content of an answer or a delta: a string, or (Mistral) a list of text and thinking parts. Parts of other types are handed to
 * `unknown`.
 */
export function answerPieces(content: unknown, unknown: (part: unknown) => void): AnswerPiece[] {
  if (typeof content === 'string') return content === '' ? [] : [{ kind: 'text', text: content }]
  if (!Array.isArray(content)) return []
  const pieces: AnswerPiece[] = []
  for (const part of content as unknown[]) {
    if (typeof part === 'string') pieces.push({ kind: 'text', text: part })
    else if (isObject(part) && typeof part['text'] === 'string') pieces.push({ kind: 'text', text: part['text'] })
    else if (isObject(part) && part['type'] === 'thinking')
      pieces.push({ kind: 'reasoning', text: thinkingText(part['thinking']) })
    else unknown(part)
  }
  return pieces.filter((piece) => piece.text !== '')
}

/** `images[]` of servers that answer with pictures. */
export function answerImages(images: unknown): ImagePart[] {
  if (!Array.isArray(images)) return []
  return images.flatMap((image: unknown): ImagePart[] => {
    const url = isObject(image) && isObject(image['image_url']) ? image['image_url']['url'] : undefined
    return typeof url === 'string' ? [{ type: 'image', source: sourceOfUrl(url) }] : []
  })
}

/** Generated audio. Its container is the one the request asked for, so the type stays open. */
export function answerAudio(audio: JsonObject): AudioPart {
  const part: AudioPart = {
    type: 'audio',
    source: { kind: 'base64', mediaType: 'audio/*', data: typeof audio['data'] === 'string' ? audio['data'] : '' },
  }
  if (typeof audio['id'] === 'string') part.id = audio['id']
  if (typeof audio['transcript'] === 'string') part.transcript = audio['transcript']
  if (typeof audio['expires_at'] === 'number') part.expiresAt = audio['expires_at']
  return part
}

/** Parts that stand behind the text of an answer, for clients of this format. */
export function encodeAnswerImages(parts: readonly ContentPart[]): JsonObject[] {
  return parts.flatMap((part): JsonObject[] => {
    if (part.type !== 'image') return []
    const { source } = part
    const url =
      source.kind === 'url' ? source.url : source.kind === 'base64' ? `data:${source.mediaType};base64,${source.data}` : undefined
    return url === undefined ? [] : [{ type: 'image_url', image_url: { url } }]
  })
}

function thinkingText(thinking: unknown): string {
  if (typeof thinking === 'string') return thinking
  if (!Array.isArray(thinking)) return ''
  return thinking.map((part: unknown) => (isObject(part) && typeof part['text'] === 'string' ? part['text'] : '')).join('')
}
