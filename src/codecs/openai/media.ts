import type { MediaSource } from '../../ir/content.ts'

/** `data:<type>;base64,<data>` as a base64 source; every other URL, and data URLs in another encoding, stay URLs. */
export function sourceOfUrl(url: string): MediaSource {
  if (url.startsWith('data:')) {
    const marker = url.indexOf(';base64,')
    const comma = url.indexOf(',')
    if (marker > 5 && comma === marker + 7) return { kind: 'base64', mediaType: url.slice(5, marker), data: url.slice(comma + 1) }
  }
  return { kind: 'url', url }
}

/** The URL form of a source, or undefined when it has none. */
export function urlOfSource(source: MediaSource): string | undefined {
  if (source.kind === 'url') return source.url
  return source.kind === 'base64' ? `data:${source.mediaType};base64,${source.data}` : undefined
}

const TYPES_BY_EXTENSION: Readonly<Record<string, string>> = {
  pdf: 'application/pdf',
  txt: 'text/plain',
  md: 'text/markdown',
  csv: 'text/csv',
  html: 'text/html',
  json: 'application/json',
  docx: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  pptx: 'application/vnd.openxmlformats-officedocument.presentationml.presentation',
}

/** Type of a file that came as bare base64: by its name, else the one type every server takes. */
export function mediaTypeOfFile(filename: string | undefined): string {
  const extension = filename?.slice(filename.lastIndexOf('.') + 1).toLowerCase() ?? ''
  return (Object.hasOwn(TYPES_BY_EXTENSION, extension) ? TYPES_BY_EXTENSION[extension] : undefined) ?? 'application/pdf'
}
