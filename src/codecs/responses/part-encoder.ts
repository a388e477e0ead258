import type { ContentPart, DocumentPart, ImagePart, MediaSource, TextPart } from '../../ir/content.ts'
import type { WireFormat } from '../../ir/wire-format.ts'
import { assertNever } from '../../lib/assert-never.ts'
import { isObject, type JsonObject } from '../../ir/json.ts'
import type { Report } from '../report.ts'
import { annotationOf } from './citation.ts'
import { dataUri } from './data-uri.ts'
import { put, putExtra } from './field-writer.ts'

/** What the encoding of a part depends on. */
export interface PartContext {
  readonly report: Report
  /** The request was decoded from this format, so explicit cache breakpoints may be replayed. */
  readonly native: boolean
  readonly place: 'input' | 'tool-result'
}

/** Parts of a user, system or developer message or of a tool output. A part can become several, or none. */
export function encodeInputParts(parts: readonly ContentPart[], context: PartContext): JsonObject[] {
  const encoded: JsonObject[] = []
  for (const part of parts) encodeInputPart(part, context, encoded)
  return encoded
}

function encodeInputPart(part: ContentPart, context: PartContext, into: JsonObject[]): void {
  const { report } = context
  switch (part.type) {
    case 'text':
      if (part.citations !== undefined)
        for (const _ of part.citations) report.lost('part.citation', part.path, 'citations are only possible in answers')
      if (part.logprobs !== undefined) report.lost('part.logprobs', part.path, 'token probabilities are only possible in answers')
      into.push(finish({ type: 'input_text', text: part.text }, part, context))
      return
    case 'refusal':
      into.push(finish({ type: 'input_text', text: part.text }, part, context))
      report.rewritten('part.refusal', part.path, 'a refusal outside an answer was sent as text')
      return
    case 'image':
      push(into, encodeImage(part, context))
      return
    case 'document':
      encodeDocument(part, context, into)
      return
    case 'search-result': {
      report.rewritten('part.search_result', part.path, 'a search result was sent as text')
      if (part.citations === true)
        report.lost('part.document_citations', part.path, 'citations into a search result cannot be asked for here')
      // Its texts become one, so what each of them bears goes.
      for (const entry of part.content) finish({}, entry, { ...context, native: false })
      const texts = part.content.map((entry) => entry.text)
      into.push(finish({ type: 'input_text', text: [part.title, part.source, ...texts].join('\n') }, part, context))
      return
    }
    case 'opaque':
      if (part.format === 'responses' && isObject(part.json)) into.push(part.json)
      else report.lost('part.opaque', part.path, 'a part of unknown type was left out')
      return
    case 'audio':
      report.lost('part.audio', part.path, 'audio is not possible in this format')
      return
    case 'video':
      report.lost('part.video', part.path, 'video is not possible in this format')
      return
    case 'reasoning':
    case 'tool-call':
    case 'tool-result':
    case 'hosted-tool-call':
    case 'hosted-tool-result':
    case 'compaction':
    case 'item-reference':
      // Items of their own: `item-encoder.ts` never lets them get here except inside a tool result.
      report.lost('part.opaque', part.path, 'a part that cannot stand in a tool result was left out')
      return
    default:
      assertNever(part)
  }
}

function encodeImage(part: ImagePart, context: PartContext): JsonObject | undefined {
  const detail = part.detail ?? (context.place === 'input' ? 'auto' : undefined)
  const source = imageSource(part.source, context.report, part.path)
  return source === undefined
    ? undefined
    : finish({ type: 'input_image', ...source, ...(detail === undefined ? {} : { detail }) }, part, context)
}

function imageSource(source: MediaSource, report: Report, path: string | undefined): JsonObject | undefined {
  if (source.kind === 'base64') return { image_url: dataUri(source.mediaType, source.data) }
  if (source.kind === 'url') return { image_url: source.url }
  if (source.kind === 'file' && !isKeptElsewhere(source)) return { file_id: source.id }
  report.lost('part.image_file', path, 'an image stored at another provider cannot be used here')
  return undefined
}

/** Files of the two formats of OpenAI have one store. */
const isKeptElsewhere = ({ origin }: { readonly origin?: WireFormat | undefined }): boolean =>
  origin === 'anthropic' || origin === 'gemini'

