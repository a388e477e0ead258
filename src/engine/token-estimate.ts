import type { ContentPart } from '../ir/content.ts'
import type { LlmRequest } from '../ir/request.ts'
import type { RequestBody } from './engine.ts'

/** Bytes of JSON text a token stands for, on average over prose, code and schemas. */
const BYTES_PER_TOKEN = 4
/** What vendors charge for a typical image; also the reference's constant. */
const TOKENS_PER_IMAGE = 1_600

/**
 * Prompt size in tokens, from byte counts alone: the body's size without its inline media, plus a flat rate for each image.
 * Not for billing; good to about a quarter.
 */
export function estimateInputTokens(request: LlmRequest, body: RequestBody): number {
  let mediaBytes = body.opaqueBytes ?? 0
  let images = 0
  const visit = (part: ContentPart): void => {
    if (part.type === 'image') images++
    if (part.type === 'image' || part.type === 'audio' || part.type === 'video' || part.type === 'document') {
      if (part.source.kind === 'base64') mediaBytes += body.blobs.get(part.source.data)?.length ?? part.source.data.length
    } else if (part.type === 'tool-result') part.content.forEach(visit)
  }
  for (const message of request.messages) for (const part of message.content) visit(part)
  return estimateTextTokens(body.bytes.length - mediaBytes) + images * TOKENS_PER_IMAGE
}

/** Of so many bytes of JSON; at least 1. */
export const estimateTextTokens = (bytes: number): number => Math.max(1, Math.ceil(bytes / BYTES_PER_TOKEN))
