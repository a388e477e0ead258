import fc from 'fast-check'
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

const constant = (value: string): fc.Arbitrary<string> => fc.constant(value)

const textBlock = shape({ text: word }, novel)
const cachePoint = fc.constantFrom<Json>({ cachePoint: { type: 'default' } }, { cachePoint: { type: 'default', ttl: '1h' } })
const guarded = fc.record({
  guardContent: fc.record({ text: shape({ text: word }, { qualifiers: fc.constant(['query', '§']) }) }),
})
const media = fc.oneof(
  fc.record({ image: fc.record({ format: constant('png'), source: fc.record({ bytes: id('iVBORw0KGgo') }) }) }),
  fc.record({
    image: fc.record({ format: constant('jpeg'), source: fc.record({ s3Location: fc.record({ uri: id('s3://b/') }) }) }),
  }),
  fc.record({ video: fc.record({ format: constant('mp4'), source: fc.record({ bytes: id('AAAA') }) }) }),
  fc.record({ audio: fc.record({ format: constant('wav'), source: fc.record({ bytes: id('UklGR') }) }) }),
)
const documentBlock = fc.record({
  document: fc
    .tuple(
      fc.constantFrom<Json>(
        { format: 'pdf', source: { bytes: 'JVBERi0x§' } },
        { format: 'txt', source: { text: '§' } },
        { format: 'md', source: { text: '§' } },
        { source: { content: [{ text: '§' }, { text: '§' }] } },
        { format: 'pdf', source: { s3Location: { uri: 's3://b/§' } } },
      ),
      shape({ name: word }, { context: word, citations: shape({ enabled: fc.boolean() }, novel), ...novel }),
    )
    .map(([kind, fields]) => ({ ...kind, ...fields })),
})
const searchResult = fc.record({
  searchResult: shape(
    { source: id('https://found.example/'), title: word, content: fc.tuple(fc.record({ text: word })) },
    { citations: fc.record({ enabled: fc.boolean() }) },
  ),
})
const unknownBlock = fc.record({ hologram: fc.record({ payload: word }) })
const userBlock = fc.oneof({ weight: 4, arbitrary: textBlock }, guarded, media, documentBlock, searchResult, unknownBlock)
/** Content with a cache point in it now and then. */
const content = fc
  .tuple(fc.array(userBlock, { minLength: 1, maxLength: 3 }), fc.option(cachePoint, { nil: undefined, freq: 3 }))
  .map(([blocks, point]) => (point === undefined ? blocks : [...blocks, point]))

const thought = fc.oneof(
  fc.record({ reasoningContent: fc.record({ reasoningText: shape({ text: word, signature: word }, novel) }) }),
  fc.record({ reasoningContent: fc.record({ redactedContent: id('cmVk') }) }),
)
const cited = fc.constant<Json>({
  citationsContent: {
    content: [{ text: '§' }],
    citations: [
      { title: '§', sourceContent: [{ text: '§' }], location: { documentChar: { documentIndex: 0, start: 1, end: 4 } } },
    ],
  },
})
const piecewise = fc.constant<Json>({ citationsContent: { content: [{ text: '§' }, { text: '§' }], citations: [] } })

const input = fc.constantFrom<Json>({ q: '§' }, { q: { deep: ['§', '§'] } }, {}, { q: '§', n: 12 })
const resultBlock = fc.oneof(
  { weight: 3, arbitrary: textBlock },
  fc.constantFrom<Json>({ json: { answer: '§' } }, { json: ['§'] }),
  media,
  documentBlock,
)

const toolExchange = fc
  .record({
    before: fc.array(thought, { maxLength: 1 }),
    text: fc.array(textBlock, { maxLength: 1 }),
    calls: fc.array(
      fc.record({
        input,
        content: fc.array(resultBlock, { minLength: 1, maxLength: 2 }),
        more: optional({ status: fc.constantFrom('success', 'error') }),
      }),
      { minLength: 1, maxLength: 3 },
    ),
    after: fc.array(textBlock, { maxLength: 1 }),
  })
  .map(({ before, text, calls, after }): Json[] => [
    {
      role: 'assistant',
      content: [
        ...before,
        ...text,
        ...calls.map((call, at) => ({ toolUse: { toolUseId: `tooluse_¤_${at}`, name: `tool_${at}`, input: call.input } })),
      ],
    },
    {
      role: 'user',
      content: [
        ...calls.map((call, at) => ({
          toolResult: { toolUseId: `tooluse_¤_${at}`, content: call.content, ...call.more },
        })),
        ...after,
      ],
    },
  ])

