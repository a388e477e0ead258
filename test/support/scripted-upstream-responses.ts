import {
  beginningOf,
  demand,
  demandClosed,
  demandOnly,
  piecesOf,
  REASONING,
  SAID,
  TOKENS,
  type Answer,
  type Dialect,
  type Json,
  type ScriptedCall,
  type SeenPart,
} from './scripted-upstream-script.ts'

const FIELDS = [
  'model',
  'input',
  'instructions',
  'stream',
  'max_output_tokens',
  'temperature',
  'top_p',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'text',
  'reasoning',
  'include',
  'store',
  'metadata',
  'user',
  'truncation',
  'service_tier',
  'prompt_cache_key',
  'safety_identifier',
  'stream_options',
  'client_metadata',
]
const ENCRYPTED = 'gAAAAABscripted_encrypted_reasoning=='

const USAGE = {
  input_tokens: TOKENS.input,
  input_tokens_details: { cached_tokens: TOKENS.cached },
  output_tokens: TOKENS.output,
  output_tokens_details: { reasoning_tokens: TOKENS.reasoning },
  total_tokens: TOKENS.input + TOKENS.output,
}

/** OpenAI's Responses API. */
export const responsesDialect: Dialect = {
  format: 'responses',
  callId: (n) => `call_Scripted${n}`,

  read(body, headers) {
    demand(headers['authorization'] === 'Bearer sk-upstream-responses', 'the key did not arrive')
    demandOnly(body, FIELDS, 'body')
    demand(body.max_output_tokens === undefined || body.max_output_tokens >= 16, 'max_output_tokens: expected a value >= 16')
    const items: Json[] = typeof body.input === 'string' ? [{ role: 'user', content: body.input }] : body.input
    demand(Array.isArray(items) && items.length > 0, 'input must not be empty')
    const parts: SeenPart[] = body.instructions === undefined ? [] : [{ kind: 'system', text: body.instructions }]
    for (const [index, item] of items.entries()) {
      if (item.type === 'item_reference')
        demand(
          body.store !== false,
          `Item with id '${item.id}' not found. Items are not persisted when \`store\` is set to false.`,
        )
      readItem(item.type === 'item_reference' ? storedItem(item.id) : item, items, index, parts)
    }
    const calls = parts.filter((part) => part.kind === 'call').map(({ id }) => id)
    const results = parts.filter((part) => part.kind === 'result').map(({ id }) => id)
    for (const id of calls) demand(results.includes(id), `No tool output found for function call ${id}.`)
    const thinks = body.reasoning?.effort !== undefined && body.reasoning.effort !== 'none'
    if (thinks && body.store === false)
      demand(body.include?.includes('reasoning.encrypted_content'), 'encrypted reasoning was not asked for')
    return {
      stream: body.stream === true,
      parts,
      tools: (body.tools ?? []).map((tool: Json) => {
        if (['web_search', 'namespace', 'custom'].includes(tool.type))
          return { name: tool.name ?? tool.type, parameters: undefined }
        demand(tool.type === 'function' && /^[\w-]{1,128}$/.test(tool.name), 'tools: function and name')
        // The service's own default is strict.
        if (tool.strict !== false) demandClosed(tool.parameters)
        return { name: tool.name, parameters: tool.parameters }
      }),
      schema: readSchema(body.text?.format),
      thinks,
    }
  },

  whole: (answer, model, body) => ({
    ...shellOf(model, body),
    status: answer.finish === undefined ? 'completed' : 'incomplete',
    incomplete_details: answer.finish === undefined ? null : { reason: 'max_output_tokens' },
    output: itemsOf(answer),
    usage: USAGE,
  }),

  frames(answer, model, body) {
    let sequence = 0
    const frame = (payload: Json): string =>
      `event: ${payload.type}\ndata: ${JSON.stringify({ ...payload, sequence_number: sequence++ })}\n\n`
    const payloads: Json[] = [
      { type: 'response.created', response: shellOf(model, body) },
      { type: 'response.in_progress', response: shellOf(model, body) },
    ]
    const items = itemsOf(answer)
    const calls = items.filter((item) => item.type === 'function_call')
    for (const [index, item] of items.entries()) {
      if (item.type === 'reasoning') payloads.push(...reasoningPayloads(item, index))
      if (item.type === 'message') payloads.push(...messagePayloads(item, index, answer))
    }
    payloads.push(...callPayloads(calls, items.length - calls.length))
    payloads.push({
      type: answer.finish === undefined ? 'response.completed' : 'response.incomplete',
      response: responsesDialect.whole(answer, model, body),
    })
    return payloads.map(frame)
  },

  error: ({ message, type, param, code }) => ({ error: { message, type, param, code } }),
  errorFrame: () =>
    `event: response.failed\ndata: ${JSON.stringify({
      type: 'response.failed',
      sequence_number: 99,
      response: { ...shellOf('break', {}), status: 'failed', error: { code: 'server_error', message: 'The model broke down.' } },
    })}\n\n`,
}

