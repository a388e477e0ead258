import type { AudioPart, ContentPart, DocumentPart, ImagePart, SearchResultPart } from '../../ir/content.ts'
import type { JsonObject } from '../../ir/json.ts'
import type { WireQuirks } from '../codec.ts'
import type { Report } from '../report.ts'
import { addExtra, pointer } from './fields.ts'
import { urlOfSource } from './media.ts'

/** The formats in which audio may be sent. */
const AUDIO_FORMATS = new Set(['wav', 'mp3'])

/** Encodes parts of user content, and the text of every other role. One canonical part can become several, or none. */
export class PartEncoder {
  private readonly quirks: WireQuirks
  private readonly report: Report

  constructor(quirks: WireQuirks, report: Report) {
    this.quirks = quirks
    this.report = report
  }

  encode(parts: readonly ContentPart[]): JsonObject[] {
    return parts.flatMap((part) => this.part(part))
  }

  part(part: ContentPart): JsonObject[] {
    const encoded = this.parts(part)
    const last = encoded.at(-1)
    if (last !== undefined) this.finish(last, part)
    return encoded
  }

  /** Adds the cache marker and the unknown fields of `part` to what it became. */
  finish(encoded: JsonObject, part: ContentPart): void {
    this.cache(encoded, part.cache, part.path)
    addExtra(encoded, part.extra, part.path, this.report)
  }

  cache(encoded: JsonObject, hint: ContentPart['cache'], path: string | undefined): void {
    if (hint === undefined) return
    if (encoded['cache_control'] !== undefined)
      this.report.rewritten('cache_hint', path, 'of two markers at the same place the inner one was kept')
    else if (this.quirks.cacheControl === true)
      encoded['cache_control'] = hint.ttl === undefined ? { type: 'ephemeral' } : { type: 'ephemeral', ttl: hint.ttl }
    else this.report.lost('cache_hint', path, 'the upstream takes no cache markers')
  }

  private parts(part: ContentPart): JsonObject[] {
    switch (part.type) {
      case 'text':
        if (part.citations !== undefined && part.citations.length > 0)
          this.report.lost('part.citation', part.path, 'citations of earlier turns cannot be sent back')
        if (part.logprobs !== undefined)
          this.report.lost('part.logprobs', part.path, 'probabilities of earlier turns cannot be sent back')
        return [textPart(part.text)]
      case 'refusal':
        this.report.rewritten('part.refusal', part.path, 'a refusal outside an assistant turn became text')
        return [textPart(part.text)]
      case 'image':
        return this.image(part)
      case 'audio':
        return this.audio(part)
      case 'video': {
        const url = urlOfSource(part.source)
        if (url !== undefined && this.quirks.videoUrls !== false) return [{ type: 'video_url', video_url: { url } }]
        return this.dropped('part.video', part, 'this source of a video cannot be sent')
      }
      case 'document':
        return this.document(part)
      case 'search-result':
        return this.searchResult(part)
      case 'compaction':
        if (part.text === undefined)
          return this.dropped('part.compaction', part, 'compacted history is only readable at its origin')
        this.report.lost('part.compaction', part.path, 'compacted history became its readable summary')
        return [textPart(part.text)]
      case 'opaque':
        if (part.format === 'openai') return [part.json as JsonObject]
        return this.dropped('part.opaque', part, 'a part that only its own format knows was left out')
      case 'reasoning':
        return this.dropped('part.reasoning', part, 'reasoning outside an assistant turn was left out')
      case 'hosted-tool-call':
        return this.dropped('part.hosted_tool_call', part, 'the upstream does not know tools that another provider ran')
      case 'hosted-tool-result':
        return this.dropped(
          'part.hosted_tool_result',
          part,
          'the upstream does not know results of tools that another provider ran',
        )
      case 'item-reference':
        return this.dropped('part.item_reference', part, 'a stored item is only known at its origin')
      case 'tool-call':
      case 'tool-result':
        return this.dropped('part.opaque', part, 'tool traffic cannot stand here')
    }
  }

  private dropped(code: Parameters<Report['lost']>[0], part: ContentPart, message: string): JsonObject[] {
    this.report.lost(code, part.path, message)
    return []
  }

