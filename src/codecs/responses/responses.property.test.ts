import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { responsesCodec } from './index.ts'
import { collect, contextOf, decodeStream, encodeStream, EVERYTHING, TARGET, wire, withoutAbsent } from './test-support.ts'

const id = fc.string({
  minLength: 1,
  maxLength: 12,
  unit: fc.constantFrom('a', 'b', 'c', 'X', 'Y', 'Z', '0', '1', '9', '_', '-'),
})
const extra = fc.dictionary(
  fc.string({ minLength: 1, maxLength: 6 }).map((key) => `x_${key}`),
  fc.jsonValue().filter((value) => value !== null),
  { maxKeys: 2 },
)
const withExtra = (part: fc.Arbitrary<Record<string, unknown>>): fc.Arbitrary<Record<string, unknown>> =>
  fc.tuple(part, extra).map(([known, unknown]) => ({ ...unknown, ...known }))

const inputPart = withExtra(
  fc.oneof(
    fc.record({ type: fc.constant('input_text'), text: fc.string() }),
    fc.record({
      type: fc.constant('input_image'),
      image_url: fc.constantFrom('https://x.example/i', 'data:image/png;base64,AA', 'data:text/plain,hi'),
      detail: fc.constantFrom('auto', 'low'),
    }),
    fc.record({ type: fc.constant('input_file'), file_id: id }),
  ),
)
const output = fc.oneof(fc.string(), fc.array(inputPart, { minLength: 1, maxLength: 3 }))
const item = withExtra(
  fc.oneof(
    fc.record({
      type: fc.constant('message'),
      role: fc.constantFrom('user', 'system', 'developer'),
      content: fc.oneof(fc.string(), fc.array(inputPart, { maxLength: 3 })),
    }),
    fc.record({
      type: fc.constant('message'),
      role: fc.constant('assistant'),
      id: id.map((value) => `msg_${value}`),
      status: fc.constant('completed'),
      content: fc.array(
        withExtra(
          fc.record({
            type: fc.constant('output_text'),
            text: fc.string(),
            annotations: fc.constant([]),
            logprobs: fc.constant([]),
          }),
        ),
        { maxLength: 3 },
      ),
    }),
    fc.record({ type: fc.constant('message'), role: fc.constant('assistant'), content: fc.string() }),
    fc.record({
      type: fc.constant('reasoning'),
      id: id,
      summary: fc.array(fc.record({ type: fc.constant('summary_text'), text: fc.string() })),
      encrypted_content: fc.string(),
    }),
    fc.record({ type: fc.constant('function_call'), call_id: id, name: id, arguments: fc.json() }),
    fc.record({ type: fc.constant('function_call_output'), call_id: id, output }),
    fc.record({ type: fc.constant('custom_tool_call'), call_id: id, name: id, input: fc.string() }),
    fc.record({ type: fc.constant('custom_tool_call_output'), call_id: id, output }),
    fc.record({ type: fc.constantFrom('web_search_call', 'mcp_call', 'shell_call_output', 'novel'), id }),
  ),
)
const body = withExtra(
  fc.record({
    model: fc.constant('gpt-x'),
    input: fc.array(item, { maxLength: 8 }),
    temperature: fc.double({ noNaN: true, min: 0, max: 2 }),
  }),
)

/** An answer without what its two encodings may tell differently. */
function bare(content: unknown): unknown {
  return JSON.parse(JSON.stringify(withoutAbsent(content)), (key, value: unknown) =>
    ['path', 'status', 'logprobs', 'extra'].includes(key) ? undefined : value,
  )
}

describe('laws of the Responses codec', () => {
  test('a request that is decoded and encoded is the same request', () => {
    fc.assert(
      fc.property(body, (original) => {
        const { value, diagnostics } = responsesCodec.encodeRequest(responsesCodec.decodeRequest(original).value, TARGET)
        expect(diagnostics).toEqual([])
        expect(withoutAbsent(JSON.parse(JSON.stringify(value)))).toEqual(withoutAbsent(JSON.parse(JSON.stringify(original))))
      }),
    )
  })

  test('any JSON at all is decoded or refused as an invalid body', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (input, tools) => {
        try {
          responsesCodec.decodeRequest({ model: 'm', input, tools })
        } catch (error) {
          expect(error).toMatchObject({ code: 'invalid_body' })
        }
      }),
    )
  })

  test('any order, loss or repetition of frames gives balanced blocks and exactly one end or error', () => {
    const frames = wire(encodeStream(EVERYTHING))
    fc.assert(
      fc.property(fc.array(fc.nat(frames.length - 1), { maxLength: 60 }), (picks) => {
        const events = decodeStream(picks.map((pick) => frames[pick]!))
        expect(events.filter((event) => event.type === 'end' || event.type === 'error')).toHaveLength(1)
        const open = new Set<number>()
        for (const event of events) {
          if (event.type.endsWith('-start') && 'block' in event) {
            expect(open.has(event.block)).toBe(false)
            open.add(event.block)
          } else if (event.type.endsWith('-end') && 'block' in event) expect(open.delete(event.block)).toBe(true)
          else if (event.type.endsWith('-delta') && 'block' in event) expect(open.has(event.block)).toBe(true)
        }
        if (events.at(-1)?.type === 'end') expect(open.size).toBe(0)
      }),
    )
  })

  test('an answer that is streamed to a client and read again is the same answer', () => {
    const frames = encodeStream(EVERYTHING)
    const read = collect(decodeStream(wire(frames))).response
    const closing = responsesCodec.decodeResponse(frames.at(-1)?.data['response']).value
    expect(bare(read.choices)).toEqual(bare(closing.choices))
    expect(withoutAbsent(read.usage)).toEqual(withoutAbsent(closing.usage))
  })

  test('inspecting never throws and sees what the decoder sees', () => {
    fc.assert(
      fc.property(fc.string(), fc.jsonValue(), (text, value) => {
        responsesCodec.inspectFrame({ event: undefined, data: text })
        responsesCodec.inspectFrame({ event: 'response.completed', data: JSON.stringify(value) })
        responsesCodec.inspectResponse(value)
        responsesCodec.decodeError(500, value)
      }),
    )
    const facts = wire(encodeStream(EVERYTHING, contextOf())).map((frame) => responsesCodec.inspectFrame(frame))
    expect(facts.map((fact) => fact.terminal).indexOf(true)).toBe(facts.length - 1)
    expect(facts.findIndex((fact) => fact.semantic)).toBe(2)
    expect(facts.at(-1)).toMatchObject({
      model: 'gpt-x',
      usage: { inputTokens: 10, outputTokens: 4 },
      finish: { unified: 'tool-calls' },
    })
  })
})
