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
  'stream',
  'stream_options',
  'max_tokens',
  'temperature',
  'top_p',
  'stop',
  'n',
  'seed',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'response_format',
  'reasoning_effort',
  'user',
  'frequency_penalty',
  'presence_penalty',
  'logprobs',
  'metadata',
]

const ENVELOPE = { id: 'chatcmpl-scripted', created: 1_763_800_000, system_fingerprint: 'fp_scripted' }
const USAGE = {
  prompt_tokens: TOKENS.input,
  completion_tokens: TOKENS.output,
  total_tokens: TOKENS.input + TOKENS.output,
  prompt_tokens_details: { cached_tokens: TOKENS.cached },
  completion_tokens_details: { reasoning_tokens: TOKENS.reasoning },
}

/** A compatible server of the Chat format that gives its reasoning as `reasoning_content` and wants it back. */
export const chatDialect: Dialect = {
  format: 'openai',
  // As Kimi's server makes them; other vendors refuse the alphabet.
  callId: (n) => `functions.get_weather:${n}`,

  read(body, headers) {
    demand(headers['authorization'] === 'Bearer sk-upstream-chat', 'the key did not arrive')
    demandOnly(body, FIELDS, 'body')
    demand(Array.isArray(body.messages) && body.messages.length > 0, 'messages must not be empty')
    demand(body.stream_options === undefined || body.stream === true, 'stream_options is only allowed when stream is true')
    demand(body.max_tokens === undefined || body.max_tokens > 0, 'max_tokens must be positive')
    const parts: SeenPart[] = []
    let open: string[] = []
    for (const [index, message] of body.messages.entries()) {
      const where = `messages[${index}]`
      if (message.role === 'tool') {
        demand(open.includes(message.tool_call_id), `${where}: a tool message must follow the call it answers`)
        open = open.filter((id) => id !== message.tool_call_id)
        parts.push({ kind: 'result', id: message.tool_call_id, text: resultText(message.content, where) })
        continue
      }
      demand(open.length === 0, `${where}: tool_call_ids without a response: ${open.join()}`)
      if (message.role === 'assistant') open = readAssistant(message, where, parts)
      else readInput(message, where, parts)
    }
    demand(open.length === 0, `tool_call_ids without a response: ${open.join()}`)
    return {
      stream: body.stream === true,
      parts,
      tools: (body.tools ?? []).map((tool: Json) => {
        demand(tool.type === 'function' && /^[\w-]{1,64}$/.test(tool.function.name), 'a tool is a function with a name')
        if (tool.function.strict === true) demandClosed(tool.function.parameters)
        return { name: tool.function.name, parameters: tool.function.parameters }
      }),
      schema: readSchema(body.response_format),
      thinks: body.reasoning_effort !== undefined && body.reasoning_effort !== 'none',
    }
  },

  whole: (answer, model) => ({
    ...ENVELOPE,
    object: 'chat.completion',
    model,
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: answer.text ?? null,
          refusal: null,
          ...(answer.reasoning === true ? { reasoning_content: REASONING } : {}),
          ...(answer.calls === undefined
            ? {}
            : {
                tool_calls: answer.calls.map(({ id, name, arguments: input }) => ({
                  id,
                  type: 'function',
                  function: { name, arguments: JSON.stringify(input) },
                })),
              }),
        },
        logprobs: null,
        finish_reason: finishOf(answer),
      },
    ],
    usage: USAGE,
  }),

  frames(answer, model, body) {
    const chunk = (delta: Json, finish: string | null = null): string =>
      data({
        ...ENVELOPE,
        object: 'chat.completion.chunk',
        model,
        choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
      })
    const frames = [chunk({ role: 'assistant', content: '' })]
    if (answer.reasoning === true) for (const piece of piecesOf(REASONING)) frames.push(chunk({ reasoning_content: piece }))
    for (const piece of beginningOf(answer)) frames.push(chunk({ content: piece }))
    frames.push(...callChunks(answer).map((delta) => chunk(delta)), chunk({}, finishOf(answer)))
    if (body.stream_options?.include_usage === true) {
      frames.push(data({ ...ENVELOPE, object: 'chat.completion.chunk', model, choices: [], usage: USAGE }))
    }
    return [...frames, 'data: [DONE]\n\n']
  },

  error: ({ message, type, param, code }) => ({ error: { message, type, param, code } }),
  errorFrame: () => data({ error: { message: 'The model broke down.', type: 'server_error', param: null, code: null } }),
}

