import type {
  ContentPart,
  DocumentPart,
  ImagePart,
  SearchResultPart,
  TextPart,
  ToolCallPart,
  ToolResultPart,
} from '../../ir/content.ts'
import type { Sourced } from '../../ir/extra.ts'
import { isObject, type JsonObject } from '../../ir/json.ts'
import { restoreToolId } from '../tool-id.ts'
import { cacheHintOf, readCacheControl } from './cache-control.ts'
import { decodeCitations } from './citations.ts'
import { decodeSource, type DecodedSource } from './media-source.ts'
import { addExtra, invalid, optionalBoolean, optionalString, requireString } from './reader.ts'
import { decodeRedactedThinking, decodeThinking } from './reasoning.ts'

/** Content of a turn or a tool result. A bare string becomes one text part whose path is that of the content itself. */
export function decodeContent(content: unknown, path: string): ContentPart[] {
  if (typeof content === 'string') return [{ type: 'text', text: content, path }]
  if (!Array.isArray(content)) return invalid(path, 'must be a string or an array of content blocks')
  return content.map((block, index) => decodeBlock(block, `${path}/${index}`))
}

/** One content block of a request or an answer. Types that are not modelled come back as opaque parts. */
export function decodeBlock(block: unknown, path: string): ContentPart {
  if (!isObject(block)) return invalid(path, 'must be a content block object')
  const type = requireString(block['type'], `${path}/type`)
  switch (type) {
    case 'text':
      return decodeText(block, path)
    case 'thinking': {
      const part = decodeThinking(
        requireString(block['thinking'], `${path}/thinking`),
        optionalString(block['signature'], `${path}/signature`),
        path,
      )
      return withRest(part, block, ['thinking', 'signature'])
    }
    case 'redacted_thinking':
      return withRest(decodeRedactedThinking(requireString(block['data'], `${path}/data`), path), block, ['data'])
    case 'image':
      return decodeImage(block, path)
    case 'document':
      return decodeDocument(block, path)
    case 'search_result':
      return decodeSearchResult(block, path)
    case 'tool_use':
      return decodeToolUse(block, path)
    case 'tool_result':
      return decodeToolResult(block, path)
    case 'compaction': {
      const text = typeof block['content'] === 'string' ? { text: block['content'] } : {}
      return withCache({ type: 'compaction', origin: 'anthropic', ...text, raw: block, path }, block)
    }
    default:
      return decodeHosted(type, block, path) ?? { type: 'opaque', format: 'anthropic', json: block, path }
  }
}

function decodeText(block: JsonObject, path: string): TextPart {
  const part: TextPart = { type: 'text', text: requireString(block['text'], `${path}/text`), path }
  const citations = decodeCitations(block['citations'])
  if (citations !== undefined) part.citations = citations
  else if (block['citations'] !== undefined && block['citations'] !== null) addExtra(part, 'citations', block['citations'])
  return withRest(part, block, ['text', 'citations'])
}

function decodeImage(block: JsonObject, path: string): ContentPart {
  const decoded = decodeSource(block['source'], `${path}/source`, decodeContent)
  if (decoded === undefined || decoded.source.kind === 'text' || decoded.source.kind === 'parts')
    return { type: 'opaque', format: 'anthropic', json: block, path }
  return withSourceRest<ImagePart>({ type: 'image', source: decoded.source, path }, decoded, block, ['source'])
}

function decodeDocument(block: JsonObject, path: string): ContentPart {
  const decoded = decodeSource(block['source'], `${path}/source`, decodeContent)
  if (decoded === undefined) return { type: 'opaque', format: 'anthropic', json: block, path }
  const part: DocumentPart = { type: 'document', source: decoded.source, path }
  const title = optionalString(block['title'], `${path}/title`)
  const context = optionalString(block['context'], `${path}/context`)
  if (title !== undefined) part.title = title
  if (context !== undefined) part.context = context
  readCitationSwitch(part, block['citations'])
  return withSourceRest(part, decoded, block, ['source', 'title', 'context', 'citations'])
}

