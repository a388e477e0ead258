import type { Citation, HostedToolResultPart } from '../../ir/content.ts'
import { isObject, type JsonObject } from '../../ir/json.ts'

/** Fields of a candidate in which the vendor's own tools tell what they found. They are kept whole, as the result of a tool. */
const RESULT_FIELDS = ['groundingMetadata', 'citationMetadata', 'urlContextMetadata'] as const

/** What the vendor's tools found, as one result; undefined when they found nothing. */
export function groundingPart(candidate: JsonObject): HostedToolResultPart | undefined {
  let raw: JsonObject | undefined
  for (const field of RESULT_FIELDS) if (isObject(candidate[field])) (raw ??= {})[field] = candidate[field]
  return raw === undefined ? undefined : { type: 'hosted-tool-result', kind: 'grounding', origin: 'gemini', raw }
}

/** The sources that a candidate names for its text. `text` is all of it, which offsets are counted in. */
export function citationsOf(candidate: JsonObject, text: string): Citation[] {
  const grounding = isObject(candidate['groundingMetadata']) ? candidate['groundingMetadata'] : {}
  const quoted = isObject(candidate['citationMetadata']) ? candidate['citationMetadata'] : {}
  const offsets = new ByteOffsets(text)
  return [...groundedCitations(grounding, offsets), ...listOf(quoted['citations']).map((entry) => quotedCitation(entry, offsets))]
}

const listOf = (value: unknown): JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : [])

/** One citation for each source of each supported stretch; sources that support nothing by name stand for the whole text. */
function groundedCitations(grounding: JsonObject, offsets: ByteOffsets): Citation[] {
  const chunks = listOf(grounding['groundingChunks'])
  const used = new Set<number>()
  const supported = listOf(grounding['groundingSupports']).flatMap((support) => {
    const indices = Array.isArray(support['groundingChunkIndices']) ? (support['groundingChunkIndices'] as unknown[]) : []
    return indices.flatMap((index): Citation[] => {
      const chunk = typeof index === 'number' ? chunks[index] : undefined
      if (typeof index !== 'number' || chunk === undefined) return []
      used.add(index)
      return [sourceCitation(chunk, isObject(support['segment']) ? support['segment'] : undefined, offsets)]
    })
  })
  const others = chunks.flatMap((chunk, index) => (used.has(index) ? [] : [sourceCitation(chunk, undefined, offsets)]))
  return [...supported, ...others]
}

/** Where a chunk of each kind names its source. */
const SOURCES = ['web', 'retrievedContext', 'maps', 'image'] as const

function sourceCitation(chunk: JsonObject, segment: JsonObject | undefined, offsets: ByteOffsets): Citation {
  const kind = SOURCES.find((name) => isObject(chunk[name]))
  const source = kind === undefined ? {} : (chunk[kind] as JsonObject)
  const url = text(source['uri']) ?? text(source['sourceUri'])
  return {
    kind: kind === 'retrievedContext' && url === undefined ? 'document' : url === undefined ? 'other' : 'url',
    ...(url === undefined ? {} : { url }),
    ...named('title', text(source['title'])),
    ...(segment === undefined ? {} : { ...named('citedText', text(segment['text'])), ...offsets.range(segment) }),
    origin: 'gemini',
    raw: chunk,
  }
}

/** A stretch that repeats a source word by word. */
function quotedCitation(citation: JsonObject, offsets: ByteOffsets): Citation {
  const url = text(citation['uri'])
  return {
    kind: url === undefined ? 'other' : 'url',
    ...named('url', url),
    ...named('title', text(citation['title'])),
    ...offsets.range(citation),
    origin: 'gemini',
    raw: citation,
  }
}

/** The wire counts bytes of UTF-8, the canonical form characters. */
class ByteOffsets {
  private readonly bytes: Buffer

  constructor(value: string) {
    this.bytes = Buffer.from(value)
  }

  /** `startIndex` is left out for the beginning. */
  range({ startIndex, endIndex }: JsonObject): { start?: number; end?: number } {
    if (typeof endIndex !== 'number') return {}
    return { start: this.characters(typeof startIndex === 'number' ? startIndex : 0), end: this.characters(endIndex) }
  }

  private characters(offset: number): number {
    return this.bytes.toString('utf8', 0, offset).length
  }
}

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)

function named<Key extends string>(key: Key, value: string | undefined): { [Name in Key]?: string } {
  return value === undefined ? {} : ({ [key]: value } as { [Name in Key]?: string })
}
