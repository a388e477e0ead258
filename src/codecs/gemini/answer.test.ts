import { describe, expect, test } from 'bun:test'
import type { JsonObject } from '../../ir/json.ts'
import type { LlmResponse } from '../../ir/response.ts'
import type { StreamEvent } from '../../ir/stream-event.ts'
import { wrapState } from '../carrier.ts'
import type { ClientContext } from '../codec.ts'
import { ResponseCollector } from '../collect.ts'
import { geminiCodec } from './index.ts'

const CONTEXT: ClientContext = {
  requestId: '0123456789abcdef0123456789abcdef',
  model: 'shown',
  createdAt: 0,
  request: { model: 'shown', messages: [], sampling: {}, stream: true },
}

function read(...chunks: unknown[]): { answer: LlmResponse; events: StreamEvent[] } {
  const decoder = geminiCodec.createStreamDecoder()
  const collector = new ResponseCollector()
  const events: StreamEvent[] = []
  const emit = (event: StreamEvent): void => {
    events.push(event)
    collector.push(event)
  }
  for (const chunk of chunks) decoder.push({ event: undefined, data: JSON.stringify(chunk) }, emit)
  decoder.end(emit)
  return { answer: collector.finish(), events }
}

function written(events: StreamEvent[], context: ClientContext = CONTEXT): JsonObject[] {
  const encoder = geminiCodec.createStreamEncoder(context)
  const frames: JsonObject[] = []
  const frame = (event: string | undefined, data: string): void => {
    expect(event).toBeUndefined()
    frames.push(JSON.parse(data) as JsonObject)
  }
  for (const event of events) encoder.write(event, frame)
  if (events.every(({ type }) => type !== 'error')) encoder.end(frame)
  return frames
}

const chunk = (parts: JsonObject[], more: JsonObject = {}): JsonObject => ({
  candidates: [{ content: { role: 'model', parts }, index: 0, ...more }],
  responseId: 'r1',
  modelVersion: 'gemini-3-pro',
})
const partsOf = (frames: JsonObject[]): unknown[] =>
  frames.flatMap((frame) => (frame['candidates'] as { content: { parts: unknown[] } }[]).flatMap(({ content }) => content.parts))
const finishOf = ({ choices }: LlmResponse): unknown => choices[0]?.finish

