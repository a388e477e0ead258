import type { Reply, Step } from './fake-upstream.ts'

/** What a canned answer says. */
export interface AnswerFacts {
  readonly text?: string
  readonly model?: string
  readonly inputTokens?: number
  readonly outputTokens?: number
}

const TEXT = 'Hello there!'

interface Filled {
  readonly text: string
  readonly model: string
  readonly input: number
  readonly output: number
}

const filled = (facts: AnswerFacts): Filled => ({
  text: facts.text ?? TEXT,
  model: facts.model ?? 'test-model',
  input: facts.inputTokens ?? 12,
  output: facts.outputTokens ?? 4,
})

/** A JSON answer of known length. */
export function jsonReply(body: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Reply {
  return { status, headers: { 'content-type': 'application/json', ...headers }, body: [JSON.stringify(body)], framing: 'length' }
}

/** A server-sent-event answer; each step is one write. */
export function sseReply(body: readonly Step[], headers: Readonly<Record<string, string>> = {}): Reply {
  return { headers: { 'content-type': 'text/event-stream; charset=utf-8', ...headers }, body }
}

/** The bytes of a text cut into pieces of `size` bytes, inside characters and frames too. */
export function cutInto(text: string, size: number): Uint8Array[] {
  const bytes = Buffer.from(text)
  const pieces: Uint8Array[] = []
  for (let start = 0; start < bytes.length; start += size) pieces.push(bytes.subarray(start, start + size))
  return pieces
}

const data = (payload: unknown): string => `data: ${JSON.stringify(payload)}\n\n`
const event = (payload: { readonly type: string }): string => `event: ${payload.type}\n${data(payload)}`

/** Words with the space before them, as models stream them. */
const deltas = (text: string): string[] => text.match(/\s*\S+/g) ?? []

/** A Chat Completions answer. */
export function chatAnswer(facts: AnswerFacts = {}): Record<string, unknown> {
  const { text, model, input, output } = filled(facts)
  return {
    id: 'chatcmpl-test',
    object: 'chat.completion',
    created: 1_700_000_000,
    model,
    choices: [{ index: 0, message: { role: 'assistant', content: text, refusal: null }, logprobs: null, finish_reason: 'stop' }],
    usage: { prompt_tokens: input, completion_tokens: output, total_tokens: input + output },
  }
}

const choice = (delta: unknown, finish: string | null = null): unknown[] => [
  { index: 0, delta, logprobs: null, finish_reason: finish },
]

/** Frames of a Chat Completions stream, the usage chunk included. */
export function chatStream(facts: AnswerFacts = {}): string[] {
  const { text, model, input, output } = filled(facts)
  const chunk = (choices: unknown[], usage: unknown = null): string =>
    data({ id: 'chatcmpl-test', object: 'chat.completion.chunk', created: 1_700_000_000, model, choices, usage })
  return [
    chunk(choice({ role: 'assistant', content: '', refusal: null })),
    ...deltas(text).map((content) => chunk(choice({ content }))),
    chunk(choice({}, 'stop')),
    chunk([], { prompt_tokens: input, completion_tokens: output, total_tokens: input + output }),
    'data: [DONE]\n\n',
  ]
}

/** A Messages answer. */
export function messagesAnswer(facts: AnswerFacts = {}): Record<string, unknown> {
  const { text, model, input, output } = filled(facts)
  return {
    id: 'msg_test',
    type: 'message',
    role: 'assistant',
    model,
    content: [{ type: 'text', text }],
    stop_reason: 'end_turn',
    stop_sequence: null,
    usage: { input_tokens: input, output_tokens: output },
  }
}

/** Frames of a Messages stream. */
export function messagesStream(facts: AnswerFacts = {}): string[] {
  const { text, input, output } = filled(facts)
  const message = { ...messagesAnswer(facts), content: [], stop_reason: null, usage: { input_tokens: input, output_tokens: 1 } }
  return [
    { type: 'message_start', message },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    { type: 'ping' },
    ...deltas(text).map((piece) => ({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: piece } })),
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: output } },
    { type: 'message_stop' },
  ].map(event)
}

/** A Gemini answer. */
export function geminiAnswer(facts: AnswerFacts = {}): Record<string, unknown> {
  return geminiChunk(facts, [{ text: filled(facts).text }], 'STOP')
}

/** Frames of a Gemini stream. */
export function geminiStream(facts: AnswerFacts = {}): string[] {
  const pieces = deltas(filled(facts).text).map((text) => geminiChunk(facts, [{ text }]))
  return [geminiChunk(facts, [{ text: '' }]), ...pieces, geminiChunk(facts, [{ text: '' }], 'STOP')].map(data)
}

function geminiChunk(facts: AnswerFacts, parts: unknown[], finishReason?: string): Record<string, unknown> {
  const { model, input, output } = filled(facts)
  const end = finishReason === undefined ? {} : { finishReason }
  return {
    candidates: [{ content: { parts, role: 'model' }, ...end, index: 0 }],
    usageMetadata: { promptTokenCount: input, candidatesTokenCount: output, totalTokenCount: input + output },
    modelVersion: model,
    responseId: 'gemini-test',
  }
}

/** A Responses answer. */
export function responsesAnswer(facts: AnswerFacts = {}): Record<string, unknown> {
  const { input, output } = filled(facts)
  return {
    ...responseShell(facts),
    status: 'completed',
    output: [outputMessage(facts, 'completed')],
    usage: {
      input_tokens: input,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens: output,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: input + output,
    },
  }
}

/** Frames of a Responses stream. */
export function responsesStream(facts: AnswerFacts = {}): string[] {
  const { text } = filled(facts)
  const place = { item_id: 'msg_test', output_index: 0, content_index: 0 }
  const part = { type: 'output_text', text: '', annotations: [], logprobs: [] }
  const started = { ...responseShell(facts), status: 'in_progress', output: [], usage: null }
  return [
    { type: 'response.created', response: started },
    { type: 'response.in_progress', response: started },
    { type: 'response.output_item.added', output_index: 0, item: { ...outputMessage(facts, 'in_progress'), content: [] } },
    { type: 'response.content_part.added', ...place, part },
    ...deltas(text).map((delta) => ({ type: 'response.output_text.delta', ...place, delta, logprobs: [] })),
    { type: 'response.output_text.done', ...place, text, logprobs: [] },
    { type: 'response.content_part.done', ...place, part: { ...part, text } },
    { type: 'response.output_item.done', output_index: 0, item: outputMessage(facts, 'completed') },
    { type: 'response.completed', response: responsesAnswer(facts) },
  ].map((payload, index) => event(Object.assign(payload, { sequence_number: index })))
}

function responseShell(facts: AnswerFacts): Record<string, unknown> {
  return {
    id: 'resp_test',
    object: 'response',
    created_at: 1_700_000_000,
    error: null,
    incomplete_details: null,
    instructions: null,
    max_output_tokens: null,
    metadata: {},
    model: filled(facts).model,
    parallel_tool_calls: true,
    previous_response_id: null,
    reasoning: { effort: null, summary: null },
    store: true,
    temperature: 1,
    text: { format: { type: 'text' } },
    tool_choice: 'auto',
    tools: [],
    top_p: 1,
    truncation: 'disabled',
    user: null,
  }
}

function outputMessage(facts: AnswerFacts, status: string): Record<string, unknown> {
  return {
    id: 'msg_test',
    type: 'message',
    status,
    role: 'assistant',
    content: [{ type: 'output_text', text: filled(facts).text, annotations: [], logprobs: [] }],
  }
}
