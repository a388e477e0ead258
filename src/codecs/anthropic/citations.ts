import type { Citation } from '../../ir/content.ts'
import { isObject, type JsonObject } from '../../ir/json.ts'

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

/** A citation of an answer or of a replayed history. Offsets point into the cited document and stay in `raw`. */
export function decodeCitation(raw: JsonObject): Citation {
  const citedText = text(raw['cited_text'])
  const base = { origin: 'anthropic' as const, raw, ...(citedText === undefined ? {} : { citedText }) }
  const title = text(raw['title']) ?? text(raw['document_title'])
  const titled = title === undefined ? base : { ...base, title }
  switch (raw['type']) {
    case 'web_search_result_location': {
      const url = text(raw['url'])
      return url === undefined ? { kind: 'url', ...titled } : { kind: 'url', url, ...titled }
    }
    case 'search_result_location': {
      const source = text(raw['source'])
      return source === undefined ? { kind: 'search-result', ...titled } : { kind: 'search-result', url: source, ...titled }
    }
    case 'char_location':
    case 'page_location':
    case 'content_block_location':
      return { kind: 'document', ...titled }
    default:
      return { kind: 'other', ...titled }
  }
}

export function decodeCitations(value: unknown): Citation[] | undefined {
  if (!Array.isArray(value) || !value.every(isObject)) return undefined
  return value.map(decodeCitation)
}
