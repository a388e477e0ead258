import { asBuffer } from './as-buffer.ts'

/** One part of a form. */
export interface MultipartField {
  readonly name: string
  /** The value stands at `[start, end)` of the body. */
  readonly start: number
  readonly end: number
  readonly isFile: boolean
}

/** The boundary that a `content-type` of a form names; undefined for anything else. */
export function multipartBoundary(contentType: string | null): string | undefined {
  const found = /^multipart\/form-data\s*;.*?\bboundary=(?:"([^"\r\n]{1,70})"|([^\s;"]{1,70}))/i.exec(contentType ?? '')
  return found?.[1] ?? found?.[2]
}

const CRLF = '\r\n'
const MOST_FIELDS = 1_000
const LONGEST_HEADERS = 16 * 1024

/**
 * The fields of a form, found without copying it. Undefined for a form that is not put together by the rules, or in a way that two readers
 * might read differently: whoever passes it on must have seen the same fields as whoever gets it.
 */
export function multipartFields(body: Uint8Array, boundary: string): MultipartField[] | undefined {
  const bytes = asBuffer(body)
  const delimiter = Buffer.from(`${CRLF}--${boundary}`)
  const fields: MultipartField[] = []
  if (!bytes.subarray(0, delimiter.length - 2).equals(delimiter.subarray(2))) return undefined
  let at = delimiter.length - 2
  while (!startsWith(bytes, '--', at)) {
    if (!startsWith(bytes, CRLF, at) || fields.length === MOST_FIELDS) return undefined
    const headersEnd = bytes.indexOf(CRLF + CRLF, at)
    if (headersEnd === -1 || headersEnd - at > LONGEST_HEADERS) return undefined
    const start = headersEnd + 4
    const end = bytes.indexOf(delimiter, start)
    const described = end === -1 ? undefined : describedBy(bytes.toString('latin1', at + 2, headersEnd))
    if (described === undefined) return undefined
    fields.push({ ...described, start, end })
    at = end + delimiter.length
  }
  return fields
}

const startsWith = (bytes: Buffer, text: string, at: number): boolean => bytes.toString('latin1', at, at + text.length) === text

/** Name and kind by the headers of a part. */
function describedBy(headers: string): Pick<MultipartField, 'name' | 'isFile'> | undefined {
  const dispositions = headers.split(CRLF).filter((line) => /^content-disposition\s*:/i.test(line))
  const [disposition] = dispositions
  if (disposition === undefined || dispositions.length > 1 || /[\r\n\0]/.test(disposition)) return undefined
  const names = [...disposition.matchAll(/;\s*name\s*(\*?)=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]+))/gi)]
  const [found] = names
  if (found === undefined || names.length > 1 || found[1] !== '') return undefined
  const name = found[2] ?? found[3] ?? ''
  return { name: Buffer.from(name, 'latin1').toString(), isFile: /;\s*filename\*?\s*=/i.test(disposition) }
}