  private image(part: ImagePart): JsonObject[] {
    const url = urlOfSource(part.source)
    if (url === undefined) return this.dropped('part.image_file', part, 'an image kept by another provider cannot be sent')
    const image: JsonObject = { url }
    if (part.detail !== undefined) {
      const known = part.detail === 'low' || part.detail === 'high' || part.detail === 'auto'
      image['detail'] = known ? part.detail : part.detail === 'original' ? 'high' : 'auto'
      if (!known) this.report.rewritten('part.image_detail', part.path, 'the level of detail was replaced by the nearest one')
    }
    return [{ type: 'image_url', image_url: image }]
  }

  private audio(part: AudioPart): JsonObject[] {
    const subtype = part.source.kind === 'base64' ? part.source.mediaType.replace(/^audio\/(x-)?/, '') : ''
    const format = part.format ?? (subtype === 'mpeg' ? 'mp3' : subtype)
    const sendable = AUDIO_FORMATS.has(format) || part.extra?.format === 'openai' || part.format !== undefined
    if (part.source.kind === 'base64' && sendable)
      return [{ type: 'input_audio', input_audio: { data: part.source.data, format } }]
    if (part.transcript === undefined) return this.dropped('part.audio', part, 'audio in this form cannot be sent')
    this.report.rewritten('part.audio', part.path, 'audio became its transcript')
    return [textPart(part.transcript)]
  }

  private document(part: DocumentPart): JsonObject[] {
    const { source } = part
    if (part.citations === true)
      this.report.lost('part.document_citations', part.path, 'the upstream cannot be asked for citations')
    const before: JsonObject[] = []
    if (part.context !== undefined) {
      this.report.rewritten('part.document_context', part.path, 'the context of a document became text before it')
      before.push(textPart(part.context))
    }
    switch (source.kind) {
      case 'base64': {
        const name = part.filename ?? part.title
        if (part.title !== undefined)
          this.report.rewritten('part.document_title', part.path, 'the title of a document became its file name')
        const file = { file_data: `data:${source.mediaType};base64,${source.data}` }
        return [...before, { type: 'file', file: name === undefined ? file : { ...file, filename: name } }]
      }
      case 'file': {
        if (source.origin !== 'openai')
          return [...before, ...this.dropped('part.document_file', part, 'a file kept by another provider cannot be sent')]
        const file = { file_id: source.id }
        return [...before, { type: 'file', file: part.filename === undefined ? file : { ...file, filename: part.filename } }]
      }
      case 'url':
        this.report.rewritten('part.document_url', part.path, 'the address of a document became text')
        return [...before, textPart(titled(part, source.url))]
      case 'text':
        this.report.rewritten('part.document_text', part.path, 'a text document became text')
        return [...before, textPart(titled(part, source.text))]
      case 'parts':
        this.report.rewritten('part.document_parts', part.path, 'a document of parts became those parts')
        return [...before, ...(part.title === undefined ? [] : [textPart(part.title)]), ...this.encode(source.parts)]
    }
  }

  private searchResult(part: SearchResultPart): JsonObject[] {
    this.report.rewritten('part.search_result', part.path, 'a search result became text')
    if (part.citations === true)
      this.report.lost('part.document_citations', part.path, 'the upstream cannot be asked for citations')
    // Its texts become one, so what each of them bears goes.
    for (const inner of part.content) {
      if (inner.cache !== undefined)
        this.report.lost('cache_hint', inner.path, 'a text inside a search result has no marker of its own')
      if (inner.extra !== undefined)
        for (const key of Object.keys(inner.extra.fields))
          this.report.lost('extension', pointer(inner.path ?? '', key), 'a text inside a search result has no fields of its own')
    }
    return [textPart([part.title, part.source, ...part.content.map((inner) => inner.text)].join('\n'))]
  }
}

/** A text part of this format. */
export function textPart(text: string): JsonObject {
  return { type: 'text', text }
}

/** One plain text part is written as a string, which every server understands. */
export function asContent(parts: readonly JsonObject[]): string | readonly JsonObject[] {
  const only = parts[0]
  if (only === undefined) return ''
  return parts.length === 1 && only['type'] === 'text' && Object.keys(only).length === 2 ? (only['text'] as string) : parts
}

function titled(part: DocumentPart, body: string): string {
  const title = part.title ?? part.filename
  return title === undefined ? body : `${title}\n${body}`
}
