import { describe, expect, test } from 'bun:test'
import { ManualClock } from '../../../test/support/manual-clock.ts'
import { ResponseCollector } from '../../codecs/collect.ts'
import { codecs } from '../../codecs/registry.ts'
import type { JsonObject } from '../../ir/json.ts'
import type { LlmRequest } from '../../ir/request.ts'
import type { LlmResponse } from '../../ir/response.ts'
import { WIRE_FORMATS, type WireFormat } from '../../ir/wire-format.ts'
import { SseParser } from '../../lib/sse-parser.ts'
import type { Transport } from '../../transport/transport.ts'
import { classifyInBand } from '../classify-error.ts'
import { MOCK_MODEL_NAMES } from '../provider.schema.ts'
import type { MockModel } from '../provider.settings.schema.ts'
import { endpointOf } from '../endpoint-url.ts'
import { createMockUpstream } from './mock-upstream.ts'

const WEATHER = {
  type: 'function',
  name: 'get_weather',
  description: 'Weather of a city',
  parameters: {
    type: 'object',
    properties: { city: { type: 'string' }, unit: { type: 'string', enum: ['celsius'] } },
    required: ['city', 'unit'],
  },
} as const

const user = (text: string): LlmRequest['messages'] => [{ role: 'user', content: [{ type: 'text', text }] }]

interface Mock {
  readonly format: WireFormat
  readonly clock: ManualClock
  readonly upstream: Transport
}

function mock(format: WireFormat, mockModels: readonly MockModel[] = []): Mock {
  const clock = new ManualClock()
  return { format, clock, upstream: createMockUpstream({ settings: { format, mockModels }, clock }) }
}

/** The wire body of a request, as the format's own encoder writes it. */
function wireBody(format: WireFormat, request: Partial<LlmRequest> & { model: string }): JsonObject {
  const full: LlmRequest = { messages: user('hi'), sampling: {}, stream: false, maxOutputTokens: 100, ...request }
  const target = {
    model: full.model,
    quirks: {},
    facts: { maxOutputTokens: 4096, thinking: 'both' as const },
    stream: full.stream,
  }
  return codecs[format].encodeRequest(full, target).value
}

function send(
  { format, upstream }: Mock,
  request: Partial<LlmRequest> & { model: string },
  signal = new AbortController().signal,
): Promise<Response> {
  return upstream.send({
    url: endpointOf('http://mock.invalid/v1', format, 'generate')({ model: request.model, stream: request.stream ?? false }),
    method: 'POST',
    headers: {},
    body: JSON.stringify(wireBody(format, request)),
    signal,
  })
}

async function whole(target: Mock, request: Partial<LlmRequest> & { model: string }): Promise<LlmResponse> {
  const response = await send(target, request)
  expect(response.status).toBe(200)
  return codecs[target.format].decodeResponse(await response.json()).value
}

interface Streamed {
  readonly chunks: number
  readonly collector: ResponseCollector
  readonly answer: LlmResponse
}

async function streamed(target: Mock, response: Response): Promise<Streamed> {
  expect(response.headers.get('content-type')).toContain('text/event-stream')
  const decoder = codecs[target.format].createStreamDecoder()
  const collector = new ResponseCollector()
  const parser = new SseParser()
  let chunks = 0
  for await (const chunk of response.body!) {
    chunks++
    parser.push(chunk, (frame) => decoder.push(frame, collector.push))
  }
  parser.end((frame) => decoder.push(frame, collector.push))
  decoder.end(collector.push)
  return { chunks, collector, answer: collector.finish() }
}

const textOf = (answer: LlmResponse): string =>
  answer.choices[0]!.content.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('')
const callOf = (answer: LlmResponse): unknown => answer.choices[0]!.content.find((part) => part.type === 'tool-call')