describe('an answer of an upstream', () => {
  test('joins neighbouring texts, and keeps thoughts apart from what was said', () => {
    const { answer } = read(
      chunk([{ text: 'First ', thought: true }]),
      chunk([{ text: 'I count.', thought: true }, { text: 'Se' }]),
      chunk([{ text: 'ven.' }]),
      chunk([{ text: '', thoughtSignature: 'c2ln' }], { finishReason: 'STOP' }),
    )
    expect(answer.choices[0]?.content).toEqual([
      { type: 'reasoning', summary: ['First I count.'], origin: 'gemini' },
      { type: 'text', text: 'Seven.' },
      { type: 'reasoning', origin: 'gemini', signature: 'c2ln' },
    ] as never)
    expect(answer).toMatchObject({ id: 'r1', model: 'gemini-3-pro' })
  })

  test('that calls functions says so, which its reason does not', () => {
    const { answer } = read(
      chunk([{ functionCall: { id: 'a', name: 'f', args: { n: 1 } }, thoughtSignature: 's' }], { finishReason: 'STOP' }),
    )
    expect(answer.choices[0]).toEqual({
      index: 0,
      content: [{ type: 'tool-call', id: 'a', name: 'f', input: { kind: 'json', text: '{"n":1}' }, signature: 's' }],
      finish: { unified: 'tool-calls', raw: 'STOP' },
    })
  })

  test('that gives a reason with every chunk is over with the last one', () => {
    const { answer } = read(
      chunk([{ text: 'a' }], { finishReason: 'STOP', safetyRatings: [] }),
      chunk([{ text: 'b' }, { functionCall: { id: 'a', name: 'f', args: {} } }], { finishReason: 'STOP' }),
    )
    expect(answer.choices[0]?.content.map(({ type }) => type)).toEqual(['text', 'tool-call'])
    expect(finishOf(answer)).toMatchObject({ unified: 'tool-calls', raw: 'STOP' })
  })

  test('gives calls without an id one that tells them apart, the same every time', () => {
    const call = (n: number): JsonObject => ({ functionCall: { name: 'f', args: { n } } })
    const ids = (): string[] =>
      read(chunk([call(1), call(1), call(2)], { finishReason: 'STOP' })).answer.choices[0]!.content.map((part) =>
        part.type === 'tool-call' ? part.id : '',
      )
    expect(new Set(ids()).size).toBe(3)
    expect(ids()).toEqual(ids())
  })

  test('may bring the arguments of a call in pieces', () => {
    const { answer } = read(
      chunk([{ functionCall: { id: 'a', name: 'book', willContinue: true } }]),
      chunk([
        {
          functionCall: {
            partialArgs: [{ jsonPath: '$.places[0].city', stringValue: 'Pa', willContinue: true }],
            willContinue: true,
          },
        },
      ]),
      chunk([
        {
          functionCall: {
            partialArgs: [
              { jsonPath: '$.places[0].city', stringValue: 'ris' },
              { jsonPath: "$['odd key']", boolValue: true },
              { jsonPath: '$.guests', numberValue: 2 },
              { jsonPath: '$.__proto__', nullValue: 'NULL_VALUE' },
            ],
            willContinue: true,
          },
        },
      ]),
      chunk([{ functionCall: {} }], { finishReason: 'STOP' }),
    )
    const [call] = answer.choices[0]!.content
    expect(call).toMatchObject({ type: 'tool-call', id: 'a', name: 'book' })
    expect(call?.type === 'tool-call' && call.input.kind === 'json' && 'text' in call.input ? call.input.text : '').toBe(
      '{"places":[{"city":"Paris"}],"odd key":true,"guests":2,"__proto__":null}',
    )
  })

  test('is refused where the prompt was, with the reason of the vendor', () => {
    const promptFeedback = {
      blockReason: 'SAFETY',
      safetyRatings: [{ category: 'HARM_CATEGORY_HARASSMENT', probability: 'HIGH' }],
    }
    const { answer, events } = read({ promptFeedback, modelVersion: 'gemini-3-pro' })
    expect(finishOf(answer)).toEqual({ unified: 'content-filter', raw: 'BLOCK:SAFETY', details: { promptFeedback } })
    expect(written(events).at(-1)).toMatchObject({ promptFeedback })
    expect(written(events).at(-1)).not.toHaveProperty('candidates')
  })

  test('names its sources where the text stands, in characters', () => {
    const { answer } = read(
      chunk([{ text: 'Zürich is large.' }], {
        finishReason: 'STOP',
        groundingMetadata: {
          groundingChunks: [{ web: { uri: 'https://a.example/', title: 'A' } }, { web: { uri: 'https://b.example/' } }],
          groundingSupports: [{ segment: { startIndex: 0, endIndex: 7, text: 'Zürich' }, groundingChunkIndices: [0] }],
        },
      }),
    )
    const [text, found] = answer.choices[0]!.content
    expect(text).toMatchObject({
      citations: [
        { kind: 'url', url: 'https://a.example/', title: 'A', citedText: 'Zürich', start: 0, end: 6 },
        { kind: 'url', url: 'https://b.example/' },
      ],
    })
    expect(found).toMatchObject({ type: 'hosted-tool-result', kind: 'grounding', origin: 'gemini' })
  })

  test('counts thoughts as output, and what its own tools read as input', () => {
    const { answer } = read({
      ...chunk([{ text: 'a' }], { finishReason: 'STOP' }),
      usageMetadata: {
        promptTokenCount: 10,
        toolUsePromptTokenCount: 5,
        candidatesTokenCount: 3,
        thoughtsTokenCount: 7,
        cachedContentTokenCount: 4,
        totalTokenCount: 25,
        promptTokensDetails: [
          { modality: 'TEXT', tokenCount: 8 },
          { modality: 'IMAGE', tokenCount: 2 },
        ],
      },
    })
    expect(answer.usage).toMatchObject({
      inputTokens: 15,
      outputTokens: 10,
      cacheReadTokens: 4,
      reasoningTokens: 7,
      toolPromptTokens: 5,
      inputByModality: { text: 8, image: 2 },
    })
  })

  test('that breaks off has failed, and one that fails in its middle says why', () => {
    const error = { error: { code: 503, status: 'UNAVAILABLE', message: 'Overloaded.' } }
    const failures = (...chunks: unknown[]): unknown[] =>
      read(...chunks).events.flatMap((event) => (event.type === 'error' ? [event.error] : []))
    expect(failures(chunk([{ text: 'a' }]))).toEqual([{ message: 'the upstream closed the stream before its end' }])
    expect(failures(chunk([{ text: 'a' }]), error)).toEqual([{ message: 'Overloaded.', status: 503, type: 'UNAVAILABLE' }])
    expect(failures([error])).toHaveLength(1)
    expect(failures('text')).toEqual([{ message: 'the upstream sent a frame that is no object' }])
  })

  test('may come whole as the list of its chunks', () => {
    const { value } = geminiCodec.decodeResponse([chunk([{ text: 'a' }]), chunk([{ text: 'b' }], { finishReason: 'STOP' })])
    expect(value.choices[0]?.content).toEqual([{ type: 'text', text: 'ab' }])
  })

  test.each([[{}], ['text'], [[]], [null]])('is none when it is %j', (body) => {
    expect(() => geminiCodec.decodeResponse(body)).toThrow('no answer')
  })
})