function readInput(message: Json, where: string, parts: SeenPart[]): void {
  demand(['system', 'user'].includes(message.role), `${where}: this server knows no role ${message.role}`)
  const content = typeof message.content === 'string' ? [{ type: 'text', text: message.content }] : message.content
  demand(Array.isArray(content) && content.length > 0, `${where}: content must not be empty`)
  for (const part of content) {
    if (part.type === 'text') {
      demand(typeof part.text === 'string', `${where}: text must be a string`)
      parts.push(
        message.role === 'system' ? { kind: 'system', text: part.text } : { kind: 'text', role: 'user', text: part.text },
      )
      continue
    }
    demand(part.type === 'image_url' && message.role === 'user', `${where}: unknown part ${part.type}`)
    const [, mediaType, encoded] = /^data:([^;]+);base64,(.+)$/.exec(part.image_url.url) ?? []
    parts.push(
      mediaType !== undefined && encoded !== undefined
        ? { kind: 'image', mediaType, data: encoded }
        : { kind: 'image', url: part.image_url.url },
    )
  }
}

function resultText(content: Json, where: string): string {
  if (typeof content === 'string') return content
  demand(Array.isArray(content) && content.every((part) => part.type === 'text'), `${where}: a tool message holds texts only`)
  return content.map((part) => part.text).join('')
}

/** Ids of the calls that the message makes. */
function readAssistant(message: Json, where: string, parts: SeenPart[]): string[] {
  demandOnly(message, ['role', 'content', 'tool_calls', 'reasoning_content', 'refusal', 'name'], where)
  const calls: Json[] = message.tool_calls ?? []
  demand(
    (typeof message.content === 'string' && message.content !== '') || calls.length > 0,
    `${where}: neither content nor tool_calls`,
  )
  if (message.reasoning_content !== undefined) {
    demand(message.reasoning_content === REASONING, `${where}: the reasoning came back changed: ${message.reasoning_content}`)
    parts.push({ kind: 'reasoning' })
  }
  if (typeof message.content === 'string' && message.content !== '')
    parts.push({ kind: 'text', role: 'assistant', text: message.content })
  for (const { id, type, function: made } of calls) {
    demand(
      type === 'function' && typeof made.arguments === 'string',
      `${where}: a tool call is a function with arguments as text`,
    )
    parts.push({ kind: 'call', id, name: made.name, arguments: JSON.parse(made.arguments) })
  }
  return calls.map((call) => call.id)
}

function readSchema(format: Json): Json {
  if (format === undefined || format.type === 'text') return undefined
  demand(
    format.type === 'json_schema' && /^[\w-]{1,64}$/.test(format.json_schema.name),
    'response_format needs a json_schema with a name',
  )
  if (format.json_schema.strict === true) demandClosed(format.json_schema.schema)
  return format.json_schema.schema
}

/** Parallel calls in interleaved pieces, as servers that decode them side by side send them. */
function callChunks({ calls = [] }: Answer): Json[] {
  const starts = calls.map(({ id, name }, index) => ({
    tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' } }],
  }))
  const pieces = calls.map((call) => piecesOf(JSON.stringify(call.arguments)))
  const longest = Math.max(0, ...pieces.map((list) => list.length))
  const rounds = Array.from({ length: longest }, (_, round) =>
    pieces.flatMap((list, index) =>
      list[round] === undefined ? [] : [{ tool_calls: [{ index, function: { arguments: list[round] } }] }],
    ),
  )
  return [...starts, ...rounds.flat()]
}

const finishOf = ({ calls, finish }: Answer): string => finish ?? (calls === undefined ? 'stop' : 'tool_calls')

const data = (payload: Json): string => `data: ${JSON.stringify(payload)}\n\n`
