import fc from 'fast-check'
import { isObject } from '../../../src/ir/json.ts'
import {
  count,
  fraction,
  id,
  novel,
  numbered,
  optional,
  pruned,
  schema,
  shape,
  sown,
  word,
  type Json,
  type Style,
} from './canary.ts'

const marker = fc.constantFrom<Json>({ type: 'ephemeral' }, { type: 'ephemeral', ttl: '1h' }, { type: 'ephemeral', ttl: '5m' })
const cacheable = { ...novel, cache_control: fc.option(marker, { nil: undefined, freq: 12 }) }
const constant = (value: string): fc.Arbitrary<string> => fc.constant(value)
const citation = fc.record({
  type: constant('char_location'),
  cited_text: word,
  document_index: fc.constant(0),
  document_title: word,
  start_char_index: count,
  end_char_index: count,
})

const textBlock = shape({ type: constant('text'), text: word }, cacheable)
const answerText = shape({ type: constant('text'), text: word }, { ...novel, citations: fc.tuple(citation) })
const mediaSource = fc.oneof(
  fc.record({ type: constant('base64'), media_type: constant('image/png'), data: id('iVBORw0KGgo') }),
  fc.record({ type: constant('url'), url: id('https://img.example/') }),
  fc.record({ type: constant('file'), file_id: id('file_') }),
)
const image = shape({ type: constant('image'), source: mediaSource }, cacheable)
const documentSource = fc.oneof(
  fc.record({ type: constant('base64'), media_type: constant('application/pdf'), data: id('JVBERi0x') }),
  fc.record({ type: constant('url'), url: id('https://doc.example/') }),
  fc.record({ type: constant('text'), media_type: constant('text/plain'), data: word }),
  fc.record({ type: constant('file'), file_id: id('file_') }),
  fc.record({ type: constant('content'), content: fc.oneof(word, fc.tuple(textBlock, image)) }),
)
const document = shape(
  { type: constant('document'), source: documentSource },
  { ...cacheable, title: word, context: word, citations: fc.record({ enabled: fc.boolean() }) },
)
const searchResult = shape(
  {
    type: constant('search_result'),
    source: id('https://found.example/'),
    title: word,
    content: fc.array(textBlock, { minLength: 1, maxLength: 2 }),
  },
  { ...cacheable, citations: fc.record({ enabled: fc.boolean() }) },
)
const unknownBlock = shape({ type: constant('hologram_v9'), payload: word }, {})
const userBlock = fc.oneof(
  { weight: 4, arbitrary: textBlock },
  image,
  document,
  searchResult,
  unknownBlock,
  shape({ type: constant('container_upload'), file_id: id('file_') }),
)

const thinking = fc.oneof(
  shape({ type: constant('thinking'), thinking: word, signature: word }),
  shape({ type: constant('redacted_thinking'), data: word }),
)
const hostedPair = fc.constant<Json[]>([
  { type: 'server_tool_use', id: 'srvtoolu_§', name: 'web_search', input: { query: '§' } },
  {
    type: 'web_search_tool_result',
    tool_use_id: 'srvtoolu_0',
    content: [{ type: 'web_search_result', url: 'https://hit.example/§', title: '§', encrypted_content: '§' }],
  },
])
const compaction = fc.constant<Json>({ type: 'compaction', content: '§' })

const toolInput = fc.constantFrom<Json>({ q: '§' }, { q: { deep: ['§', '§'] } }, {}, { q: '§', n: 12 })
const caller = fc.constantFrom<Json>({ type: 'direct' }, { type: 'code_execution_20250825', tool_id: 'srvtoolu_§' })

/** A turn with tool calls and the turn that answers them. */
const toolExchange = fc
  .record({
    before: fc.array(fc.oneof(thinking, answerText), { maxLength: 2 }),
    calls: fc.array(
      fc.record({
        input: toolInput,
        caller: fc.option(caller, { nil: undefined, freq: 4 }),
        cached: fc.option(marker, { nil: undefined, freq: 12 }),
        failed: fc.option(fc.boolean(), { nil: undefined }),
        content: fc.oneof(word, fc.array(fc.oneof(textBlock, image, document, searchResult), { minLength: 1, maxLength: 2 })),
      }),
      { minLength: 1, maxLength: 3 },
    ),
    after: fc.array(textBlock, { maxLength: 1 }),
  })
  .map(({ before, calls, after }): Json[] => {
    const uses = calls.map((call, at) => ({
      type: 'tool_use',
      id: `toolu_¤_${at}`,
      name: `tool_${at}`,
      input: call.input,
      caller: call.caller,
    }))
    const results = calls.map((call, at) => ({
      type: 'tool_result',
      tool_use_id: `toolu_¤_${at}`,
      content: call.content,
      is_error: call.failed,
      cache_control: call.cached,
    }))
    return [
      { role: 'assistant', content: [...before, ...uses] },
      { role: 'user', content: [...results, ...after] },
    ]
  })

