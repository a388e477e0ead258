import { eventStreamMessage } from '../../src/lib/event-stream.ts'

/** Request bodies and upstream answers of the benchmark: made here, so that a run needs nothing but this folder. */

const SENTENCE = 'The quick migration of the billing service needs a plan, a rollback and one person who watches the graphs. '

const prose = (bytes: number): string => SENTENCE.repeat(Math.ceil(bytes / SENTENCE.length)).slice(0, bytes)

const tool = (index: number): { name: string; description: string; schema: object } => ({
  name: `tool_${index}`,
  description: prose(1_800),
  schema: {
    type: 'object',
    properties: Object.fromEntries(
      ['path', 'content', 'pattern', 'limit', 'offset', 'recursive'].map((name) => [
        name,
        { type: name === 'limit' || name === 'offset' ? 'number' : 'string', description: prose(120) },
      ]),
    ),
    required: ['path'],
    additionalProperties: false,
  },
})

/** Chat body of about 2 KB. */
export const smallChat = (model: string, stream: boolean): object => ({
  model,
  messages: [
    { role: 'system', content: prose(600) },
    { role: 'user', content: prose(1_100) },
  ],
  temperature: 0.2,
  max_tokens: 512,
  stream,
})

/** Chat body of a coding agent, about 115 KB: 24 tools, a long system prompt, a history with tool calls. */
export const agentChat = (model: string, stream: boolean): object => ({
  model,
  messages: [
    { role: 'system', content: prose(24_000) },
    ...Array.from({ length: 12 }, (_unused, index) => [
      { role: 'user', content: prose(500) },
      {
        role: 'assistant',
        content: prose(200),
        tool_calls: [
          {
            id: `call_${index}`,
            type: 'function',
            function: { name: 'tool_1', arguments: JSON.stringify({ path: `src/file-${index}.ts`, content: prose(300) }) },
          },
        ],
      },
      { role: 'tool', tool_call_id: `call_${index}`, content: prose(900) },
    ]).flat(),
  ],
  tools: Array.from({ length: 24 }, (_unused, index) => {
    const { name, description, schema } = tool(index)
    return { type: 'function', function: { name, description, parameters: schema } }
  }),
  max_tokens: 8_000,
  stream,
})

/** Chat body with one inline image of `megabytes`. */
export const imageChat = (model: string, megabytes: number): string => {
  const data = 'iVBORw0KGgoAAAAN'.repeat((megabytes * 1024 * 1024) / 16)
  return JSON.stringify({
    model,
    messages: [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'What is this?' },
          { type: 'image_url', image_url: { url: `data:image/png;base64,${data}` } },
        ],
      },
    ],
    max_tokens: 100,
  })
}

const ANSWER = prose(400)

export const chatAnswer = JSON.stringify({
  id: 'chatcmpl-bench',
  object: 'chat.completion',
  created: 1_760_000_000,
  model: 'bench-model',
  choices: [{ index: 0, message: { role: 'assistant', content: ANSWER }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 500, completion_tokens: 90, total_tokens: 590 },
})

export const messagesAnswer = JSON.stringify({
  id: 'msg_bench',
  type: 'message',
  role: 'assistant',
  model: 'bench-model',
  content: [{ type: 'text', text: ANSWER }],
  stop_reason: 'end_turn',
  stop_sequence: null,
  usage: { input_tokens: 500, output_tokens: 90 },
})

const WORDS = Array.from({ length: 96 }, (_unused, index) => ` word${index} of it`)

/** What a client must end up with after reading either stream. */
export const STREAM_TEXT = WORDS.join('')

/** 100 Chat frames: role, 96 texts, finish, usage, done. */
export function chatStream(): string[] {
  const frame = (delta: object, finish: string | null = null): string =>
    `data: ${JSON.stringify({ id: 'chatcmpl-bench', object: 'chat.completion.chunk', created: 1_760_000_000, model: 'bench-model', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`
  return [
    frame({ role: 'assistant', content: '' }),
    ...WORDS.map((content) => frame({ content })),
    frame({}, 'stop'),
    `data: ${JSON.stringify({ id: 'chatcmpl-bench', object: 'chat.completion.chunk', created: 1_760_000_000, model: 'bench-model', choices: [], usage: { prompt_tokens: 500, completion_tokens: 96, total_tokens: 596 } })}\n\n`,
    'data: [DONE]\n\n',
  ]
}

/** 101 Messages frames with the same text. */
export function messagesStream(): string[] {
  const frame = (data: { type: string; [key: string]: unknown }): string =>
    `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`
  return [
    frame({
      type: 'message_start',
      message: {
        id: 'msg_bench',
        type: 'message',
        role: 'assistant',
        model: 'bench-model',
        content: [],
        stop_reason: null,
        stop_sequence: null,
        usage: { input_tokens: 500, output_tokens: 1 },
      },
    }),
    frame({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }),
    ...WORDS.map((text) => frame({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } })),
    frame({ type: 'content_block_stop', index: 0 }),
    frame({ type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 96 } }),
    frame({ type: 'message_stop' }),
  ]
}

/** 97 Gemini frames with the same text. */
export function geminiStream(): string[] {
  const frame = (parts: object[], rest: object): string =>
    `data: ${JSON.stringify({ candidates: [{ content: { parts, role: 'model' }, ...rest, index: 0 }], usageMetadata: { promptTokenCount: 500, candidatesTokenCount: 96, totalTokenCount: 596 }, modelVersion: 'bench-model', responseId: 'bench' })}\n\n`
  return [...WORDS.map((text) => frame([{ text }], {})), frame([{ text: '' }], { finishReason: 'STOP' })]
}

/** 100 messages of Bedrock's `ConverseStream` with the same text, with the random filler that the API adds. */
export function converseStream(): Uint8Array[] {
  const message = (name: string, payload: object): Uint8Array =>
    eventStreamMessage(
      { ':event-type': name, ':content-type': 'application/json', ':message-type': 'event' },
      JSON.stringify({ ...payload, p: 'abcdefghijklmnopqrstuvwxyzABCDEFGHI'.slice(0, name.length) }),
    )
  return [
    message('messageStart', { role: 'assistant' }),
    ...WORDS.map((text) => message('contentBlockDelta', { contentBlockIndex: 0, delta: { text } })),
    message('contentBlockStop', { contentBlockIndex: 0 }),
    message('messageStop', { stopReason: 'end_turn' }),
    message('metadata', { usage: { inputTokens: 500, outputTokens: 96, totalTokens: 596 }, metrics: { latencyMs: 9 } }),
  ]
}
