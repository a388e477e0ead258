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
const breakpoint = fc.constantFrom<Json>({ mode: 'explicit' }, { mode: 'hologram', power: '§' })
const cacheable = { ...novel, prompt_cache_breakpoint: fc.option(breakpoint, { nil: undefined, freq: 10 }) }

const textPart = shape({ type: constant('input_text'), text: word }, cacheable)
const imagePart = fc.oneof(
  shape(
    {
      type: constant('input_image'),
      image_url: fc.oneof(id('https://img.example/'), id('data:image/png;base64,iVBORw0KGgo')),
      detail: fc.constantFrom('low', 'high', 'auto', 'original'),
    },
    cacheable,
  ),
  shape({ type: constant('input_image'), file_id: id('file-'), detail: constant('auto') }),
)
const filePart = fc.oneof(
  shape({ type: constant('input_file'), file_id: id('file-') }),
  shape({ type: constant('input_file'), file_url: id('https://doc.example/') }),
  shape(
    { type: constant('input_file'), filename: id('name-'), file_data: id('data:application/pdf;base64,JVBERi0x') },
    cacheable,
  ),
)
const unknownPart = shape({ type: constant('input_hologram'), payload: word })
const parts = fc.array(fc.oneof({ weight: 4, arbitrary: textPart }, imagePart, filePart, unknownPart), {
  minLength: 1,
  maxLength: 3,
})
const content = fc.oneof(word, parts)

const inputMessage = shape(
  { type: constant('message'), role: fc.constantFrom('user', 'system', 'developer'), content },
  { ...novel, status: constant('completed'), id: id('msg_') },
)
const userMessage = shape({ type: constant('message'), role: constant('user'), content })
const annotation = fc.record({
  type: constant('url_citation'),
  url: id('https://cited.example/'),
  title: word,
  start_index: count,
  end_index: count,
})
const logprob = fc.record({ token: word, logprob: fraction, bytes: fc.constant([104]), top_logprobs: fc.constant([]) })
const outputText = shape({
  type: constant('output_text'),
  text: word,
  annotations: fc.array(annotation, { maxLength: 1 }),
  logprobs: fc.array(logprob, { maxLength: 1 }),
})
const refusal = shape({ type: constant('refusal'), refusal: word })
const answerMessage = fc.oneof(
  shape(
    {
      type: constant('message'),
      id: id('msg_'),
      role: constant('assistant'),
      status: constant('completed'),
      content: fc.array(fc.oneof({ weight: 3, arbitrary: outputText }, refusal), { minLength: 1, maxLength: 2 }),
    },
    { ...novel, phase: fc.constantFrom('commentary', 'final_answer') },
  ),
  shape({ type: constant('message'), role: constant('assistant'), content: word }),
)
const summaries = fc.array(fc.record({ type: constant('summary_text'), text: word }), { maxLength: 2 })
const reasoning = fc.oneof(
  shape({ type: constant('reasoning'), id: id('rs_'), summary: summaries, encrypted_content: word }, novel),
  shape({
    type: constant('reasoning'),
    id: id('rs_'),
    summary: summaries,
    content: fc.tuple(fc.record({ type: constant('reasoning_text'), text: word })),
    encrypted_content: word,
  }),
)

const toolExchange = fc
  .record({
    before: fc.array(reasoning, { maxLength: 1 }),
    calls: fc.array(
      fc.record({
        custom: fc.boolean(),
        input: argumentsJson,
        output: content,
        namespaced: fc.boolean(),
        withItem: fc.boolean(),
        withCaller: fc.boolean(),
      }),
      { minLength: 1, maxLength: 3 },
    ),
  })
  .map(({ before, calls }): Json[] => {
    const uses = calls.map((call, at): Json => ({
      type: call.custom ? 'custom_tool_call' : 'function_call',
      ...(call.withItem ? { id: `fc_¤${at}§`, status: 'completed' } : {}),
      call_id: `call_¤_${at}`,
      name: call.custom ? 'editor' : call.namespaced ? 'find' : 'tool_0',
      namespace: call.namespaced && !call.custom ? 'docs' : undefined,
      ...(call.custom ? { input: '§' } : { arguments: call.input }),
      caller: call.withCaller ? { type: 'program', caller_id: '§' } : undefined,
    }))
    const results = calls.map((call, at): Json => ({
      type: call.custom ? 'custom_tool_call_output' : 'function_call_output',
      ...(call.withItem ? { id: `fco_¤${at}§`, status: 'completed' } : {}),
      call_id: `call_¤_${at}`,
      output: call.output,
    }))
    return [...before, ...uses, ...results]
  })

