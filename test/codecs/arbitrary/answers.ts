import fc from 'fast-check'
import type { WireFormat } from '../../../src/ir/wire-format.ts'
import { bedrockAnswer } from './bedrock-answer.ts'
import { geminiAnswer } from './gemini-answer.ts'
import { argumentsJson, count, fraction, id, optional, pruned, shape, sown, word, type Json, type Style } from './canary.ts'

const constant = (value: string): fc.Arbitrary<string> => fc.constant(value)
const tokens = fc.integer({ min: 0, max: 5_000 })

const calls = fc.array(fc.record({ name: fc.constantFrom('search', 'read_file'), input: argumentsJson }), { maxLength: 3 })

const chatUsage = fc
  .record({ prompt: tokens, completion: tokens, cached: tokens, reasoning: tokens, audio: tokens, accepted: tokens })
  .map(({ prompt, completion, cached, reasoning, audio, accepted }) => ({
    prompt_tokens: prompt + cached,
    completion_tokens: completion + reasoning,
    total_tokens: prompt + cached + completion + reasoning,
    prompt_tokens_details: { cached_tokens: cached, audio_tokens: audio },
    completion_tokens_details: {
      reasoning_tokens: reasoning,
      accepted_prediction_tokens: accepted,
      rejected_prediction_tokens: 0,
    },
  }))

const chatMessage = fc
  .record({
    content: fc.option(word, { nil: null }),
    more: optional({
      refusal: word,
      reasoning_content: word,
      reasoning_details: fc.constant([
        { type: 'reasoning.text', text: '§', signature: '§', index: 0 },
        { type: 'reasoning.encrypted', data: '§', index: 1 },
      ]),
    }),
    cited: fc.boolean(),
    calls,
  })
  .map(({ content, more, cited, calls: made }): Json => ({
    role: 'assistant',
    content,
    ...more,
    annotations:
      cited && content !== null
        ? [{ type: 'url_citation', url_citation: { url: 'https://cited.example/§', title: '§', start_index: 0, end_index: 4 } }]
        : undefined,
    tool_calls:
      made.length === 0
        ? undefined
        : made.map(({ name, input }, at) => ({ id: `call_${at}`, type: 'function', function: { name, arguments: input } })),
  }))

const chatAnswer = fc
  .record({
    messages: fc.array(chatMessage, { minLength: 1, maxLength: 2 }),
    usage: chatUsage,
    logprob: fc.option(
      fc.record({ token: word, logprob: fraction, bytes: constant('').map(() => [104]), top_logprobs: fc.constant([]) }),
      { nil: undefined },
    ),
    finish: fc.constantFrom('stop', 'length', 'content_filter'),
    extra: optional({ system_fingerprint: word, service_tier: constant('default') }),
  })
  .map(({ messages, usage, logprob, finish, extra }) => ({
    id: 'chatcmpl-answer',
    object: 'chat.completion',
    created: 1_700_000_000,
    model: 'served-model',
    choices: messages.map((message, index) => ({
      index,
      message,
      logprobs: logprob !== undefined && message['content'] !== null ? { content: [logprob], refusal: null } : null,
      finish_reason: message['tool_calls'] === undefined ? finish : 'tool_calls',
    })),
    usage,
    ...extra,
  }))

const anthropicUsage = fc
  .record({
    input: tokens,
    output: tokens,
    details: optional({
      cache_read_input_tokens: tokens,
      cache_creation_input_tokens: tokens,
      cache_creation: fc.record({ ephemeral_5m_input_tokens: tokens, ephemeral_1h_input_tokens: tokens }),
      server_tool_use: fc.record({ web_search_requests: tokens }),
      service_tier: fc.constantFrom('standard', 'priority'),
      output_tokens_details: fc.record({ thinking_tokens: tokens }),
      inference_geo: constant('us'),
    }),
  })
  .map(({ input, output, details }) => {
    const { thinking_tokens: thought = 0 } = (details['output_tokens_details'] ?? {}) as { thinking_tokens?: number }
    return { input_tokens: input, output_tokens: output + thought, ...details }
  })

