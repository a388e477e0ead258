import { describe, expect, test } from 'bun:test'
import { codecFor } from '../../src/codecs/registry.ts'
import { isObject } from '../../src/ir/json.ts'
import type { LlmResponse } from '../../src/ir/response.ts'
import type { StreamEvent } from '../../src/ir/stream-event.ts'
import { answerOf } from './arbitrary/answers.ts'
import { bodyOf } from './arbitrary/index.ts'
import { loadGoldenSources } from './support/golden-sources.ts'
import { hasSchema, OpenaiSchema, WITHOUT_SCHEMA } from './support/openai-schema.ts'
import { property } from './support/property.ts'
import { loadCaptures, loadFixtures } from './support/shared-data.ts'
import { contextOf, eventsOf, readStream, writeStream } from './support/stream.ts'
import { PAIRS, translate, VENDOR_TARGETS } from './support/translate.ts'

const schema = hasSchema ? new OpenaiSchema() : undefined
/** Servers whose items of this very format deviate from OpenAI's; they are handed on as they came. */
const DEVIATING = ['xai-responses/code-execution-tool-1', 'xai-responses/web-search-tool-1']
const fixtures = loadFixtures().filter((fixture) => fixture.level !== 'error')

interface Answer {
  readonly id: string
  readonly response: LlmResponse
  readonly events: readonly StreamEvent[]
}

const answers = fixtures.map(({ id, format, mode, bytes }): Answer => {
  if (mode === 'stream') return { id, ...readStream(bytes, format) }
  const { value } = codecFor(format).decodeResponse(JSON.parse(bytes.toString()))
  return { id, response: value, events: eventsOf(value) }
})

/** Calls whose settings are echoed, or change what is shown. */
const CALLS: readonly Record<string, unknown>[] = [
  {},
  {
    instructions: 'be brief',
    tools: [{ type: 'function', name: 'get_weather', parameters: { type: 'object', properties: {} }, strict: true }],
    tool_choice: 'auto',
    reasoning: { effort: 'high', summary: 'auto' },
    temperature: 0.5,
    metadata: { team: 'blue' },
    text: { format: { type: 'json_object' }, verbosity: 'low' },
  },
]

function chatProblems(answer: Answer): string[] {
  const context = contextOf('openai')
  const whole = schema!.problems(
    'CreateChatCompletionResponse',
    JSON.parse(JSON.stringify(codecFor('openai').encodeResponse(answer.response, context).value)),
  )
  const chunks = writeStream(answer.events, 'openai', context).frames.filter(({ data }) => data !== '[DONE]')
  return [...whole, ...chunks.flatMap(({ data }) => chunkProblems(data).map((problem) => `${problem} in ${data}`))]
}

/** The schema of chunks knows calls of functions only; the service streams those of custom tools in the same way. */
function chunkProblems(data: string): string[] {
  const problems = schema!.problems('CreateChatCompletionStreamResponse', JSON.parse(data))
  return data.includes('"type":"custom"') ? problems.filter((problem) => !/tool_calls.\d+.type/.test(problem)) : problems
}

function responsesProblems(answer: Answer, call: Record<string, unknown>): string[] {
  const context = contextOf('responses', 'shown-model', call)
  const whole = schema!.problems(
    'Response',
    JSON.parse(JSON.stringify(codecFor('responses').encodeResponse(answer.response, context).value)),
  )
  const events = writeStream(answer.events, 'responses', context).frames.map(
    ({ data }) => JSON.parse(data) as Record<string, unknown>,
  )
  return [
    ...whole,
    ...events.flatMap((event) => schema!.eventProblems(event).map((problem) => `${String(event['type'])} ${problem}`)),
  ]
}

