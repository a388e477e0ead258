import type { ContentPart, MediaSource } from '../ir/content.ts'
import type { LlmRequest } from '../ir/request.ts'
import { asBuffer } from '../lib/as-buffer.ts'

type Blobs = ReadonlyMap<string, Uint8Array>

const [MINUS, UNDERSCORE, PLUS, SLASH] = [0x2d, 0x5f, 0x2b, 0x2f]

/**
 * Media that was cut out, in the standard alphabet of base64. One SDK writes the alphabet of URLs, which most vendors refuse. Only what the
 * request holds as media is changed: other long strings may mean what they say.
 */
export function standardMedia({ messages }: Pick<LlmRequest, 'messages'>, blobs: Blobs): Blobs {
  if (blobs.size === 0) return blobs
  let changed: Map<string, Uint8Array> | undefined
  for (const token of tokensIn(messages.flatMap(({ content }) => content))) {
    const blob = blobs.get(token)
    const standard = blob === undefined ? undefined : inStandardAlphabet(blob)
    if (standard === undefined) continue
    changed ??= new Map(blobs)
    changed.set(token, standard)
  }
  return changed ?? blobs
}

function tokensIn(parts: readonly ContentPart[]): string[] {
  return parts.flatMap((part) => {
    if (part.type === 'tool-result') return tokensIn(part.content)
    return 'source' in part && typeof part.source === 'object' ? tokensOf(part.source) : []
  })
}

function tokensOf(source: MediaSource): string[] {
  if (source.kind === 'base64') return [source.data]
  return source.kind === 'parts' ? tokensIn(source.parts) : []
}

/** Undefined when the bytes are as they should be. */
function inStandardAlphabet(blob: Uint8Array): Uint8Array | undefined {
  const bytes = asBuffer(blob)
  if (!bytes.includes(MINUS) && !bytes.includes(UNDERSCORE)) return undefined
  const standard = Buffer.from(bytes)
  for (let at = standard.indexOf(MINUS); at !== -1; at = standard.indexOf(MINUS, at + 1)) standard[at] = PLUS
  for (let at = standard.indexOf(UNDERSCORE); at !== -1; at = standard.indexOf(UNDERSCORE, at + 1)) standard[at] = SLASH
  return standard
}
