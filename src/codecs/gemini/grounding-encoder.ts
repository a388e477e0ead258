import type { Citation } from '../../ir/content.ts'
import type { JsonObject } from '../../ir/json.ts'

/** A citation and the text it belongs to: `before` is the length of what stands before that text, in bytes. */
export interface PlacedCitation {
  readonly citation: Citation
  readonly before: number
  readonly text: string
}

/**
 * Sources that another format's answer names, as the grounding of a candidate. The vendor's own are left out: they stand in the
 * metadata they came from. Undefined when none is left.
 */
export function groundingMetadata(citations: readonly PlacedCitation[]): JsonObject | undefined {
  const foreign = citations.filter(({ citation }) => citation.origin !== 'gemini')
  if (foreign.length === 0) return undefined
  const places = new Map<string, number>()
  const chunks: JsonObject[] = []
  const supports = foreign.map((placed) => {
    const { url, title } = placed.citation
    const key = JSON.stringify([url, title])
    let index = places.get(key)
    if (index === undefined) {
      index = chunks.length
      places.set(key, index)
      chunks.push(url === undefined ? { retrievedContext: named({ title }) } : { web: named({ uri: url, title }) })
    }
    return { segment: segmentOf(placed), groundingChunkIndices: [index] }
  })
  return { groundingChunks: chunks, groundingSupports: supports }
}

/** The stretch of the text that is supported, counted in bytes; all of the text where the citation names none. */
function segmentOf({ citation, before, text }: PlacedCitation): JsonObject {
  const start = citation.start ?? 0
  const end = citation.end ?? text.length
  const startIndex = before + Buffer.byteLength(text.slice(0, start))
  const stretch = text.slice(start, end)
  return { ...(startIndex === 0 ? {} : { startIndex }), endIndex: startIndex + Buffer.byteLength(stretch), text: stretch }
}

function named(fields: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}
