import {
  beginningOf,
  demand,
  demandClosed,
  demandOnly,
  piecesOf,
  REASONING,
  TOKENS,
  type Answer,
  type Dialect,
  type Json,
  type SeenPart,
} from './scripted-upstream-script.ts'

const FIELDS = [
  'model',
  'messages',
  'max_tokens',
  'system',
  'stream',
  'temperature',
  'top_p',
  'top_k',
  'stop_sequences',
  'tools',
  'tool_choice',
  'thinking',
  'metadata',
  'output_config',
  'cache_control',
  'service_tier',
  'context_management',
]
/** Allows system turns among the others. */
const SYSTEM_TURNS_BETA = 'mid-conversation-system-2026-04-07'
const TOOL_ID = /^[a-zA-Z0-9_-]+$/
const SIGNATURE = 'EpUBCkYICBgCKkDscripted+signature/of=the=vendor'
const REDACTED = 'EmwKAhgBEgy3va3scripted+redacted/block'
const MEDIA_TYPES = ['image/jpeg', 'image/png', 'image/gif', 'image/webp']

const USAGE = {
  input_tokens: TOKENS.input - TOKENS.cached - TOKENS.cacheWrite,
  cache_creation_input_tokens: TOKENS.cacheWrite,
  cache_read_input_tokens: TOKENS.cached,
  cache_creation: { ephemeral_5m_input_tokens: TOKENS.cacheWrite, ephemeral_1h_input_tokens: 0 },
  output_tokens: TOKENS.output,
  service_tier: 'standard',
}

/** Anthropic's Messages API. */
export const messagesDialect: Dialect = {
  format: 'anthropic',
  callId: (n) => `toolu_01Scripted${n}`,

  read(body, headers) {
    demand(headers['x-api-key'] === 'sk-upstream-messages', 'the key did not arrive')
    demand(/^\d{4}-\d\d-\d\d$/.test(headers['anthropic-version'] ?? ''), 'anthropic-version: header is required')
    demandOnly(body, FIELDS, 'body')
    demand(Number.isInteger(body.max_tokens) && body.max_tokens > 0, 'max_tokens: Field required')
    demand(Array.isArray(body.messages) && body.messages.length > 0, 'messages: at least one message is required')
    const parts: SeenPart[] = readSystem(body.system)
    let open: string[] = []
    let role = 'assistant'
    for (const [index, message] of body.messages.entries()) {
      const where = `messages.${index}`
      if (message.role === 'system') {
        demand(headers['anthropic-beta']?.includes(SYSTEM_TURNS_BETA), `${where}.role: unexpected system`)
        parts.push(...readSystem(message.content))
        continue
      }
      demand(['user', 'assistant'].includes(message.role), `${where}.role: unexpected ${message.role}`)
      demand(message.role !== role, `${where}: roles must alternate between "user" and "assistant"`)
      role = message.role
      const content: Json[] = typeof message.content === 'string' ? [{ type: 'text', text: message.content }] : message.content
      demand(Array.isArray(content) && content.length > 0, `${where}: all messages must have non-empty content`)
      open = role === 'user' ? readUser(content, open, where, parts) : readAssistant(content, where, parts)
    }
    demand(role === 'user', 'this model does not support assistant message prefill')
    if (body.thinking?.type === 'enabled') demandThinkingFirst(body.messages)
    return {
      stream: body.stream === true,
      parts,
      tools: readTools(body),
      schema: readSchema(body.output_config),
      thinks: readThinking(body),
    }
  },

  whole: (answer, model) => ({ ...shellOf(model), content: blocksOf(answer), stop_reason: stopOf(answer), usage: USAGE }),

  frames(answer, model) {
    const frames = [
      frame({ type: 'message_start', message: { ...shellOf(model), usage: { ...USAGE, output_tokens: 1 } } }),
      frame({ type: 'ping' }),
    ]
    for (const [index, block] of blocksOf(answer).entries()) frames.push(...blockFrames(block, index, answer))
    return [
      ...frames,
      frame({
        type: 'message_delta',
        delta: { stop_reason: stopOf(answer), stop_sequence: null },
        usage: { output_tokens: TOKENS.output },
      }),
      frame({ type: 'message_stop' }),
    ]
  },

  error: ({ message, type }) => ({ type: 'error', error: { type, message }, request_id: 'req_upstream_scripted' }),
  errorFrame: () => frame({ type: 'error', error: { type: 'overloaded_error', message: 'The model broke down.' } }),
}

