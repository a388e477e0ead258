import { eventStreamMessage } from '../../src/lib/event-stream.ts'

const JSON_TYPE = 'application/json'

/** A message of `ConverseStream`. */
export const converseFrame = (name: string, payload: unknown): Buffer =>
  eventStreamMessage({ ':event-type': name, ':content-type': JSON_TYPE, ':message-type': 'event' }, JSON.stringify(payload))

/** A message of `InvokeModelWithResponseStream`. */
export const chunkFrame = (event: unknown): Buffer =>
  converseFrame('chunk', { bytes: Buffer.from(JSON.stringify(event)).toString('base64'), p: 'abcdefgh' })

export const exceptionFrame = (name: string, message: string): Buffer =>
  eventStreamMessage(
    { ':exception-type': name, ':content-type': JSON_TYPE, ':message-type': 'exception' },
    JSON.stringify({ message }),
  )

export const BINARY = { 'content-type': 'application/vnd.amazon.eventstream' }

/** A stream of `ConverseStream` that says this. */
export const converseStream = (text: string): Buffer[] => [
  converseFrame('messageStart', { role: 'assistant' }),
  ...text.split(/(?<= )/).map((word) => converseFrame('contentBlockDelta', { contentBlockIndex: 0, delta: { text: word } })),
  converseFrame('contentBlockStop', { contentBlockIndex: 0 }),
  converseFrame('messageStop', { stopReason: 'end_turn' }),
  converseFrame('metadata', {
    usage: { inputTokens: 12, outputTokens: 4, totalTokens: 21, cacheReadInputTokens: 5 },
    metrics: { latencyMs: 7 },
  }),
]

export const converseAnswer = (text: string): Record<string, unknown> => ({
  output: { message: { role: 'assistant', content: [{ text }] } },
  stopReason: 'end_turn',
  usage: { inputTokens: 12, outputTokens: 4, totalTokens: 21, cacheReadInputTokens: 5 },
  metrics: { latencyMs: 7 },
})

/** The events of a Messages stream that says this. */
export const messagesEvents = (text: string): Record<string, unknown>[] => [
  {
    type: 'message_start',
    message: {
      id: 'msg_bdrk_1',
      type: 'message',
      role: 'assistant',
      model: 'claude-sonnet-4-5-20250929',
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: { input_tokens: 12, output_tokens: 1, cache_read_input_tokens: 5, cache_creation_input_tokens: 0 },
    },
  },
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  ...text.split(/(?<= )/).map((word) => ({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: word } })),
  { type: 'content_block_stop', index: 0 },
  { type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 4 } },
  { type: 'message_stop', 'amazon-bedrock-invocationMetrics': { inputTokenCount: 12, outputTokenCount: 4 } },
]