describe('an answer for a client', () => {
  const call = (id: string, signature?: string): StreamEvent[] => [
    {
      type: 'tool-call-start',
      block: 0,
      choice: 0,
      id,
      name: 'f',
      kind: 'json',
      ...(signature === undefined ? {} : { signature }),
    },
    { type: 'tool-call-delta', block: 0, text: '{"n"' },
    { type: 'tool-call-delta', block: 0, text: ':1}' },
    { type: 'tool-call-end', block: 0 },
  ]

  test('shows text as it comes and calls when they are whole, and ends with its reason', () => {
    const frames = written([
      { type: 'response-start', id: 'u1', model: 'm' },
      { type: 'text-start', block: 1, choice: 0 },
      { type: 'text-delta', block: 1, text: 'a' },
      { type: 'text-delta', block: 1, text: 'b' },
      { type: 'text-end', block: 1 },
      ...call('a'),
      { type: 'finish', choice: 0, reason: { unified: 'tool-calls', raw: 'tool_use' } },
      { type: 'usage', usage: { inputTokens: 3, outputTokens: 2 } },
      { type: 'end' },
    ])
    expect(partsOf(frames)).toEqual([
      { text: 'a' },
      { text: 'b' },
      { functionCall: { id: 'a', name: 'f', args: { n: 1 } } },
      { text: '' },
    ])
    expect(frames.at(-1)).toMatchObject({
      candidates: [{ finishReason: 'STOP', index: 0 }],
      usageMetadata: { promptTokenCount: 3, candidatesTokenCount: 2, totalTokenCount: 5 },
      modelVersion: 'shown',
      responseId: 'u1',
    })
  })

  test("of another vendor's model has the stand-in for a signature at its first call", () => {
    const context: ClientContext = { ...CONTEXT, upstreamFormat: 'anthropic' }
    const second = call('b').map((event) => ('block' in event ? { ...event, block: 1 } : event)) as StreamEvent[]
    const signatures = partsOf(written([...call('a'), ...second], context)).map(
      (part) => (part as JsonObject)['thoughtSignature'],
    )
    expect(signatures).toEqual(['skip_thought_signature_validator', undefined, undefined])
    const own = partsOf(written(call('a', 'real'), { ...CONTEXT, upstreamFormat: 'gemini' }))
    expect(own[0]).toMatchObject({ thoughtSignature: 'real' })
  })

  test("keeps another vendor's reasoning state in a signature that is base64, and gives it back", () => {
    const frames = written([
      { type: 'reasoning-start', block: 0, choice: 0 },
      { type: 'reasoning-delta', block: 0, text: 'Hm.', form: 'text' },
      { type: 'reasoning-state', block: 0, origin: 'anthropic', signature: 'sig' },
      { type: 'reasoning-end', block: 0 },
    ])
    const parts = partsOf(frames) as JsonObject[]
    const signature = String(parts[1]?.['thoughtSignature'])
    expect(Buffer.from(signature, 'base64').toString()).toBe(wrapState({ origin: 'anthropic', signature: 'sig' }))
    const urlAlphabet = signature.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
    for (const thoughtSignature of [signature, urlAlphabet]) {
      const contents = [{ role: 'model', parts: [{ text: 'Hm.', thought: true, thoughtSignature }] }]
      const { value } = geminiCodec.decodeRequest({ contents }, { model: 'm', stream: false })
      expect(value.messages[0]?.content[0]).toMatchObject({ origin: 'anthropic', text: 'Hm.', signature: 'sig' })
    }
  })

  test('that fails in its middle ends with an error of the format', () => {
    const frames = written([
      { type: 'text-start', block: 0, choice: 0 },
      { type: 'text-delta', block: 0, text: 'a' },
      { type: 'error', error: { message: 'Overloaded.', status: 529, type: 'overloaded_error' } },
    ])
    expect(frames.at(-1)).toEqual({ error: { code: 529, message: 'Overloaded.', status: 'UNAVAILABLE' } })
  })
})

describe('what a frame tells by itself', () => {
  const facts = (data: unknown): unknown => geminiCodec.inspectFrame({ event: undefined, data: JSON.stringify(data) })

  test('is its model, usage, reason and whether it calls', () => {
    expect(
      facts({ ...chunk([{ functionCall: { name: 'f' } }], { finishReason: 'STOP' }), usageMetadata: { promptTokenCount: 1 } }),
    ).toMatchObject({
      semantic: true,
      terminal: true,
      model: 'gemini-3-pro',
      calls: true,
      finish: { unified: 'tool-calls', raw: 'STOP' },
      usage: { inputTokens: 1 },
    })
    expect(facts(chunk([{ text: '' }]))).toMatchObject({ semantic: false, terminal: false })
    expect(facts({ error: { code: 400, message: 'x' } })).toMatchObject({ terminal: true, error: { status: 400 } })
  })

  test('is nothing where it cannot be read', () => {
    expect(geminiCodec.inspectFrame({ event: undefined, data: '{' })).toEqual({ semantic: false, terminal: false })
  })
})
