import type { Citation } from '../../ir/content.ts'
import type { JsonObject } from '../../ir/json.ts'

const KINDS: Record<string, Citation['kind']> = {
  url_citation: 'url',
  file_citation: 'file',
  container_file_citation: 'file',
  file_path: 'file',
}

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)
const number = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined)

/** An annotation of an output text as a citation. The annotation itself is kept by reference. */
export function citationOf(annotation: JsonObject): Citation {
  const type = text(annotation['type']) ?? ''
  return {
    kind: Object.hasOwn(KINDS, type) ? KINDS[type]! : 'other',
    url: text(annotation['url']),
    title: text(annotation['title']) ?? text(annotation['filename']),
    start: number(annotation['start_index']),
    end: number(annotation['end_index']),
    origin: 'responses',
    raw: annotation,
  }
}

/**
 * The annotation of a citation, or undefined when the format has none for it: only web sources of other vendors fit, as the other
 * kinds name files stored at OpenAI. A citation without offsets is taken to cover the whole text.
 */
export function annotationOf(citation: Citation, textLength: number): JsonObject | undefined {
  if (citation.origin === 'responses') return citation.raw
  if (citation.url === undefined) return undefined
  return {
    type: 'url_citation',
    url: citation.url,
    title: citation.title ?? '',
    start_index: citation.start ?? 0,
    end_index: citation.end ?? textLength,
  }
}