function readSystem(system: Json): SeenPart[] {
  if (system === undefined) return []
  const blocks: Json[] = typeof system === 'string' ? [{ type: 'text', text: system }] : system
  return blocks.map(({ type, text }) => {
    demand(type === 'text' && text !== '', 'system: text content blocks must be non-empty')
    return { kind: 'system', text }
  })
}

function readUser(content: Json[], open: string[], where: string, parts: SeenPart[]): string[] {
  const results = content.filter((block) => block.type === 'tool_result').map((block) => block.tool_use_id)
  for (const id of open)
    demand(results.includes(id), `${where}: tool_use ids were found without tool_result blocks immediately after: ${id}`)
  for (const id of results) demand(open.includes(id), `${where}: unexpected tool_use_id found in tool_result blocks: ${id}`)
  demand(new Set(results).size === results.length, `${where}: each tool_use must have a single result`)
  demand(
    content.slice(0, results.length).every((block) => block.type === 'tool_result'),
    `${where}: tool_result blocks must come first`,
  )
  for (const block of content) {
    if (block.type === 'text') parts.push({ kind: 'text', role: 'user', text: textOf(block, where) })
    else if (block.type === 'image') parts.push(readImage(block.source, where))
    else {
      demand(block.type === 'tool_result', `${where}: unexpected ${block.type}`)
      demandOnly(block, ['type', 'tool_use_id', 'content', 'is_error', 'cache_control'], where)
      const inner: Json[] = typeof block.content === 'string' ? [{ type: 'text', text: block.content }] : (block.content ?? [])
      parts.push({ kind: 'result', id: block.tool_use_id, text: inner.map((piece) => textOf(piece, where)).join('') })
    }
  }
  return []
}

function readImage(source: Json, where: string): SeenPart {
  if (source.type === 'url') return { kind: 'image', url: source.url }
  demand(source.type === 'base64' && MEDIA_TYPES.includes(source.media_type), `${where}: image source`)
  return { kind: 'image', mediaType: source.media_type, data: source.data }
}

function readAssistant(content: Json[], where: string, parts: SeenPart[]): string[] {
  const ids: string[] = []
  for (const [index, block] of content.entries()) {
    const at = `${where}.content.${index}`
    if (block.type === 'text') parts.push({ kind: 'text', role: 'assistant', text: textOf(block, at) })
    else if (block.type === 'thinking') {
      demand(block.signature === SIGNATURE && block.thinking === REASONING, `${at}: Invalid \`signature\` in \`thinking\` block`)
      parts.push({ kind: 'reasoning' })
    } else if (block.type === 'redacted_thinking') {
      demand(block.data === REDACTED, `${at}: Invalid \`data\` in \`redacted_thinking\` block`)
      demand(content[index - 1]?.type === 'thinking', `${at}: thinking blocks cannot be rearranged`)
    } else {
      demand(block.type === 'tool_use', `${at}: unexpected ${block.type}`)
      demandOnly(block, ['type', 'id', 'name', 'input', 'cache_control', 'caller'], at)
      demand(TOOL_ID.test(block.id), `${at}.id: String should match pattern '${TOOL_ID.source}'`)
      demand(!ids.includes(block.id), `${at}: \`tool_use\` ids must be unique`)
      demand(typeof block.input === 'object' && !Array.isArray(block.input), `${at}.input: Input should be a valid dictionary`)
      ids.push(block.id)
      parts.push({ kind: 'call', id: block.id, name: block.name, arguments: block.input })
    }
  }
  const kinds = content.map((block) => block.type)
  demand(
    !kinds.includes('redacted_thinking') === !kinds.includes('thinking'),
    `${where}: thinking blocks cannot be left out one by one`,
  )
  return ids
}

function textOf(block: Json, where: string): string {
  demand(block.type === 'text', `${where}: unexpected ${block.type}`)
  demandOnly(block, ['type', 'text', 'cache_control', 'citations'], where)
  demand(
    typeof block.text === 'string' && /\S/.test(block.text),
    `${where}: text content blocks must contain non-whitespace text`,
  )
  return block.text
}