describe.skipIf(!hasSchema)(`answers as OpenAI publishes their schemas (${WITHOUT_SCHEMA})`, () => {
  test.each(answers.map((answer) => [answer.id, answer] as const))(
    '%s is a valid chat completion, whole and in chunks',
    (_id, answer) => {
      expect(chatProblems(answer)).toEqual([])
    },
  )

  const conforming = answers.filter(({ id }) => !DEVIATING.includes(id))
  test.each(conforming.map((answer) => [answer.id, answer] as const))(
    '%s is a valid response, whole and in events',
    (_id, answer) => {
      for (const call of CALLS) expect(responsesProblems(answer, call)).toEqual([])
    },
  )

  for (const format of ['openai', 'responses', 'anthropic'] as const) {
    test(`any answer of ${format} is valid in both`, () => {
      property([answerOf(format)], (body) => {
        const { value } = codecFor(format).decodeResponse(body)
        const answer = { id: 'any', response: value, events: eventsOf(value) }
        expect(chatProblems(answer)).toEqual([])
        expect(responsesProblems(answer, CALLS[0]!)).toEqual([])
      })
    })
  }

  test('failures in the middle of a stream are valid events too', () => {
    const failed: StreamEvent[] = [
      { type: 'response-start' },
      { type: 'error', error: { message: 'no more', type: 'overloaded_error' } },
    ]
    const answer = { id: 'failed', response: { choices: [] }, events: failed }
    expect(responsesProblems(answer, CALLS[0]!).filter((problem) => problem.startsWith('response.'))).toEqual([])
  })
})

/**
 * The schema wants an id and a status for an answer in a list of parts; the service takes it without, and there is none to send for an
 * answer of another provider. They are added before the schema looks.
 */
function withIds(body: Record<string, unknown>): Record<string, unknown> {
  if (!Array.isArray(body['input'])) return body
  const input = (body['input'] as Record<string, unknown>[]).map((item) =>
    item['role'] === 'assistant' && Array.isArray(item['content']) ? { id: 'msg_added', status: 'completed', ...item } : item,
  )
  return { ...body, input }
}

function requestProblems(to: keyof typeof REQUESTS, body: Record<string, unknown>): string[] {
  return schema!.problems(REQUESTS[to], JSON.parse(JSON.stringify(withIds(body))))
}

const REQUESTS = { openai: 'CreateChatCompletionRequest', responses: 'CreateResponse' } as const

describe.skipIf(!hasSchema)(`requests as OpenAI publishes their schemas (${WITHOUT_SCHEMA})`, () => {
  for (const to of ['openai', 'responses'] as const) {
    const foreign = loadGoldenSources().filter(({ format }) => format !== to)
    test.each(foreign.map((source) => [source.name, source.format, source] as const))(
      `%s of %s is a valid request of ${to}`,
      (_name, format, source) => {
        const { body } = translate(source.body, format, to, VENDOR_TARGETS[to])
        expect(requestProblems(to, body)).toEqual([])
      },
    )

    test.each(
      loadCaptures()
        .filter(({ format }) => format !== to)
        .map((capture) => [capture.name, capture] as const),
    )(`%s is a valid request of ${to}`, (_name, { body, format }) => {
      const sent = translate(body, format, to, { ...VENDOR_TARGETS[to], stream: true })
      expect(requestProblems(to, sent.body)).toEqual([])
    })
  }

  for (const [from, to] of PAIRS) {
    if (from === to || (to !== 'openai' && to !== 'responses')) continue
    test(`any request of ${from} is a valid one of ${to}`, () => {
      property([bodyOf[from]()], (body) => {
        const sent = translate(withoutExperiments(body), from, to, VENDOR_TARGETS[to])
        expect(requestProblems(to, sent.body)).toEqual([])
      })
    })
  }
})

/** Numbers out of range are the client's own and are handed on as they are. */
function withoutExperiments(body: Record<string, unknown>): Record<string, unknown> {
  const { top_logprobs: _logprobs, logit_bias: _bias, moderation: _moderation, generationConfig: config, ...rest } = body
  if (isObject(config)) {
    const { logprobs: _count, ...others } = config
    return { ...rest, generationConfig: others }
  }
  return rest
}
