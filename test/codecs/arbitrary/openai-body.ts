import fc from 'fast-check'
import {
  argumentsJson,
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
const marker = fc.constantFrom<Json>({ type: 'ephemeral' }, { type: 'ephemeral', ttl: '1h' }, { type: 'hologram', power: '§' })
const cacheable = { ...novel, cache_control: fc.option(marker, { nil: undefined, freq: 12 }) }

const textPart = shape({ type: constant('text'), text: word }, cacheable)
const imagePart = shape(
  {
    type: constant('image_url'),
    image_url: shape(
      { url: fc.oneof(id('https://img.example/'), id('data:image/png;base64,iVBORw0KGgo')) },
      { ...novel, detail: fc.constantFrom('low', 'high', 'auto') },
    ),
  },
  cacheable,
)
const audioPart = shape({
  type: constant('input_audio'),
  input_audio: fc.record({ data: id('UklGR'), format: fc.constantFrom('wav', 'mp3') }),
})
const filePart = shape(
  {
    type: constant('file'),
    file: fc.oneof(
      fc.record({ file_id: id('file-') }),
      fc.record({ file_data: id('data:application/pdf;base64,JVBERi0x'), filename: id('name-') }),
    ),
  },
  cacheable,
)
const videoPart = shape({ type: constant('video_url'), video_url: fc.record({ url: id('https://film.example/') }) })
const unknownPart = shape({ type: constant('hologram'), payload: word })
const userPart = fc.oneof({ weight: 4, arbitrary: textPart }, imagePart, audioPart, filePart, videoPart, unknownPart)
/** One plain text is written as a string, so lists have two parts at least. */
const content = (part: fc.Arbitrary<Json>): fc.Arbitrary<unknown> =>
  fc.oneof(word, fc.array(part, { minLength: 2, maxLength: 3 }))

const systemTurn = shape({ role: fc.constantFrom('system', 'developer'), content: content(textPart) }, { ...novel, name: word })
const userTurn = shape({ role: constant('user'), content: content(userPart) }, { ...novel, name: word })
const assistantTurn = shape(
  { role: constant('assistant'), content: content(textPart) },
  {
    ...novel,
    name: word,
    refusal: word,
    audio: fc.record({ id: id('audio_') }),
    reasoning_details: fc.constant([
      { type: 'reasoning.text', text: '§', signature: '§' },
      { type: 'reasoning.encrypted', data: '§' },
    ]),
  },
)
const annotated = fc.constant<Json>({
  role: 'assistant',
  content: '§',
  annotations: [
    { type: 'url_citation', url_citation: { url: 'https://cited.example/§', title: '§', start_index: -777, end_index: -777 } },
  ],
})
const bareReasoning = fc.constantFrom<Json>(
  { role: 'assistant', content: '§', reasoning_content: '§' },
  { role: 'assistant', content: '§', reasoning: '§' },
)

const toolExchange = fc
  .record({
    text: fc.option(content(textPart), { nil: null }),
    calls: fc.array(
      fc.record({
        custom: fc.boolean(),
        input: argumentsJson,
        content: content(textPart),
        signed: fc.boolean(),
        name: fc.option(word, { nil: undefined, freq: 4 }),
      }),
      { minLength: 1, maxLength: 3 },
    ),
  })
  .map(({ text, calls }): Json[] => {
    const idOf = (at: number): string => `call_¤_${at}`
    const toolCalls = calls.map((call, at): Json =>
      call.custom
        ? { id: idOf(at), type: 'custom', custom: { name: 'editor', input: '§' } }
        : {
            id: idOf(at),
            type: 'function',
            function: { name: 'tool_0', arguments: call.input },
            extra_content: call.signed ? { google: { thought_signature: '§' } } : undefined,
          },
    )
    return [
      { role: 'assistant', content: text, tool_calls: toolCalls },
      ...calls.map((call, at) => ({ role: 'tool', tool_call_id: idOf(at), content: call.content, name: call.name })),
    ]
  })

const messages = fc
  .tuple(
    fc.array(systemTurn, { maxLength: 2 }),
    fc.array(
      fc.oneof(
        fc.tuple(userTurn, fc.oneof({ weight: 3, arbitrary: assistantTurn }, annotated)),
        toolExchange,
        fc.tuple(systemTurn),
      ),
      { maxLength: 3 },
    ),
    userTurn,
  )
  .map(([system, turns, last]): Json[] => [...system, ...numbered(turns), last])

/** Reasoning fields other than the one the complete server takes back. */
const messagesWithBareReasoning = fc
  .tuple(messages, bareReasoning)
  .map(([turns, turn]): Json[] => [turns.at(-1)!, turn, ...turns])

const functionTool = shape(
  {
    type: constant('function'),
    function: shape({ name: constant('tool_0') }, { ...novel, description: word, parameters: schema, strict: fc.boolean() }),
  },
  cacheable,
)
const customTool = shape({
  type: constant('custom'),
  custom: shape(
    { name: constant('editor') },
    {
      description: word,
      format: fc.constantFrom<Json>(
        { type: 'text' },
        { type: 'grammar', grammar: { syntax: 'lark', definition: '§' } },
        { type: 'hologram', power: '§' },
      ),
    },
  ),
})
const hostedTool = shape({ type: constant('browser_search'), region: word })
const tools = fc.subarray([functionTool, customTool, hostedTool], { minLength: 1 }).chain((chosen) => fc.tuple(...chosen))
const choice = fc.constantFrom<unknown>(
  'auto',
  'none',
  'required',
  { type: 'function', function: { name: 'tool_0' } },
  { type: 'custom', custom: { name: 'editor' } },
  { type: 'allowed_tools', allowed_tools: { mode: 'auto', tools: [{ type: 'function', function: { name: 'tool_0' } }] } },
  { type: 'allowed_tools', allowed_tools: { mode: 'required', tools: [{ type: 'function', function: { name: 'tool_0' } }] } },
  { type: 'hologram', power: '§' },
)

const options = optional({
  max_completion_tokens: fc.constantFrom(5, 4096, 20_000),
  temperature: fraction,
  top_p: fraction,
  top_k: count,
  seed: count,
  frequency_penalty: fraction,
  presence_penalty: fraction,
  stop: fc.array(word, { minLength: 1, maxLength: 4 }),
  n: fc.constantFrom(1, 2, 3),
  logprobs: fc.boolean(),
  top_logprobs: count,
  logit_bias: fc.constant({ '50256': -777 }),
  reasoning_effort: fc.constantFrom('none', 'minimal', 'low', 'xhigh'),
  response_format: fc.oneof(
    fc.constantFrom<Json>({ type: 'text' }, { type: 'json_object' }, { type: 'hologram', power: '§' }),
    fc.record({
      type: constant('json_schema'),
      json_schema: shape({ name: id('answer_'), schema }, { description: word, strict: fc.boolean() }),
    }),
  ),
  verbosity: fc.constantFrom('low', 'medium', 'high'),
  modalities: fc.constant(['text', 'audio']),
  audio: fc.constant({ voice: '§', format: 'mp3' }),
  prediction: fc.constant({ type: 'content', content: '§' }),
  service_tier: fc.constantFrom('auto', 'default', 'flex', 'on_demand'),
  safety_identifier: word,
  prompt_cache_key: word,
  prompt_cache_retention: fc.constantFrom('in_memory', '24h'),
  metadata: fc.constant({ team: '§' }),
  user: word,
  store: fc.boolean(),
  web_search_options: fc.constant({
    search_context_size: 'high',
    user_location: { type: 'approximate', approximate: { city: '§' } },
  }),
  moderation: fc.constant({ model: '§' }),
  ...novel,
})

/** Valid bodies of `POST /v1/chat/completions`. `bareReasoning` adds a turn whose reasoning stands in a field by itself. */
export const openaiBody = (style: Style = 'plain', withBareReasoning = false): fc.Arbitrary<Json> =>
  fc
    .record({
      messages: withBareReasoning ? fc.oneof(messages, messagesWithBareReasoning) : messages,
      options,
      toolSet: fc.option(
        fc.record({
          tools,
          tool_choice: fc.option(choice, { nil: undefined }),
          parallel_tool_calls: fc.option(fc.boolean(), { nil: undefined }),
        }),
        { nil: undefined },
      ),
    })
    .map(({ messages: turns, options: given, toolSet }) =>
      // A null content is part of the format, so only undefined fields are pruned.
      sown(pruned({ model: 'client-model', messages: turns, ...given, ...toolSet }), style),
    )