function readTools({ tools = [], tool_choice: choice, thinking }: Json): { name: string; parameters: Json }[] {
  if (choice !== undefined) {
    demand(['auto', 'any', 'tool', 'none'].includes(choice.type), `tool_choice.type: ${choice.type}`)
    demand(tools.length > 0, 'tool_choice may only be specified while providing tools')
    const forces = choice.type === 'any' || choice.type === 'tool'
    demand(
      !(forces && thinking !== undefined && thinking.type !== 'disabled'),
      'Thinking may not be enabled when tool_choice forces tool use',
    )
  }
  return tools.map((tool: Json) => {
    demandOnly(tool, ['type', 'name', 'description', 'input_schema', 'cache_control', 'strict', 'eager_input_streaming'], 'tools')
    demand(/^[\w-]{1,128}$/.test(tool.name) && tool.input_schema?.type === 'object', 'tools: name and input_schema')
    return { name: tool.name, parameters: tool.input_schema }
  })
}

/** A turn of tool calls that is being continued with thinking on must have begun with thinking. */
function demandThinkingFirst(messages: Json[]): void {
  const [called, answered] = messages.filter((message) => message.role !== 'system').slice(-2)
  if (called?.role !== 'assistant' || answered.content[0]?.type !== 'tool_result') return
  demand(
    called.content[0].type.endsWith('thinking'),
    'Expected `thinking` or `redacted_thinking`, but found `tool_use`. When `thinking` is enabled, a final `assistant` message must start with a thinking block',
  )
}

function readSchema(config: Json): Json {
  if (config?.format === undefined) return undefined
  demandOnly(config.format, ['type', 'schema'], 'output_config.format')
  demand(config.format.type === 'json_schema', 'output_config.format.type')
  demandClosed(config.format.schema)
  return config.format.schema
}

function readThinking({ thinking, max_tokens: limit, temperature }: Json): boolean {
  if (thinking === undefined || thinking.type === 'disabled') return false
  demand(temperature === undefined || temperature === 1, '`temperature` may only be set to 1 when thinking is enabled')
  if (thinking.type === 'adaptive') return true
  demand(thinking.budget_tokens >= 1024, 'thinking.enabled.budget_tokens: Input should be greater than or equal to 1024')
  demand(thinking.budget_tokens < limit, '`max_tokens` must be greater than `thinking.budget_tokens`')
  return true
}

const shellOf = (model: string): Json => ({
  id: 'msg_01Scripted',
  type: 'message',
  role: 'assistant',
  model,
  content: [],
  stop_reason: null,
  stop_sequence: null,
  usage: USAGE,
})

function blocksOf({ reasoning, text, calls = [] }: Answer): Json[] {
  return [
    ...(reasoning === true
      ? [
          { type: 'thinking', thinking: REASONING, signature: SIGNATURE },
          { type: 'redacted_thinking', data: REDACTED },
        ]
      : []),
    ...(text === undefined ? [] : [{ type: 'text', text }]),
    ...calls.map((call) => ({ type: 'tool_use', id: call.id, name: call.name, input: call.arguments })),
  ]
}

function blockFrames(block: Json, index: number, answer: Answer): string[] {
  const delta = (value: Json): string => frame({ type: 'content_block_delta', index, delta: value })
  const around = (empty: Json, deltas: string[]): string[] => [
    frame({ type: 'content_block_start', index, content_block: { ...block, ...empty } }),
    ...deltas,
    frame({ type: 'content_block_stop', index }),
  ]
  switch (block.type) {
    case 'thinking': {
      const pieces = piecesOf(block.thinking).map((thinking) => delta({ type: 'thinking_delta', thinking }))
      return around({ thinking: '', signature: '' }, [...pieces, delta({ type: 'signature_delta', signature: block.signature })])
    }
    case 'text':
      return around(
        { text: '' },
        beginningOf(answer).map((text) => delta({ type: 'text_delta', text })),
      )
    case 'tool_use':
      // The first piece is empty, as the vendor's is.
      return around(
        { input: {} },
        ['', ...piecesOf(JSON.stringify(block.input))].map((piece) => delta({ type: 'input_json_delta', partial_json: piece })),
      )
    default:
      return around({}, [])
  }
}

const stopOf = ({ calls, finish }: Answer): string =>
  finish === 'length' ? 'max_tokens' : calls === undefined ? 'end_turn' : 'tool_use'

const frame = (payload: Json): string => `event: ${payload.type}\ndata: ${JSON.stringify(payload)}\n\n`
