import type { CacheHint, Citation, ContentPart, TextPart, ToolResultPart } from '../../ir/content.ts'
import type { Sourced } from '../../ir/extra.ts'
import { isObject, type JsonObject } from '../../ir/json.ts'
import { requireObject, requireString } from '../wire-values.ts'
import { keepExtra } from '../extra-fields.ts'
import { FieldReader, requireList } from './fields.ts'
import { decodeMedia, type MediaKind } from './media-decoder.ts'
import { reasoningPart } from './reasoning.ts'

/** Content of a message, in its order. A cache point marks the part before it. */
export function decodeBlocks(value: unknown, path: string): ContentPart[] {
  const parts: ContentPart[] = []
  for (const [index, block] of requireList(value, path).entries()) {
    const at = `${path}/${index}`
    const object = requireObject(block, at)
    const last = parts.at(-1)
    if (last !== undefined && marked(last, object)) continue
    parts.push(decodeBlock(object, at))
  }
  return parts
}

/** Reads a cache point into the node before it; false when it is none, or has no node to stand behind. */
export function marked(node: Sourced & { cache?: CacheHint | undefined }, block: JsonObject): boolean {
  const hint = cacheHintOf(block)
  if (hint === undefined || node.cache !== undefined) return false
  node.cache = hint
  return true
}

function cacheHintOf(block: JsonObject): CacheHint | undefined {
  const point = block['cachePoint']
  if (!isObject(point) || Object.keys(block).length > 1 || point['type'] !== 'default') return undefined
  const { type: _type, ttl, ...rest } = point
  if (Object.keys(rest).length > 0) return undefined
  if (ttl === undefined || ttl === null) return {}
  return ttl === '5m' || ttl === '1h' ? { ttl } : undefined
}

const MEDIA: readonly MediaKind[] = ['image', 'document', 'video', 'audio']

/** One content block. What has no place in the canonical form stays whole, for this format alone. */
export function decodeBlock(block: JsonObject, path: string): ContentPart {
  const fields = new FieldReader(block, path)
  const part = decodeKnown(block, fields) ?? { type: 'opaque', format: 'bedrock_converse', json: block }
  part.path = path
  if (part.type === 'opaque' || part.type === 'hosted-tool-call' || part.type === 'hosted-tool-result') return part
  const extra = fields.extra()
  if (extra !== undefined) part.extra = { format: extra.format, fields: { ...extra.fields, ...part.extra?.fields } }
  return part
}

function decodeKnown(block: JsonObject, fields: FieldReader): ContentPart | undefined {
  if (typeof block['text'] === 'string') return { type: 'text', text: fields.string('text') ?? '' }
  if (isObject(block['toolUse'])) return toolCall(block, fields)
  if (isObject(block['toolResult'])) return toolResult(block, fields)
  if (isObject(block['reasoningContent'])) return reasoning(fields)
  if (isObject(block['guardContent'])) return guarded(fields)
  if (isObject(block['citationsContent'])) return cited(fields)
  if (isObject(block['searchResult'])) return searchResult(fields)
  const kind = MEDIA.find((name) => isObject(block[name]))
  return kind === undefined ? undefined : decodeMedia(kind, fields.any(kind), fields.pathOf(kind))
}

function toolCall(block: JsonObject, fields: FieldReader): ContentPart {
  const path = fields.pathOf('toolUse')
  const call = new FieldReader(requireObject(fields.any('toolUse'), path), path)
  const id = requireString(call.any('toolUseId'), `${path}/toolUseId`)
  const type = call.string('type')
  if (type !== undefined) return { type: 'hosted-tool-call', kind: type, id, origin: 'bedrock_converse', raw: block }
  const name = requireString(call.any('name'), `${path}/name`)
  const part: ContentPart = { type: 'tool-call', id, name, input: { kind: 'json', value: call.any('input') ?? {} } }
  return withInner(part, 'toolUse', call)
}

function toolResult(block: JsonObject, fields: FieldReader): ContentPart {
  const path = fields.pathOf('toolResult')
  const result = new FieldReader(requireObject(fields.any('toolResult'), path), path)
  const callId = requireString(result.any('toolUseId'), `${path}/toolUseId`)
  const type = result.string('type')
  if (type !== undefined) return { type: 'hosted-tool-result', kind: type, callId, origin: 'bedrock_converse', raw: block }
  const part: ToolResultPart = { type: 'tool-result', callId, kind: 'json', content: [] }
  const content = result.any('content')
  if (content !== undefined)
    part.content = requireList(content, `${path}/content`).map((inner, index) => resultBlock(inner, `${path}/content/${index}`))
  const status = result.string('status')
  if (status === 'error' || status === 'success') part.isError = status === 'error'
  else if (status !== undefined) result.keep('status', status)
  return withInner(part, 'toolResult', result)
}

