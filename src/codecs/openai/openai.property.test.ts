import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { StreamEvent } from '../../ir/stream-event.ts'
import { openaiLossColumn } from '../../catalog/loss/openai.ts'
import type { WireQuirks } from '../codec.ts'
import { ResponseCollector } from '../collect.ts'
import { openaiCodec } from './index.ts'

type Json = Record<string, unknown>

const ALL: WireQuirks = {
  maxTokensField: 'max_completion_tokens',
  developerRole: true,
  customTools: true,
  cacheControl: true,
  topK: true,
  reasoningField: 'reasoning_details',
}

const text = fc.string({ minLength: 1, maxLength: 8 })
const name = fc.stringMatching(/^[a-z][a-z0-9_]{0,11}$/)
const unknown = fc.record({ x_novel: fc.oneof(fc.integer(), text, fc.record({ deep: text })) }, { requiredKeys: [] })
const optional = (fields: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<Json> => fc.record(fields, { requiredKeys: [] })
const joined = (...parts: fc.Arbitrary<object>[]): fc.Arbitrary<Json> =>
  fc.tuple(...parts).map((objects) => Object.assign({}, ...objects) as Json)

const cache = optional({
  cache_control: fc.constantFrom<Json>(
    { type: 'ephemeral' },
    { type: 'ephemeral', ttl: '5m' },
    { type: 'ephemeral', ttl: '1h' },
    { type: 'novel' },
  ),
})
const textPart = joined(fc.record({ type: fc.constant('text'), text }), cache, unknown)
const userPart = fc.oneof(
  textPart,
  joined(
    fc.record({
      type: fc.constant('image_url'),
      image_url: joined(
        fc.record({ url: fc.constantFrom('https://x/y', 'data:image/png;base64,AAAA', 'data:text,x') }),
        optional({ detail: fc.constantFrom('low', 'high', 'auto') }),
        unknown,
      ),
    }),
    cache,
    unknown,
  ),
  joined(
    fc.record({
      type: fc.constant('input_audio'),
      input_audio: fc.record({ data: fc.constant('AAAA'), format: fc.constantFrom('wav', 'mp3') }),
    }),
    unknown,
  ),
  joined(
    fc.record({
      type: fc.constant('file'),
      file: fc.oneof(
        fc.record({ file_id: name }),
        fc.record({ file_data: fc.constant('data:application/pdf;base64,AA'), filename: name }),
      ),
    }),
    unknown,
  ),
  joined(fc.record({ type: fc.constant('hologram'), hologram: text })),
)
/** One plain text part is written as a string, so a list has two at least. */
const parts = <Part>(part: fc.Arbitrary<Part>): fc.Arbitrary<unknown> =>
  fc.oneof(text, fc.array(part, { minLength: 2, maxLength: 4 }))
const named = optional({ name })

const plainTurn = joined(
  fc.record({ role: fc.constantFrom('system', 'developer', 'user'), content: parts(textPart) }),
  named,
  unknown,
)
const userTurn = joined(fc.record({ role: fc.constant('user'), content: parts(userPart) }), named, unknown)
const answer = joined(
  fc.record({ role: fc.constant('assistant'), content: parts(textPart) }),
  named,
  optional({
    refusal: text,
    audio: fc.record({ id: name }),
    reasoning_details: fc.array(fc.record({ type: fc.constant('reasoning.text'), text }), { minLength: 1, maxLength: 2 }),
  }),
  unknown,
)
const toolTurns = fc
  .array(fc.tuple(fc.boolean(), name, text, parts(textPart), unknown), { minLength: 1, maxLength: 3 })
  .chain((calls) =>
    fc.nat().map((seed): Json[] => {
      const id = (index: number): string => `call_${seed}_${index}`
      const toolCalls = calls.map(([custom, tool, input], index) =>
        custom
          ? { id: id(index), type: 'custom', custom: { name: tool, input } }
          : { id: id(index), type: 'function', function: { name: tool, arguments: input } },
      )
      return [
        { role: 'assistant', content: null, tool_calls: toolCalls },
        ...calls.map(([, , , content, more], index) => ({ role: 'tool', tool_call_id: id(index), content, ...more })),
      ]
    }),
  )
const messages = fc
  .array(
    fc.oneof(
      plainTurn.map((turn) => [turn]),
      userTurn.map((turn) => [turn]),
      answer.map((turn) => [turn]),
      toolTurns,
    ),
    { minLength: 1, maxLength: 6 },
  )
  .map((turns) => turns.flat())

const tool = fc.oneof(
  joined(
    fc.record({
      type: fc.constant('function'),
      function: joined(
        fc.record({ name }),
        optional({ description: text, parameters: fc.constant({ type: 'object' }), strict: fc.boolean() }),
        unknown,
      ),
    }),
    cache,
    unknown,
  ),
  joined(
    fc.record({
      type: fc.constant('custom'),
      custom: joined(
        fc.record({ name }),
        optional({
          description: text,
          format: fc.constantFrom<Json>(
            { type: 'text' },
            { type: 'grammar', grammar: { syntax: 'lark', definition: 'g' } },
            { type: 'novel' },
          ),
        }),
      ),
    }),
  ),
  joined(fc.record({ type: fc.constant('web_search_preview'), x: text })),
)
const body = joined(
  fc.record({
    model: fc.constant('m'),
    messages,
    tools: fc.uniqueArray(tool, {
      minLength: 1,
      maxLength: 3,
      selector: (item) =>
        JSON.stringify(
          (item['function'] as Json | undefined)?.['name'] ?? (item['custom'] as Json | undefined)?.['name'] ?? item,
        ),
    }),
  }),
  optional({
    tool_choice: fc.constantFrom<unknown>(
      'auto',
      'none',
      'required',
      { type: 'function', function: { name: 'f' } },
      { type: 'novel', x: 1 },
    ),
    parallel_tool_calls: fc.boolean(),
    max_completion_tokens: fc.integer({ min: 1 }),
    temperature: fc.double({ min: 0, max: 2, noNaN: true, noDefaultInfinity: true }).filter((value) => !Object.is(value, -0)),
    top_k: fc.integer(),
    stop: fc.array(text, { minLength: 1, maxLength: 4 }),
    n: fc.integer({ min: 1, max: 4 }),
    logprobs: fc.boolean(),
    top_logprobs: fc.integer({ min: 0, max: 20 }),
    reasoning_effort: fc.constantFrom('none', 'low', 'max'),
    response_format: fc.constantFrom<Json>(
      { type: 'text' },
      { type: 'json_object' },
      { type: 'json_schema', json_schema: { name: 'n', schema: {} } },
      { type: 'grammar', grammar: 'g' },
    ),
    user: text,
    metadata: fc.dictionary(name, text),
    service_tier: fc.constantFrom('auto', 'on_demand'),
  }),
  unknown,
)

function leaves(value: unknown, path: string, visit: (path: string, leaf: unknown) => void): void {
  if (typeof value !== 'object' || value === null) visit(path, value)
  else
    for (const [key, inner] of Object.entries(value))
      leaves(inner, `${path}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`, visit)
}

describe('laws of requests', () => {
  test('a body that is decoded and encoded again is the same body', () => {
    fc.assert(
      fc.property(body, (input) => {
        const { value } = openaiCodec.decodeRequest(input)
        const encoded = openaiCodec.encodeRequest(value, { model: 'm', quirks: ALL, facts: {}, stream: false })
        expect(encoded.value).toEqual(input)
        expect(encoded.diagnostics).toEqual([])
      }),
      { numRuns: 300 },
    )
  })

  test('every leaf of the input is in the output or below the path of a diagnostic, which the loss column foresees', () => {
    fc.assert(
      fc.property(body, (input) => {
        const decoded = openaiCodec.decodeRequest(input)
        const encoded = openaiCodec.encodeRequest(decoded.value, { model: 'm', quirks: {}, facts: {}, stream: false })
        const diagnostics = [...decoded.diagnostics, ...encoded.diagnostics]
        for (const { code, severity } of diagnostics)
          expect(openaiLossColumn[code]).not.toBe(severity === 'lost' ? 'rewritten' : 'carried')
        const output = new Set<unknown>()
        leaves(encoded.value, '', (_path, leaf) => output.add(leaf))
        leaves(input, '', (path, leaf) => {
          const told = diagnostics.some((diagnostic) => path === diagnostic.path || path.startsWith(`${diagnostic.path}/`))
          if (!output.has(leaf) && !told) throw new Error(`${path} = ${JSON.stringify(leaf)} vanished`)
        })
      }),
      { numRuns: 300 },
    )
  })

  test('any JSON is either understood or refused as an invalid body, and never changed', () => {
    fc.assert(
      fc.property(
        fc.record({
          model: fc.jsonValue(),
          messages: fc.oneof(
            fc.jsonValue(),
            fc.array(
              fc.dictionary(
                fc.constantFrom('role', 'content', 'tool_calls', 'tool_call_id', 'name', '__proto__'),
                fc.oneof(fc.constantFrom('user', 'assistant', 'tool'), fc.jsonValue()),
              ),
            ),
          ),
          tools: fc.jsonValue(),
        }),
        (input) => {
          const before = JSON.stringify(input)
          try {
            const { value } = openaiCodec.decodeRequest(input)
            openaiCodec.encodeRequest(value, { model: 'm', quirks: {}, facts: {}, stream: true })
          } catch (error) {
            expect((error as { code?: string }).code).toBe('invalid_body')
          }
          expect(JSON.stringify(input)).toBe(before)
        },
      ),
      { numRuns: 500 },
    )
  })
})

const anyDelta = fc.oneof(
  optional({
    content: fc.oneof(text, fc.constant(''), fc.constant(null)),
    reasoning_content: text,
    role: fc.constant('assistant'),
  }),
  optional({
    reasoning: text,
    reasoning_details: fc.array(
      fc.record({ type: fc.constantFrom('reasoning.text', 'reasoning.encrypted'), text, index: fc.nat(1) }),
      { maxLength: 2 },
    ),
  }),
  fc.record({ refusal: text }),
  fc.record({
    tool_calls: fc.array(
      joined(optional({ index: fc.nat(2), id: fc.constantFrom('a', 'b', ''), function: optional({ name, arguments: text }) })),
      { maxLength: 2 },
    ),
  }),
  fc.record({ content: fc.array(fc.oneof(fc.record({ type: fc.constant('text'), text }), fc.jsonValue()), { maxLength: 2 }) }),
  fc.dictionary(name, fc.jsonValue()),
)
const anyChunk = fc.oneof(
  {
    weight: 8,
    arbitrary: joined(
      fc.record({
        id: fc.constant('chatcmpl-x'),
        choices: fc.array(
          joined(
            fc.record({ index: fc.nat(1), delta: anyDelta }),
            optional({ finish_reason: fc.constantFrom('stop', 'tool_calls', null, 'weird') }),
          ),
          { maxLength: 2 },
        ),
      }),
      optional({ usage: fc.constant({ prompt_tokens: 1, completion_tokens: 2 }), x_novel: text, error: fc.constant(null) }),
    ),
  },
  { weight: 1, arbitrary: fc.jsonValue() },
)

const decode = (chunks: readonly unknown[]): StreamEvent[] => {
  const decoder = openaiCodec.createStreamDecoder()
  const events: StreamEvent[] = []
  for (const chunk of chunks)
    decoder.push({ event: undefined, data: typeof chunk === 'string' ? chunk : JSON.stringify(chunk) }, (event) =>
      events.push(event),
    )
  decoder.end((event) => events.push(event))
  return events
}

const collect = (events: StreamEvent[]): unknown => {
  const collector = new ResponseCollector()
  for (const event of events) collector.push(event)
  const { choices, usage } = collector.finish()
  return {
    usage: [usage?.inputTokens, usage?.outputTokens],
    choices: choices
      .filter((choice) => choice.content.length > 0)
      .map((choice) => ({
        text: choice.content.flatMap((part) => (part.type === 'text' ? part.text : [])).join(''),
        calls: choice.content.filter((part) => part.type === 'tool-call').map((part) => [part.id, part.name, part.input]),
        refusal: choice.content.flatMap((part) => (part.type === 'refusal' ? part.text : [])).join(''),
      })),
  }
}

describe('laws of streams', () => {
  test('whatever comes, blocks start once in order, end once, and nothing follows the end', () => {
    fc.assert(
      fc.property(fc.array(anyChunk, { maxLength: 12 }), fc.boolean(), (chunks, done) => {
        const events = decode(done ? [...chunks, '[DONE]'] : chunks)
        const open = new Set<number>()
        let next = 0
        for (const [at, event] of events.entries()) {
          if (event.type === 'end' || event.type === 'error') expect(at).toBe(events.length - 1)
          if (event.type.endsWith('-start') && 'block' in event) {
            expect(event.block).toBe(next++)
            open.add(event.block)
          } else if (event.type === 'part') expect(event.block).toBe(next++)
          else if (event.type.endsWith('-end') && 'block' in event) expect(open.delete(event.block)).toBe(true)
          else if ('block' in event) expect(open.has(event.block)).toBe(true)
        }
        expect(['end', 'error']).toContain(events.at(-1)?.type as string)
        if (events.at(-1)?.type === 'end') expect(open.size).toBe(0)
      }),
      { numRuns: 500 },
    )
  })

  test('what is written for a client reads as the same text, calls, reasons and usage', () => {
    fc.assert(
      fc.property(
        fc.array(
          anyChunk.filter(
            (chunk) => typeof chunk === 'object' && chunk !== null && !Array.isArray(chunk) && Array.isArray(chunk['choices']),
          ),
          { maxLength: 12 },
        ),
        (chunks) => {
          const events = decode([...chunks, '[DONE]'])
          const encoder = openaiCodec.createStreamEncoder({
            requestId: '0',
            model: 'm',
            createdAt: 1,
            request: { model: 'm', messages: [], sampling: {}, stream: true, includeUsage: true },
          })
          const frames: string[] = []
          for (const event of events) encoder.write(event, (_event, data) => frames.push(data))
          encoder.end((_event, data) => frames.push(data))
          expect(collect(decode(frames))).toEqual(collect(events))
        },
      ),
      { numRuns: 300 },
    )
  })
})
