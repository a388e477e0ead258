import type { MediaKind } from '../../catalog/media-addresses.ts'
import type { ContentPart, MediaSource } from '../../ir/content.ts'
import type { LlmRequest } from '../../ir/request.ts'

export interface MediaAddress {
  readonly kind: MediaKind
  readonly url: string
  /** JSON pointer into the client's body. */
  readonly path: string | undefined
}

type Messages = LlmRequest['messages']

/** Media of these kinds that the request names by an http(s) address, in its order. */
export function addressesIn(messages: Messages, kinds: readonly MediaKind[]): MediaAddress[] {
  const found: MediaAddress[] = []
  for (const { content } of messages) collect(content, kinds, found)
  return found
}

function collect(parts: readonly ContentPart[], kinds: readonly MediaKind[], found: MediaAddress[]): void {
  for (const part of parts) {
    if (part.type === 'tool-result') collect(part.content, kinds, found)
    if (!isMedia(part)) continue
    if (part.source.kind === 'parts') collect(part.source.parts, kinds, found)
    const url = kinds.includes(part.type) ? addressOf(part.source) : undefined
    if (url !== undefined) found.push({ kind: part.type, url, path: part.path })
  }
}

/** The messages with media put in for its addresses, by kind and address; the given ones are not changed. */
export function withMedia(messages: Messages, sourceOf: (kind: MediaKind, url: string) => MediaSource | undefined): Messages {
  return messages.map((message) => ({ ...message, content: replaced(message.content, sourceOf) }))
}

function replaced(
  parts: readonly ContentPart[],
  sourceOf: (kind: MediaKind, url: string) => MediaSource | undefined,
): ContentPart[] {
  return parts.map((part): ContentPart => {
    if (part.type === 'tool-result') return { ...part, content: replaced(part.content, sourceOf) }
    if (!isMedia(part)) return part
    if (part.source.kind === 'parts') return { ...part, source: { kind: 'parts', parts: replaced(part.source.parts, sourceOf) } }
    const url = addressOf(part.source)
    const source = url === undefined ? undefined : sourceOf(part.type, url)
    return source === undefined ? part : { ...part, source }
  })
}

type MediaPart = Extract<ContentPart, { readonly type: MediaKind }>

const isMedia = (part: ContentPart): part is MediaPart =>
  part.type === 'image' || part.type === 'document' || part.type === 'audio' || part.type === 'video'

const addressOf = (source: MediaSource): string | undefined =>
  source.kind === 'url' && /^https?:\/\//i.test(source.url) ? source.url : undefined