/** A result of JSON is its text; the path tells that it was no text. */
function resultBlock(value: unknown, path: string): ContentPart {
  const block = requireObject(value, path)
  if (block['json'] !== undefined && Object.keys(block).length === 1)
    return { type: 'text', text: JSON.stringify(block['json']), path: `${path}/json` }
  return decodeBlock(block, path)
}

function reasoning(fields: FieldReader): ContentPart | undefined {
  const path = fields.pathOf('reasoningContent')
  const content = new FieldReader(requireObject(fields.any('reasoningContent'), path), path)
  const redacted = content.string('redactedContent')
  if (redacted !== undefined)
    return withInner({ type: 'reasoning', redacted, origin: 'bedrock_converse' }, 'reasoningContent', content)
  const value = content.record('reasoningText')
  if (value === undefined) return undefined
  const text = new FieldReader(value, content.pathOf('reasoningText'))
  const part = reasoningPart(text.string('text') ?? '', text.string('signature'))
  const extra = text.extra()
  if (extra !== undefined) content.keep('reasoningText', extra.fields)
  return withInner(part, 'reasoningContent', content)
}

/** Content that a guardrail is to look at: text like any other, for everybody else. */
function guarded(fields: FieldReader): TextPart | undefined {
  const path = fields.pathOf('guardContent')
  const content = new FieldReader(requireObject(fields.any('guardContent'), path), path)
  const value = content.record('text')
  if (value === undefined || typeof value['text'] !== 'string') return undefined
  const { text, ...rest } = value
  return {
    type: 'text',
    text,
    extra: { format: 'bedrock_converse', fields: { guardContent: { ...content.extra()?.fields, text: rest } } },
  }
}

/** Text of the model with its sources. Text in several pieces is read as one, and kept as it was for its own format. */
function cited(fields: FieldReader): TextPart | undefined {
  const path = fields.pathOf('citationsContent')
  const raw = requireObject(fields.any('citationsContent'), path)
  const pieces = Array.isArray(raw['content']) ? raw['content'].filter(isObject) : []
  const citations = Array.isArray(raw['citations']) ? raw['citations'].filter(isObject) : []
  const part: TextPart = {
    type: 'text',
    text: pieces.map(({ text }) => (typeof text === 'string' ? text : '')).join(''),
    citations: citations.map(decodeCitation),
  }
  const isExact = JSON.stringify(raw) === JSON.stringify({ content: [{ text: part.text }], citations })
  if (!isExact) part.extra = { format: 'bedrock_converse', fields: { citationsContent: raw } }
  return part
}

export function decodeCitation(raw: JsonObject): Citation {
  const source = Array.isArray(raw['sourceContent']) ? raw['sourceContent'].filter(isObject) : []
  const quoted = source.map(({ text }) => (typeof text === 'string' ? text : '')).join('')
  const location: JsonObject = isObject(raw['location']) ? raw['location'] : {}
  const web = isObject(location['web']) ? location['web'] : undefined
  return {
    kind: web !== undefined ? 'url' : location['searchResultLocation'] !== undefined ? 'search-result' : 'document',
    ...(typeof web?.['url'] === 'string' ? { url: web['url'] } : {}),
    ...(typeof raw['title'] === 'string' ? { title: raw['title'] } : {}),
    ...(quoted === '' ? {} : { citedText: quoted }),
    origin: 'bedrock_converse',
    raw,
  }
}

function searchResult(fields: FieldReader): ContentPart | undefined {
  const path = fields.pathOf('searchResult')
  const result = new FieldReader(requireObject(fields.any('searchResult'), path), path)
  const content = requireList(result.any('content'), `${path}/content`)
  const part: ContentPart = {
    type: 'search-result',
    source: requireString(result.any('source'), `${path}/source`),
    title: requireString(result.any('title'), `${path}/title`),
    content: content.map((entry, index): TextPart => {
      const at = `${path}/content/${index}`
      const inner = new FieldReader(requireObject(entry, at), at)
      const text = requireString(inner.any('text'), `${at}/text`)
      return keepExtra<TextPart>({ type: 'text', text, path: at }, inner.extra())
    }),
  }
  result.inside('citations', (citations) => {
    const enabled = citations.boolean('enabled')
    if (enabled !== undefined) part.citations = enabled
  })
  return withInner(part, 'searchResult', result)
}

/** Unknown fields inside a block are kept below the block's own name. */
function withInner<Part extends ContentPart>(part: Part, name: string, inner: FieldReader): Part {
  const extra = inner.extra()
  return keepExtra(part, extra === undefined ? undefined : { ...extra, fields: { [name]: extra.fields } })
}