const plainExchange = fc
  .tuple(
    content,
    fc.tuple(fc.array(thought, { maxLength: 1 }), fc.tuple(fc.oneof({ weight: 3, arbitrary: textBlock }, cited, piecewise))),
    optional(novel),
  )
  .map(([asked, said, extra]): Json[] => [
    { role: 'user', content: asked, ...extra },
    { role: 'assistant', content: said.flat() },
  ])

/** Turns of one side never follow each other: the results of the last tools are a turn of the user. */
const messages = fc
  .tuple(fc.array(plainExchange, { maxLength: 2 }), content, fc.array(toolExchange, { maxLength: 2 }))
  .map(([exchanges, last, toolTurns]): Json[] => [...exchanges.flat(), { role: 'user', content: last }, ...numbered(toolTurns)])

const tool = (at: number): fc.Arbitrary<Json> =>
  fc.record({
    toolSpec: shape(
      { name: constant(`tool_${at}`), inputSchema: fc.record({ json: schema }) },
      { description: word, strict: fc.boolean(), ...novel },
    ),
  })
const toolConfig = fc
  .record({
    first: tool(0),
    more: fc.array(fc.oneof(tool(1), fc.constant<Json>({ systemTool: { name: '§' } })), { maxLength: 1 }),
    point: fc.option(cachePoint, { nil: undefined, freq: 3 }),
    toolChoice: fc.option(
      fc.constantFrom<Json>({ auto: {} }, { any: {} }, { tool: { name: 'tool_0' } }, { hologram: { name: '§' } }),
      { nil: undefined },
    ),
  })
  .map(({ first, more, point, toolChoice }) => ({
    tools: point === undefined ? [first, ...more] : [first, ...more, point],
    toolChoice,
  }))

const thinking = fc.oneof(
  shape({ type: constant('enabled'), budget_tokens: fc.constantFrom(1024, 2048) }, { ...novel }),
  fc.constantFrom<Json>(
    { type: 'disabled' },
    { type: 'adaptive' },
    { type: 'adaptive', display: 'summarized' },
    { type: 'hologram' },
  ),
)

const options = optional({
  system: fc
    .tuple(fc.array(fc.oneof(textBlock, guarded), { minLength: 1, maxLength: 2 }), fc.option(cachePoint, { nil: undefined }))
    .map(([blocks, point]) => (point === undefined ? blocks : [...blocks, point])),
  inferenceConfig: optional({
    maxTokens: fc.constantFrom(5, 4096, 20_000),
    temperature: fraction,
    topP: fraction,
    stopSequences: fc.array(word, { minLength: 1, maxLength: 3 }),
    ...novel,
  }),
  additionalModelRequestFields: optional({ top_k: count, thinking, reasoning_effort: word, anthropic_beta: fc.constant(['§']) }),
  additionalModelResponseFieldPaths: fc.constant(['/§']),
  guardrailConfig: fc.constant({ guardrailIdentifier: '§', guardrailVersion: 'DRAFT', trace: 'enabled' }),
  requestMetadata: fc.constant({ team: '§' }),
  performanceConfig: fc.constant({ latency: 'optimized' }),
  promptVariables: fc.constant({ topic: { text: '§' } }),
  serviceTier: fc.record({ type: fc.constantFrom('default', 'flex', 'priority', 'reserved') }),
  outputConfig: fc.oneof(
    fc.record({ effort: fc.constantFrom('low', 'high') }),
    fc.constantFrom<Json>(
      { textFormat: { type: 'json_schema', structure: { jsonSchema: { schema: '{"type":"object", "title":"§"}', name: '§' } } } },
      { textFormat: { type: 'hologram', structure: { words: '§' } } },
    ),
  ),
  ...novel,
})

/** Valid bodies of `Converse`. Its model stands in the address. */
export const bedrockBody = (style: Style = 'plain'): fc.Arbitrary<Json> =>
  fc
    .record({ messages, options, toolConfig: fc.option(toolConfig, { nil: undefined }) })
    .map(({ messages: turns, options: given, toolConfig: tools }) =>
      sown(pruned({ messages: turns, ...given, toolConfig: tools }), style),
    )