describe.each([...WIRE_FORMATS])('the mock upstream in the format %s', (format) => {
  test('echo repeats the last text of the user and costs eight tokens each way', async () => {
    const answer = await whole(mock(format), { model: 'echo', messages: user('hi') })
    expect(textOf(answer)).toBe('echo: hi')
    expect(answer.usage).toMatchObject({ inputTokens: 8, outputTokens: 8 })
    expect(answer.choices[0]?.finish.unified).toBe('stop')
    // Bedrock's answers name no model.
    expect(answer.model).toBe(format === 'bedrock_converse' ? undefined : 'echo')
  })

  test('echo streams its text in thirds, and the stream says what the whole answer says', async () => {
    const target = mock(format)
    const { collector, answer } = await streamed(
      target,
      await send(target, { model: 'echo', messages: user('hi'), stream: true, includeUsage: true }),
    )
    expect(collector.failure).toBeUndefined()
    expect(textOf(answer)).toBe('echo: hi')
    expect(answer.usage).toMatchObject({ inputTokens: 8, outputTokens: 8 })
    const text = await (await send(target, { model: 'echo', messages: user('hi'), stream: true })).text()
    for (const piece of ['"ec"', '"ho:"', '" hi"']) expect(text).toContain(piece)
  })

  test('tool calls the first tool with arguments that fit its schema', async () => {
    const answer = await whole(mock(format), { model: 'tool', tools: [WEATHER] })
    expect(callOf(answer)).toMatchObject({ name: 'get_weather' })
    expect(answer.choices[0]?.finish.unified).toBe('tool-calls')
    const { input } = callOf(answer) as { input: { text?: string; value?: unknown } }
    expect(input.value ?? JSON.parse(input.text ?? '')).toEqual({ city: 'Paris', unit: 'celsius' })
  })

  test('tool streams the same call', async () => {
    const target = mock(format)
    const { answer } = await streamed(target, await send(target, { model: 'tool', tools: [WEATHER], stream: true }))
    expect(JSON.parse((callOf(answer) as { input: { text: string } }).input.text)).toEqual({ city: 'Paris', unit: 'celsius' })
    expect(answer.choices[0]?.finish.unified).toBe('tool-calls')
  })

  test('tool answers in words after a result, and when there is nothing to call', async () => {
    const messages: LlmRequest['messages'] = [
      ...user('weather?'),
      {
        role: 'assistant',
        content: [{ type: 'tool-call', id: 'call_1', name: 'get_weather', input: { kind: 'json', text: '{"city":"Paris"}' } }],
      },
      {
        role: 'tool',
        content: [{ type: 'tool-result', callId: 'call_1', kind: 'json', content: [{ type: 'text', text: '21 degrees' }] }],
      },
    ]
    expect(textOf(await whole(mock(format), { model: 'tool', tools: [WEATHER], messages }))).toBe('The tool answered: 21 degrees')
    expect(textOf(await whole(mock(format), { model: 'tool' }))).toContain('no tool to call')
  })

  test('reasoning thinks before it answers', async () => {
    const target = mock(format)
    const { answer } = await streamed(target, await send(target, { model: 'reasoning', stream: true }))
    const [first, second] = answer.choices[0]!.content
    expect(first?.type).toBe('reasoning')
    expect(JSON.stringify(first)).toContain('The user wants to see reasoning')
    expect(second).toMatchObject({ type: 'text', text: 'echo: hi' })
    expect(textOf(await whole(target, { model: 'reasoning' }))).toBe('echo: hi')
  })

  test.each([400, 401, 403, 404, 429, 500, 503, 529, 418])("fail-%d fails in the format's own words", async (status) => {
    const response = await send(mock(format), { model: `fail-${status}` })
    expect(response.status).toBe(status)
    const facts = codecs[format].decodeError(status, await response.json())
    expect(facts.message).toContain('mock provider')
    expect(facts.type).toBeDefined()
    expect(response.headers.get('retry-after')).toBe(status === 429 ? '2' : status === 503 || status === 529 ? '1' : null)
  })

  test('flaky fails once, then serves', async () => {
    const target = mock(format)
    expect((await send(target, { model: 'flaky' })).status).toBe(500)
    expect(textOf(await whole(target, { model: 'flaky' }))).toBe('echo: hi')
    expect((await send(mock(format), { model: 'flaky' })).status).toBe(500)
  })

  test('cut breaks its stream off in the middle of the text', async () => {
    const target = mock(format)
    const { collector, answer } = await streamed(target, await send(target, { model: 'cut', stream: true }))
    expect(textOf(answer)).toStartWith('echo: hi and')
    expect(classifyInBand(collector.failure!)).toBe('upstream_stream_interrupted')
  })

  test('cut loses the connection inside a whole answer', async () => {
    const response = await send(mock(format), { model: 'cut' })
    expect(await response.text().catch((error: unknown) => (error as { code?: string }).code)).toBe('ECONNRESET')
  })

  test('an unknown model is a 404 as real upstreams tell it', async () => {
    const response = await send(mock(format), { model: 'gpt-9' })
    expect(response.status).toBe(404)
    expect(codecs[format].decodeError(404, await response.json()).message).toContain('gpt-9')
  })

  test('a body that is no request is a 400', async () => {
    const { upstream } = mock(format)
    for (const body of ['{"cut":', '[]', '{}']) {
      const response = await upstream.send({
        url: 'http://mock.invalid',
        method: 'POST',
        headers: {},
        body,
        signal: new AbortController().signal,
      })
      expect(response.status).toBe(400)
    }
  })

  test('models of the configuration follow their script', async () => {
    const target = mock(format, [
      { name: 'poet', text: 'Roses are red' },
      { name: 'caller', tool: { name: 'lookup', arguments: { id: 7 } } },
      { name: 'tired', failTimes: 2, failStatus: 429, text: 'fine' },
      { name: 'broken', failStatus: 500 },
      { name: 'echo', text: 'replaced' },
    ])
    expect(textOf(await whole(target, { model: 'poet' }))).toBe('Roses are red')
    expect(callOf(await whole(target, { model: 'caller', tools: [{ ...WEATHER, name: 'lookup' }] }))).toMatchObject({
      name: 'lookup',
    })
    expect((await send(target, { model: 'tired' })).status).toBe(429)
    expect((await send(target, { model: 'tired' })).status).toBe(429)
    expect(textOf(await whole(target, { model: 'tired' }))).toBe('fine')
    expect((await send(target, { model: 'broken' })).status).toBe(500)
    expect(textOf(await whole(target, { model: 'echo' }))).toBe('replaced')
  })
})

