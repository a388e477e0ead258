import type { MediaSource } from '../../ir/content.ts'

/** A URL field of the wire: base64 data URIs become their bytes, everything else stays a URL as it was written. */
export function sourceOfUrl(url: string): MediaSource {
  if (!url.startsWith('data:')) return { kind: 'url', url }
  const comma = url.indexOf(',')
  const header = comma < 0 || comma > 200 ? '' : url.slice(5, comma)
  const semicolon = header.indexOf(';')
  // Parameters between type and encoding have no place in a media source: keep such a URI whole.
  if (semicolon <= 0 || header.slice(semicolon) !== ';base64') return { kind: 'url', url }
  return { kind: 'base64', mediaType: header.slice(0, semicolon), data: url.slice(comma + 1) }
}

/** The data URI of inline bytes. */
export function dataUri(mediaType: string, data: string): string {
  return `data:${mediaType};base64,${data}`
}