const hosted = fc.constantFrom<Json[]>(
  [{ type: 'web_search_call', id: 'ws_§', status: 'completed', action: { type: 'search', query: '§' } }],
  [
    {
      type: 'computer_call',
      id: 'cu_§',
      call_id: 'call_cu',
      status: 'completed',
      pending_safety_checks: [],
      action: { type: 'wait' },
    },
    {
      type: 'computer_call_output',
      call_id: 'call_cu',
      output: { type: 'computer_screenshot', image_url: 'data:image/png;base64,§' },
    },
  ],
  [{ type: 'compaction', id: 'cmp_§', encrypted_content: '§' }],
  [{ type: 'item_reference', id: 'msg_§' }],
  [{ type: 'hologram_item', payload: '§' }],
  [{ type: 'mcp_list_tools', id: 'mcpl_§', server_label: '§', tools: [] }],
)

const input = fc.oneof(
  word,
  fc
    .tuple(
      fc.array(
        fc.oneof(
          { weight: 3, arbitrary: fc.tuple(inputMessage) },
          fc.tuple(inputMessage, answerMessage),
          fc.tuple(userMessage, reasoning, answerMessage),
          toolExchange,
          hosted,
        ),
        { maxLength: 4 },
      ),
      userMessage,
    )
    .map(([turns, last]) => [...numbered(turns), last]),
)

const shared = { ...novel, defer_loading: fc.boolean(), allowed_callers: fc.constant(['direct', 'programmatic']) }
const functionTool = shape(
  { type: constant('function'), name: constant('tool_0'), parameters: schema, strict: fc.boolean() },
  { ...shared, description: word },
)
const customTool = shape(
  { type: constant('custom'), name: constant('editor') },
  {
    ...shared,
    description: word,
    format: fc.constantFrom<Json>({ type: 'text' }, { type: 'grammar', syntax: 'lark', definition: '§' }),
  },
)
const namespaceTool = shape({
  type: constant('namespace'),
  name: constant('docs'),
  description: word,
  tools: fc.tuple(
    shape(
      { type: constant('function'), name: constant('find'), parameters: schema, strict: fc.boolean() },
      { description: word },
    ),
  ),
})
const hostedTool = shape({
  type: constant('web_search'),
  search_context_size: fc.constantFrom('low', 'high'),
  filters: fc.constant({ allowed_domains: ['§.example'] }),
})
const tools = fc
  .subarray([functionTool, customTool, namespaceTool, hostedTool], { minLength: 1 })
  .chain((chosen) => fc.tuple(...chosen))
const choice = fc.constantFrom<unknown>(
  'auto',
  'none',
  'required',
  { type: 'function', name: 'tool_0' },
  { type: 'custom', name: 'editor' },
  { type: 'allowed_tools', mode: 'auto', tools: [{ type: 'function', name: 'tool_0' }] },
  { type: 'allowed_tools', mode: 'required', tools: [{ type: 'function', name: 'tool_0' }] },
  { type: 'web_search' },
)

const options = optional({
  instructions: word,
  max_output_tokens: fc.constantFrom(5, 4096, 20_000),
  max_tool_calls: count,
  temperature: fraction,
  top_p: fraction,
  top_logprobs: count,
  include: fc.subarray(['reasoning.encrypted_content', 'message.output_text.logprobs', 'file_search_call.results'], {
    minLength: 1,
  }),
  truncation: fc.constantFrom('auto', 'disabled'),
  store: fc.boolean(),
  background: fc.boolean(),
  conversation: id('conv_'),
  previous_response_id: id('resp_'),
  prompt: fc.constant({ id: 'pmpt_§', variables: { city: '§' } }),
  service_tier: fc.constantFrom('auto', 'default', 'flex', 'priority'),
  safety_identifier: word,
  prompt_cache_key: word,
  prompt_cache_retention: fc.constantFrom('in_memory', '24h'),
  metadata: fc.constant({ team: '§' }),
  user: word,
  text: fc.oneof(
    fc.record({ verbosity: fc.constantFrom('low', 'high') }),
    fc.record({ format: fc.constantFrom<Json>({ type: 'text' }, { type: 'json_object' }, { type: 'hologram', power: '§' }) }),
    fc.record({
      format: shape({ type: constant('json_schema'), name: id('answer_'), schema }, { description: word, strict: fc.boolean() }),
    }),
    fc.record({ x_novel: word }),
  ),
  reasoning: fc.oneof(
    fc.record({ effort: fc.constantFrom('none', 'minimal', 'low', 'high', 'xhigh') }),
    fc.record({ effort: constant('low'), summary: fc.constantFrom('auto', 'concise', 'detailed') }),
    fc.record({ effort: constant('low'), x_novel: word }),
  ),
  context_management: fc.constant([{ type: 'compaction', compact_threshold: -777 }]),
  client_metadata: fc.constant({ origin: '§' }),
  moderation: fc.constant({ model: '§' }),
  ...novel,
})

/** Valid bodies of `POST /v1/responses`. */
export const responsesBody = (style: Style = 'plain'): fc.Arbitrary<Json> =>
  fc
    .record({
      input,
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
    .map(({ input: items, options: given, toolSet }) =>
      sown(pruned({ model: 'client-model', input: items, ...given, ...toolSet }), style),
    )