describe('time in the mock upstream', () => {
  const scripted: MockModel = { name: 'timed', text: 'one two three', delayMs: 1000, chunkDelayMs: 200 }

  test('a whole answer waits for all its pauses', async () => {
    const target = mock('openai', [scripted])
    let done = false
    const sent = send(target, { model: 'timed' }).then(() => (done = true))
    await target.clock.advance(1399)
    expect(done).toBe(false)
    await target.clock.advance(1)
    expect(await sent).toBe(true)
  })

  test('a stream pauses before its pieces', async () => {
    const target = mock('openai', [scripted])
    const response = await send(target, { model: 'timed', stream: true })
    const arrivals: number[] = []
    const reading = (async () => {
      for await (const chunk of response.body!) if (chunk.length > 0) arrivals.push(target.clock.now())
    })()
    await target.clock.advance(5000)
    await reading
    expect(arrivals[0]).toBe(1000)
    expect(arrivals.at(-1)).toBe(1400)
  })

  test('slow takes its time', async () => {
    const target = mock('anthropic')
    const response = await send(target, { model: 'slow', stream: true })
    const reading = response.text()
    await target.clock.advance(1000)
    expect(target.clock.pending).toBe(1)
    await target.clock.advance(20_000)
    expect(await reading).toContain('message_stop')
  })

  test('an aborted call stops at once, waiting or streaming', async () => {
    const target = mock('openai', [scripted])
    const controller = new AbortController()
    const response = await send(target, { model: 'timed', stream: true }, controller.signal)
    const reader = response.body!.getReader()
    const read = reader.read().catch((error: unknown) => error)
    await target.clock.advance(500)
    controller.abort(new TypeError('client gone'))
    expect(await read).toMatchObject({ message: 'client gone' })
    expect(target.clock.pending).toBe(0)

    const waiting = send(target, { model: 'timed' }, controller.signal).catch((error: unknown) => error)
    expect(await waiting).toMatchObject({ message: 'client gone' })
  })

  test('a reader that goes away stops the script', async () => {
    const target = mock('openai', [scripted])
    const response = await send(target, { model: 'timed', stream: true })
    const reader = response.body!.getReader()
    const read = reader.read()
    await target.clock.advance(500)
    await reader.cancel()
    await read
    expect(target.clock.pending).toBe(0)
  })
})

test('tokens are counted where the format has a counter', async () => {
  const { upstream } = mock('anthropic')
  const counted = {
    url: 'http://mock.invalid/v1/messages/count_tokens',
    method: 'POST',
    headers: {},
    body: '{"model":"echo","messages":[]}',
  }
  const response = await upstream.send({ ...counted, signal: new AbortController().signal })
  expect(codecs.anthropic.tokenCounter?.read(await response.json())).toBe(8)
})

test('every model that the gateway lists for a mock provider is there', async () => {
  const target = mock('openai')
  const listed = await Promise.all(
    MOCK_MODEL_NAMES.map(async (model) => ({ model, status: (await send(target, { model, stream: true })).status })),
  )
  expect(listed.filter(({ status }) => status === 404)).toEqual([])
})

test("Anthropic's errors carry the type that belongs to their status", async () => {
  const target = mock('anthropic')
  const types: unknown[] = []
  for (const status of [400, 401, 403, 404, 429, 500, 529]) {
    const response = await send(target, { model: `fail-${status}` })
    types.push(codecs.anthropic.decodeError(status, await response.json()).type)
  }
  expect(types).toEqual([
    'invalid_request_error',
    'authentication_error',
    'permission_error',
    'not_found_error',
    'rate_limit_error',
    'api_error',
    'overloaded_error',
  ])
})