function decodeSearchResult(block: JsonObject, path: string): ContentPart {
  const content = Array.isArray(block['content']) ? decodeContent(block['content'], `${path}/content`) : undefined
  const texts = content?.filter((part) => part.type === 'text')
  if (
    texts === undefined ||
    texts.length !== content?.length ||
    typeof block['source'] !== 'string' ||
    typeof block['title'] !== 'string'
  ) {
    return { type: 'opaque', format: 'anthropic', json: block, path }
  }
  const part: SearchResultPart = { type: 'search-result', source: block['source'], title: block['title'], content: texts, path }
  readCitationSwitch(part, block['citations'])
  return withRest(part, block, ['source', 'title', 'content', 'citations'])
}

function decodeToolUse(block: JsonObject, path: string): ToolCallPart {
  const part: ToolCallPart = {
    type: 'tool-call',
    id: restoreToolId(requireString(block['id'], `${path}/id`)),
    name: requireString(block['name'], `${path}/name`),
    input: { kind: 'json', value: block['input'] ?? {} },
    path,
  }
  if (block['caller'] !== undefined && block['caller'] !== null) part.caller = block['caller']
  return withRest(part, block, ['id', 'name', 'input', 'caller'])
}

function decodeToolResult(block: JsonObject, path: string): ToolResultPart {
  const content = block['content']
  const part: ToolResultPart = {
    type: 'tool-result',
    callId: restoreToolId(requireString(block['tool_use_id'], `${path}/tool_use_id`)),
    content: content === undefined || content === null ? [] : decodeContent(content, `${path}/content`),
    kind: 'json',
    path,
  }
  const isError = optionalBoolean(block['is_error'], `${path}/is_error`)
  if (isError !== undefined) part.isError = isError
  return withRest(part, block, ['tool_use_id', 'content', 'is_error'])
}

/** Calls and results of tools that Anthropic runs, told apart by the naming scheme of the block types. */
function decodeHosted(type: string, block: JsonObject, path: string): ContentPart | undefined {
  if (type === 'server_tool_use' || type === 'mcp_tool_use') {
    const kind = type === 'mcp_tool_use' ? 'mcp' : typeof block['name'] === 'string' ? block['name'] : type
    const id = typeof block['id'] === 'string' ? { id: block['id'] } : {}
    return withCache({ type: 'hosted-tool-call', kind, ...id, origin: 'anthropic', raw: block, path }, block)
  }
  const isResult = type.endsWith('_tool_result')
  if (!isResult && type !== 'container_upload') return undefined
  const callId = typeof block['tool_use_id'] === 'string' ? { callId: block['tool_use_id'] } : {}
  const kind = isResult ? type.slice(0, -'_tool_result'.length) : type
  return withCache({ type: 'hosted-tool-result', kind, ...callId, origin: 'anthropic', raw: block, path }, block)
}

function readCitationSwitch(part: DocumentPart | SearchResultPart, value: unknown): void {
  if (value === undefined || value === null) return
  if (isObject(value) && typeof value['enabled'] === 'boolean' && Object.keys(value).length === 1)
    part.citations = value['enabled']
  else addExtra(part, 'citations', value)
}

/** Raw parts keep their marker in `raw`; the hint beside it tells other formats. */
function withCache<Part extends ContentPart>(part: Part, block: JsonObject): Part {
  const hint = cacheHintOf(block['cache_control'])
  if (hint !== undefined) part.cache = hint
  return part
}

function withSourceRest<Part extends ContentPart>(
  part: Part,
  decoded: DecodedSource,
  block: JsonObject,
  known: readonly string[],
): Part {
  if (decoded.rest !== undefined) addExtra(part, 'source', decoded.rest)
  return withRest(part, block, known)
}

/** Reads the cache marker and keeps every field that the decoder does not know. */
function withRest<Part extends ContentPart & Sourced>(part: Part, block: JsonObject, known: readonly string[]): Part {
  for (const key of Object.keys(block)) {
    if (key === 'type' || known.includes(key)) continue
    if (key === 'cache_control') readCacheControl(part, block[key])
    else addExtra(part, key, block[key])
  }
  return part
}
