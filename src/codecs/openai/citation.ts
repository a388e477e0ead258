import type { Citation } from '../../ir/content.ts'
import { isObject, type JsonObject } from '../../ir/json.ts'

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)
const count = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined)

/** An entry of `annotations[]`. */
export function decodeAnnotation(annotation: JsonObject): Citation {
  const url = isObject(annotation['url_citation']) ? annotation['url_citation'] : undefined
  if (annotation['type'] !== 'url_citation' || url === undefined) return { kind: 'other', origin: 'openai', raw: annotation }
  return {
    kind: 'url',
    url: text(url['url']),
    title: text(url['title']),
    citedText: text(url['content']),
    start: count(url['start_index']),
    end: count(url['end_index']),
    origin: 'openai',
    raw: annotation,
  }
}

/**
 * An entry for `annotations[]`, or undefined when the citation names no URL. `start` and `end` are the place of the cited text in
 * the answer, for origins that give none.
 */
export function encodeAnnotation(citation: Citation, start: number, end: number): JsonObject | undefined {
  if (citation.origin === 'openai') return citation.raw
  if (citation.url === undefined) return undefined
  return {
    type: 'url_citation',
    url_citation: {
      start_index: citation.start ?? start,
      end_index: citation.end ?? end,
      url: citation.url,
      title: citation.title ?? citation.url,
    },
  }
}