/** The items that this upstream is asked for by id, as if it had kept them. */
function storedItem(id: string): Json {
  const item = [...itemsOf({ reasoning: true }), ...itemsOf({ text: SAID })].find((known) => known.id === id)
  demand(item, `Item with id '${id}' not found.`)
  return item
}

function readItem(item: Json, items: Json[], index: number, parts: SeenPart[]): void {
  const where = `input[${index}]`
  switch (item.type ?? 'message') {
    case 'message':
      readMessage(item, where, parts)
      return
    case 'reasoning':
      demandOnly(item, ['type', 'id', 'summary', 'encrypted_content', 'content', 'status'], where)
      demand(item.encrypted_content === ENCRYPTED, `${where}: The encrypted content could not be verified`)
      demand(
        item.id.startsWith('rs_') && item.summary.map((part: Json) => part.text).join() === REASONING,
        `${where}: the reasoning came back changed`,
      )
      demand(
        ['reasoning', 'function_call', 'message'].includes(items[index + 1]?.type ?? 'message'),
        `${where}: reasoning without its required following item`,
      )
      parts.push({ kind: 'reasoning' })
      return
    case 'function_call':
      demandOnly(item, ['type', 'id', 'call_id', 'name', 'arguments', 'status'], where)
      demand(item.id === undefined || item.id.startsWith('fc_'), `${where}.id: Expected an ID that begins with 'fc'`)
      demand(typeof item.arguments === 'string' && item.call_id.length <= 64, `${where}: call_id and arguments`)
      parts.push({ kind: 'call', id: item.call_id, name: item.name, arguments: JSON.parse(item.arguments) })
      return
    default: {
      demand(item.type === 'function_call_output', `${where}: unexpected ${item.type}`)
      demandOnly(item, ['type', 'id', 'call_id', 'output', 'status'], where)
      const made = parts.some((part) => part.kind === 'call' && part.id === item.call_id)
      demand(made, `No tool call found for function call output with call_id ${item.call_id}.`)
      const text = typeof item.output === 'string' ? item.output : item.output.map((part: Json) => part.text).join('')
      parts.push({ kind: 'result', id: item.call_id, text })
    }
  }
}

function readMessage({ role, content, id }: Json, where: string, parts: SeenPart[]): void {
  demand(['user', 'assistant', 'system', 'developer'].includes(role), `${where}.role: ${role}`)
  demand(id === undefined || id.startsWith('msg_'), `${where}.id: Expected an ID that begins with 'msg'`)
  const said = role === 'assistant' ? 'output_text' : 'input_text'
  const list: Json[] = typeof content === 'string' ? [{ type: said, text: content }] : content
  demand(list.length > 0, `${where}.content must not be empty`)
  for (const part of list) {
    if (part.type === 'input_image') {
      demand(role === 'user', `${where}: images are the user's`)
      const [, mediaType, encoded] = /^data:([^;]+);base64,(.+)$/.exec(part.image_url) ?? []
      parts.push(
        mediaType !== undefined && encoded !== undefined
          ? { kind: 'image', mediaType, data: encoded }
          : { kind: 'image', url: part.image_url },
      )
      continue
    }
    demand(
      part.type === said && typeof part.text === 'string',
      `${where}: Invalid value: '${part.type}'. Supported values are: '${said}'`,
    )
    if (role === 'system' || role === 'developer') parts.push({ kind: 'system', text: part.text })
    else parts.push({ kind: 'text', role, text: part.text })
  }
}

function readSchema(format: Json): Json {
  if (format === undefined || format.type === 'text') return undefined
  demand(format.type === 'json_schema' && /^[\w-]{1,64}$/.test(format.name), 'text.format needs type json_schema and a name')
  if (format.strict !== false) demandClosed(format.schema)
  return format.schema
}