function encodeDocument(part: DocumentPart, context: PartContext, into: JsonObject[]): void {
  const { report } = context
  if (part.context !== undefined) report.lost('part.document_context', part.path, 'the context of a document was left out')
  if (part.citations === true)
    report.lost('part.document_citations', part.path, 'citations into a document cannot be asked for here')
  if (part.title !== undefined && part.filename !== undefined)
    report.lost('part.document_title', part.path, 'the title of a document was left out')
  const { source } = part
  if (source.kind === 'parts') {
    report.rewritten('part.document_parts', part.path, 'a document made of parts was sent as plain parts')
    const title = part.title ?? part.filename
    if (title !== undefined) into.push({ type: 'input_text', text: title })
    finish({}, part, context)
    for (const inner of source.parts) encodeInputPart(inner, context, into)
    return
  }
  if (source.kind === 'text') {
    report.rewritten('part.document_text', part.path, 'a text document was sent as text')
    const title = part.title ?? part.filename
    const text = title === undefined ? source.text : `${title}\n\n${source.text}`
    into.push(finish({ type: 'input_text', text }, part, context))
    return
  }
  if (source.kind === 'file' && isKeptElsewhere(source)) {
    report.lost('part.document_file', part.path, 'a document stored at another provider cannot be used here')
    return
  }
  const filename = part.filename ?? part.title
  if (part.filename === undefined && part.title !== undefined) {
    report.rewritten('part.document_title', part.path, 'the title of a document was sent as its file name')
  }
  if (source.kind === 'base64') {
    // The API refuses file data without a name.
    const name = filename ?? (context.native ? undefined : `document.${source.mediaType.split('/')[1] ?? 'pdf'}`)
    into.push(
      finish(
        {
          type: 'input_file',
          ...(name === undefined ? {} : { filename: name }),
          file_data: dataUri(source.mediaType, source.data),
        },
        part,
        context,
      ),
    )
    return
  }
  const pointer = source.kind === 'url' ? { file_url: source.url } : { file_id: source.id }
  into.push(finish({ type: 'input_file', ...(filename === undefined ? {} : { filename }), ...pointer }, part, context))
}

/** A part of an assistant message. Undefined when the format has no place for it. */
export function encodeOutputPart(
  part: TextPart | { type: 'refusal'; text: string; path?: string | undefined; extra?: TextPart['extra'] },
  report: Report,
): JsonObject {
  if (part.type === 'refusal') {
    const refusal: JsonObject = { type: 'refusal', refusal: part.text }
    putExtra(refusal, part.extra, part.path, report)
    return refusal
  }
  const encoded: JsonObject = {
    type: 'output_text',
    text: part.text,
    annotations: encodeAnnotations(part, report),
    logprobs: encodeLogprobs(part.logprobs?.value),
  }
  putExtra(encoded, part.extra, part.path, report)
  return encoded
}

function encodeAnnotations(part: TextPart, report: Report): JsonObject[] {
  const annotations: JsonObject[] = []
  for (const citation of part.citations ?? []) {
    const annotation = annotationOf(citation, part.text.length)
    if (annotation === undefined) report.lost('part.citation', part.path, 'a citation of a kind unknown here was left out')
    else {
      annotations.push(annotation)
      if (citation.origin !== 'responses')
        report.rewritten('part.citation', part.path, 'a citation was sent in the form of this format')
    }
  }
  return annotations
}

/** Token probabilities with the fields this format demands. */
export function encodeLogprobs(value: unknown): unknown[] {
  if (!Array.isArray(value)) return []
  return value.map((entry: unknown) => {
    if (!isObject(entry) || (Array.isArray(entry['bytes']) && Array.isArray(entry['top_logprobs']))) return entry
    return { ...entry, bytes: entry['bytes'] ?? [], top_logprobs: entry['top_logprobs'] ?? [] }
  })
}

/** Adds what every input part can carry. */
function finish(encoded: JsonObject, part: ContentPart, context: PartContext): JsonObject {
  if (part.cache !== undefined) {
    if (context.native && part.cache.ttl === undefined) put(encoded, 'prompt_cache_breakpoint', { mode: 'explicit' })
    else context.report.lost('cache_hint', part.path, 'cache markers are not possible here; the provider caches by itself')
  }
  putExtra(encoded, part.extra, part.path, context.report)
  return encoded
}

function push(into: JsonObject[], encoded: JsonObject | undefined): void {
  if (encoded !== undefined) into.push(encoded)
}