const plainExchange = fc
  .tuple(
    fc.oneof(word, fc.array(userBlock, { minLength: 1, maxLength: 3 })),
    fc.oneof(
      word,
      fc
        .tuple(fc.array(thinking, { maxLength: 1 }), fc.oneof(hostedPair, fc.tuple(compaction), fc.constant([])), answerText)
        .map((parts) => parts.flat()),
    ),
  )
  .map(([asked, said]): Json[] => [
    { role: 'user', content: asked },
    { role: 'assistant', content: said },
  ])

const conversation = fc
  .tuple(
    fc.array(plainExchange, { maxLength: 2 }),
    fc.oneof(word, fc.array(textBlock, { minLength: 1, maxLength: 2 })),
    fc.array(toolExchange, { maxLength: 2 }),
    fc.boolean(),
  )
  .map(([exchanges, last, toolTurns, midSystem]): Json[] => {
    const turns: Json[] = [...exchanges.flat(), { role: 'user', content: last }, ...numbered(toolTurns)]
    if (midSystem) turns.push({ role: 'system', content: '§' })
    return turns
  })

const functionTool = shape(
  { name: fc.constant('tool_0'), input_schema: schema },
  {
    ...cacheable,
    description: word,
    strict: fc.boolean(),
    defer_loading: fc.boolean(),
    allowed_callers: fc.constant(['direct', 'code_execution_20250825']),
    input_examples: fc.constant([{ q: '§' }]),
  },
)
const hostedTool = shape(
  { type: constant('web_search_20250305'), name: constant('web_search') },
  { max_uses: count, allowed_domains: fc.constant(['§.example']) },
)
const tools = fc.oneof(
  fc.tuple(functionTool),
  fc.tuple(functionTool, hostedTool),
  fc
    .tuple(
      functionTool,
      functionTool.map((tool) => ({ ...tool, name: 'tool_1', type: 'custom' })),
    )
    .map(([first, second]) => {
      const { type: _type, ...rest } = second as Json
      return [first, rest]
    }),
)
const choice = fc.constantFrom<Json>(
  { type: 'auto' },
  { type: 'any' },
  { type: 'none' },
  { type: 'tool', name: 'tool_0' },
  { type: 'auto', disable_parallel_tool_use: true },
  { type: 'any', disable_parallel_tool_use: false },
  { type: 'hologram', power: '§' },
)
const thinkingConfig = fc.constantFrom<Json>(
  { type: 'disabled' },
  { type: 'enabled', budget_tokens: 2048 },
  { type: 'enabled', budget_tokens: 9000, display: 'summarized' },
  { type: 'adaptive' },
  { type: 'adaptive', display: 'omitted' },
)

const options = optional({
  system: fc.oneof(word, fc.array(textBlock, { minLength: 1, maxLength: 2 })),
  temperature: fraction,
  top_p: fraction,
  top_k: count,
  stop_sequences: fc.array(word, { minLength: 1, maxLength: 2 }),
  thinking: thinkingConfig,
  output_config: fc.oneof(
    fc.record({ effort: fc.constantFrom('low', 'high', 'max') }),
    fc.record({ format: fc.record({ type: constant('json_schema'), schema }) }),
  ),
  metadata: fc.record({ user_id: word }),
  service_tier: fc.constantFrom('auto', 'standard_only'),
  cache_control: marker,
  context_management: fc.constant({ edits: [{ type: 'clear_tool_uses_20250919', keep: { type: 'tool_uses', value: -777 } }] }),
  container: id('container_'),
  mcp_servers: fc.constant([{ type: 'url', name: '§', url: 'https://mcp.example/§' }]),
  speed: fc.constantFrom('fast', 'standard'),
  inference_geo: word,
  stream: fc.boolean(),
  ...novel,
})

/** Valid bodies of `POST /v1/messages`. */
export const anthropicBody = (style: Style = 'plain'): fc.Arbitrary<Json> =>
  fc
    .record({
      messages: conversation,
      options,
      toolSet: fc.option(fc.record({ tools, tool_choice: fc.option(choice, { nil: undefined }) }), { nil: undefined }),
    })
    .map(({ messages, options: given, toolSet }) =>
      sown(
        withFewMarkers(
          withoutContradictions(pruned({ model: 'client-model', max_tokens: 31_000, messages, ...given, ...toolSet })),
        ),
        style,
      ),
    )

/** Thinking excludes sampling controls and forced calls. */
function withoutContradictions(body: Json): Json {
  const {
    thinking: config,
    temperature: _temperature,
    top_p: _topP,
    top_k: _topK,
    tool_choice: toolChoice,
    ...rest
  } = body as Record<string, Json | undefined>
  const isOff = config === undefined || config['type'] === 'disabled'
  if (isOff) return body
  const isForced = toolChoice?.['type'] === 'any' || toolChoice?.['type'] === 'tool'
  return pruned({ ...rest, thinking: config, tool_choice: isForced ? undefined : toolChoice })
}

/** The API takes four cache markers. */
function withFewMarkers(body: Json): Json {
  let left = 'cache_control' in body ? 3 : 4
  const visit = (node: unknown): unknown => {
    if (Array.isArray(node)) return node.map(visit)
    if (!isObject(node)) return node
    const entries = Object.entries(node).filter(([key]) => key !== 'cache_control' || node === body || left-- > 0)
    return Object.fromEntries(entries.map(([key, value]) => [key, visit(value)]))
  }
  return visit(body) as Json
}