/** What every answer repeats of its request. */
const shellOf = (model: string, { instructions = null, tools = [], store = true }: Json): Json => ({
  id: 'resp_scripted',
  object: 'response',
  created_at: 1_763_800_000,
  status: 'in_progress',
  background: false,
  error: null,
  incomplete_details: null,
  instructions,
  max_output_tokens: null,
  metadata: {},
  model,
  output: [],
  parallel_tool_calls: true,
  previous_response_id: null,
  reasoning: { effort: null, summary: null },
  store,
  temperature: 1,
  text: { format: { type: 'text' } },
  tool_choice: 'auto',
  tools,
  top_p: 1,
  truncation: 'disabled',
  usage: null,
  user: null,
})

function itemsOf({ reasoning, text, calls = [], finish }: Answer): Json[] {
  const status = finish === undefined ? 'completed' : 'incomplete'
  return [
    ...(reasoning === true
      ? [
          {
            id: 'rs_scripted',
            type: 'reasoning',
            summary: [{ type: 'summary_text', text: REASONING }],
            encrypted_content: ENCRYPTED,
          },
        ]
      : []),
    ...(text === undefined
      ? []
      : [
          {
            id: 'msg_scripted',
            type: 'message',
            status,
            role: 'assistant',
            content: [{ type: 'output_text', text, annotations: [], logprobs: [] }],
          },
        ]),
    ...calls.map((call) => callItem(call)),
  ]
}

const callItem = ({ id, name, arguments: input }: ScriptedCall): Json => ({
  id: `fc_${id.slice(5)}`,
  type: 'function_call',
  status: 'completed',
  call_id: id,
  name,
  arguments: JSON.stringify(input),
})

function reasoningPayloads(item: Json, index: number): Json[] {
  const place = { item_id: item.id, output_index: index, summary_index: 0 }
  const [part] = item.summary
  return [
    { type: 'response.output_item.added', output_index: index, item: { ...item, summary: [], encrypted_content: '' } },
    { type: 'response.reasoning_summary_part.added', ...place, part: { ...part, text: '' } },
    ...piecesOf(part.text).map((delta) => ({ type: 'response.reasoning_summary_text.delta', ...place, delta })),
    { type: 'response.reasoning_summary_text.done', ...place, text: part.text },
    { type: 'response.reasoning_summary_part.done', ...place, part },
    { type: 'response.output_item.done', output_index: index, item },
  ]
}

function messagePayloads(item: Json, index: number, answer: Answer): Json[] {
  const place = { item_id: item.id, output_index: index, content_index: 0 }
  const [part] = item.content
  return [
    { type: 'response.output_item.added', output_index: index, item: { ...item, status: 'in_progress', content: [] } },
    { type: 'response.content_part.added', ...place, part: { ...part, text: '' } },
    ...beginningOf(answer).map((delta) => ({ type: 'response.output_text.delta', ...place, delta, logprobs: [] })),
    { type: 'response.output_text.done', ...place, text: part.text, logprobs: [] },
    { type: 'response.content_part.done', ...place, part },
    { type: 'response.output_item.done', output_index: index, item },
  ]
}

/** Parallel calls as items that are open side by side. */
function callPayloads(calls: Json[], first: number): Json[] {
  const indexed = calls.map((item, n) => ({ item, place: { output_index: first + n }, pieces: piecesOf(item.arguments) }))
  const longest = Math.max(0, ...indexed.map(({ pieces }) => pieces.length))
  const rounds = Array.from({ length: longest }, (_, round) =>
    indexed.flatMap(({ item, place, pieces }) =>
      pieces[round] === undefined
        ? []
        : [{ type: 'response.function_call_arguments.delta', item_id: item.id, ...place, delta: pieces[round] }],
    ),
  )
  return [
    ...indexed.map(({ item, place }) => ({
      type: 'response.output_item.added',
      ...place,
      item: { ...item, status: 'in_progress', arguments: '' },
    })),
    ...rounds.flat(),
    ...indexed.flatMap(({ item, place }) => [
      { type: 'response.function_call_arguments.done', item_id: item.id, ...place, arguments: item.arguments, name: item.name },
      { type: 'response.output_item.done', ...place, item },
    ]),
  ]
}