const anthropicBlock = fc.oneof(
  { weight: 3, arbitrary: shape({ type: constant('text'), text: word }) },
  shape({
    type: constant('text'),
    text: word,
    citations: fc.tuple(
      fc.record({
        type: constant('web_search_result_location'),
        url: id('https://cited.example/'),
        title: word,
        encrypted_index: word,
        cited_text: word,
      }),
    ),
  }),
  shape({ type: constant('thinking'), thinking: word, signature: word }),
  shape({ type: constant('redacted_thinking'), data: word }),
  shape({
    type: constant('server_tool_use'),
    id: id('srvtoolu_'),
    name: constant('web_search'),
    input: fc.record({ query: word }),
  }),
  shape({ type: constant('web_search_tool_result'), tool_use_id: id('srvtoolu_'), content: fc.constant([]) }),
)
const anthropicAnswer = fc
  .record({
    blocks: fc.array(anthropicBlock, { maxLength: 4 }),
    calls,
    usage: anthropicUsage,
    stop: fc.constantFrom(
      { stop_reason: 'end_turn', stop_sequence: null },
      { stop_reason: 'max_tokens', stop_sequence: null },
      { stop_reason: 'stop_sequence', stop_sequence: '§' },
      { stop_reason: 'pause_turn', stop_sequence: null },
      { stop_reason: 'refusal', stop_sequence: null, stop_details: { type: 'refusal', category: 'cyber' } },
    ),
    extra: optional({ container: fc.record({ id: word, expires_at: constant('2026-01-01T00:00:00Z') }) }),
  })
  .map(({ blocks, calls: made, usage, stop, extra }) => ({
    id: 'msg_answer',
    type: 'message',
    role: 'assistant',
    model: 'served-model',
    content: [
      ...blocks,
      ...made.map(({ name, input }, at) => ({ type: 'tool_use', id: `toolu_${at}`, name, input: JSON.parse(input) as unknown })),
    ],
    ...(made.length === 0 ? stop : { stop_reason: 'tool_use', stop_sequence: null }),
    usage,
    ...extra,
  }))

const responsesUsage = fc
  .record({ input: tokens, cached: tokens, output: tokens, reasoning: tokens })
  .map(({ input, cached, output, reasoning }) => ({
    input_tokens: input + cached,
    input_tokens_details: { cached_tokens: cached },
    output_tokens: output + reasoning,
    output_tokens_details: { reasoning_tokens: reasoning },
    total_tokens: input + cached + output + reasoning,
  }))

const annotation = fc.record({
  type: constant('url_citation'),
  url: id('https://cited.example/'),
  title: word,
  start_index: count,
  end_index: count,
})
const outputText = fc.record({
  type: constant('output_text'),
  text: word,
  annotations: fc.array(annotation, { maxLength: 1 }),
  logprobs: fc.constant([]),
})
const outputItem = fc.oneof(
  {
    weight: 3,
    arbitrary: shape(
      {
        type: constant('message'),
        id: id('msg_'),
        role: constant('assistant'),
        status: constant('completed'),
        content: fc.array(
          fc.oneof({ weight: 3, arbitrary: outputText }, fc.record({ type: constant('refusal'), refusal: word })),
          { minLength: 1, maxLength: 2 },
        ),
      },
      { phase: fc.constantFrom('commentary', 'final_answer') },
    ),
  },
  shape({
    type: constant('reasoning'),
    id: id('rs_'),
    summary: fc.array(fc.record({ type: constant('summary_text'), text: word }), { maxLength: 2 }),
    encrypted_content: word,
  }),
  shape({
    type: constant('web_search_call'),
    id: id('ws_'),
    status: constant('completed'),
    action: fc.record({ type: constant('search'), query: word }),
  }),
)
const responsesAnswer = fc
  .record({
    items: fc.array(outputItem, { maxLength: 4 }),
    calls,
    custom: fc.boolean(),
    usage: responsesUsage,
    cut: fc.boolean(),
  })
  .map(({ items, calls: made, custom, usage, cut }) => ({
    id: 'resp_answer',
    object: 'response',
    created_at: 1_700_000_000,
    status: cut ? 'incomplete' : 'completed',
    incomplete_details: cut ? { reason: 'max_output_tokens' } : null,
    error: null,
    model: 'served-model',
    output: [
      ...items,
      ...made.map(({ name, input }, at) =>
        custom && at === 0
          ? { type: 'custom_tool_call', id: `ctc_${at}`, call_id: `call_${at}`, name: 'editor', input: '§', status: 'completed' }
          : { type: 'function_call', id: `fc_${at}`, call_id: `call_${at}`, name, arguments: input, status: 'completed' },
      ),
    ],
    usage,
  }))

const answers: Readonly<Record<WireFormat, fc.Arbitrary<Json>>> = {
  openai: chatAnswer,
  responses: responsesAnswer,
  anthropic: anthropicAnswer,
  gemini: geminiAnswer,
  bedrock_converse: bedrockAnswer,
}

/** Whole answers of upstreams of `format`. */
export const answerOf = (format: WireFormat, style: Style = 'plain'): fc.Arbitrary<Json> =>
  answers[format].map((answer) => repeated(sown(pruned(answer), style)))

/** Servers that give details of reasoning repeat its text there. */
function repeated(answer: Json): Json {
  for (const { message } of (answer['choices'] ?? []) as { message: Json }[]) {
    const [first] = (message['reasoning_details'] ?? []) as Json[]
    if (first !== undefined && message['reasoning_content'] !== undefined) first['text'] = message['reasoning_content']
  }
  return answer
}
