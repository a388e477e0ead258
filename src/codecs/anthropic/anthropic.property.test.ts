import { expect, test } from 'bun:test'
import fc from 'fast-check'
import type { Diagnostic } from '../../ir/diagnostic.ts'
import { isObject, type JsonObject } from '../../ir/json.ts'
import type { StreamEvent } from '../../ir/stream-event.ts'
import { SseParser } from '../../lib/sse-parser.ts'
import type { ClientContext, WireQuirks } from '../codec.ts'
import { anthropicCodec } from './index.ts'

const word = fc.string({ minLength: 1, maxLength: 8 }).map((value) => `w${value}w`)
const marker = fc.option(fc.constantFrom({ type: 'ephemeral' }, { type: 'ephemeral', ttl: '1h' }), { nil: undefined, freq: 8 })
const extra = fc.option(fc.tuple(fc.constantFrom('newer', 'a/b', '__proto__', 'constructor'), word), { nil: undefined, freq: 6 })

/** A block with, sometimes, a marker and a field nobody knows yet. Undefined fields are left out. */
const blockOf = (fields: Record<string, fc.Arbitrary<unknown>>, type: string, canCache = true) =>
  fc.tuple(fc.record(fields), canCache ? marker : fc.constant(undefined), extra).map(([values, cache, unknown]) => {
    const entries: [string, unknown][] = [['type', type], ...Object.entries(values)]
    if (cache !== undefined) entries.push(['cache_control', cache])
    if (unknown !== undefined) entries.push(unknown)
    return Object.fromEntries(entries.filter(([, value]) => value !== undefined))
  })

const textBlock = blockOf({ text: word }, 'text')
const image = blockOf(
  {
    source: fc.oneof(
      fc.record({ type: fc.constant('url'), url: word }),
      fc.record({ type: fc.constant('base64'), media_type: fc.constant('image/png'), data: word }),
      fc.record({ type: fc.constant('file'), file_id: word }),
    ),
  },
  'image',
)
const document = blockOf(
  {
    source: fc.record({ type: fc.constant('text'), media_type: fc.constant('text/plain'), data: word }),
    title: fc.option(word, { nil: undefined }),
    citations: fc.option(fc.record({ enabled: fc.boolean() }), { nil: undefined }),
  },
  'document',
)
const thinking = fc.oneof(
  blockOf({ thinking: fc.string(), signature: word }, 'thinking', false),
  blockOf({ data: word }, 'redacted_thinking', false),
)
const hosted = blockOf({ id: word, name: word, input: fc.dictionary(word, fc.jsonValue({ maxDepth: 1 })) }, 'server_tool_use')
const unknownBlock = blockOf({ payload: fc.jsonValue({ maxDepth: 1 }) }, 'brand_new')
const userContent = fc.array(fc.oneof(textBlock, image, document, unknownBlock), { minLength: 1, maxLength: 3 })

/** A user turn, an answer with calls, their results in any order before more text. */
const exchange = fc.record({
  asked: fc.oneof(word, userContent),
  thoughts: fc.array(thinking, { maxLength: 2 }),
  said: fc.array(fc.oneof(textBlock, hosted), { minLength: 1, maxLength: 2 }),
  calls: fc.array(
    fc.tuple(
      fc.stringMatching(/^[a-zA-Z0-9_-]{1,80}$/),
      fc.dictionary(word, fc.jsonValue({ maxDepth: 1 })),
      fc.boolean(),
      fc.oneof(word, fc.array(fc.oneof(textBlock, image), { minLength: 1, maxLength: 2 })),
    ),
    { minLength: 1, maxLength: 3 },
  ),
  shuffled: fc.boolean(),
  after: fc.array(textBlock, { maxLength: 1 }),
})

function turns(exchanges: readonly (typeof exchange extends fc.Arbitrary<infer Value> ? Value : never)[]): JsonObject[] {
  return exchanges.flatMap((value, turn) => {
    const uses = value.calls.map(([name, input], index) => ({ type: 'tool_use', id: `toolu_${turn}_${index}`, name, input }))
    const results = value.calls.map(([, , failed, content], index) => ({
      type: 'tool_result',
      tool_use_id: `toolu_${turn}_${index}`,
      content,
      is_error: failed,
    }))
    if (value.shuffled) results.reverse()
    return [
      { role: 'user', content: value.asked },
      { role: 'assistant', content: [...value.thoughts, ...value.said, ...uses] },
      { role: 'user', content: [...results, ...value.after] },
      { role: 'assistant', content: 'done' },
    ]
  })
}

const body = fc
  .record({
    exchanges: fc.array(exchange, { minLength: 1, maxLength: 2 }),
    system: fc.option(fc.oneof(word, fc.array(textBlock, { minLength: 1, maxLength: 2 })), { nil: undefined }),
    limit: fc.integer({ min: 1, max: 64_000 }),
    temperature: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: undefined }),
    unknown: extra,
    vendor: fc.option(fc.record({ edits: fc.array(word) }), { nil: undefined }),
  })
  .map(({ exchanges, system, limit, temperature, unknown, vendor }) => {
    const entries: [string, unknown][] = [
      ['model', 'm'],
      ['max_tokens', limit],
      ['messages', turns(exchanges)],
    ]
    if (system !== undefined) entries.push(['system', system])
    if (temperature !== undefined) entries.push(['temperature', temperature === 0 ? 0 : temperature])
    if (vendor !== undefined) entries.push(['context_management', vendor])
    if (unknown !== undefined) entries.push(unknown)
    return Object.fromEntries(entries)
  })

function encodeAgain(value: JsonObject, quirks: WireQuirks): { encoded: JsonObject; diagnostics: Diagnostic[] } {
  const decoded = anthropicCodec.decodeRequest(value)
  const { value: encoded, diagnostics } = anthropicCodec.encodeRequest(decoded.value, {
    model: 'm',
    quirks,
    facts: {},
    stream: false,
  })
  return { encoded, diagnostics }
}

function* leaves(value: unknown, path = ''): Generator<[string, unknown]> {
  if (Array.isArray(value)) for (const [index, item] of value.entries()) yield* leaves(item, `${path}/${index}`)
  else if (isObject(value))
    for (const key of Object.keys(value)) yield* leaves(value[key], `${path}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`)
  else yield [path, value]
}

const markersIn = (value: JsonObject): number =>
  [...leaves(value)].filter(([path, leaf]) => path.endsWith('/cache_control/type') && leaf === 'ephemeral').length

test('a valid body with at most four markers comes back as it was', () => {
  fc.assert(
    fc.property(body, (value) => {
      fc.pre(markersIn(value) <= 4)
      const before = JSON.stringify(value)
      const { encoded, diagnostics } = encodeAgain(value, { firstParty: true })
      expect(diagnostics).toEqual([])
      expect(encoded).toEqual(value)
      expect(JSON.stringify(value)).toBe(before)
    }),
    { numRuns: 200 },
  )
})

test('every leaf of the input is in the output or covered by a diagnostic, also for servers that know less', () => {
  fc.assert(
    fc.property(body, (value) => {
      const { encoded, diagnostics } = encodeAgain(value, {})
      const kept = new Map<unknown, number>()
      for (const [, leaf] of leaves(encoded)) kept.set(leaf, (kept.get(leaf) ?? 0) + 1)
      for (const [path, leaf] of leaves(value)) {
        const covered = diagnostics.some((diagnostic) => path === diagnostic.path || path.startsWith(`${diagnostic.path}/`))
        if (!covered) expect([path, kept.has(leaf)]).toEqual([path, true])
      }
    }),
    { numRuns: 200 },
  )
})

const CONTEXT: ClientContext = {
  requestId: '0'.repeat(32),
  model: 'shown',
  createdAt: 0,
  request: { model: 'm', messages: [], sampling: {}, stream: true },
}

/** Blocks of any kind whose events interleave freely. */
const interleaved = fc
  .array(
    fc.tuple(
      fc.constantFrom('text', 'reasoning', 'tool-call'),
      fc.array(fc.string({ minLength: 1, unit: 'grapheme' }), { minLength: 1, maxLength: 4 }),
    ),
    { minLength: 1, maxLength: 4 },
  )
  .chain((blocks) => {
    const order = blocks.flatMap(([, pieces], block) => Array.from({ length: pieces.length + 2 }, () => block))
    return fc.tuple(fc.constant(blocks), fc.shuffledSubarray(order, { minLength: order.length }))
  })

function eventsOf(blocks: readonly (readonly [string, readonly string[]])[], order: readonly number[]): StreamEvent[] {
  const queues = blocks.map(([kind, pieces], block): StreamEvent[] => {
    const json = JSON.stringify({ text: pieces.join('') })
    const cut = Math.ceil(json.length / pieces.length)
    if (kind === 'tool-call')
      return [
        { type: 'tool-call-start', block, choice: 0, id: `c${block}`, name: 'f', kind: 'json' },
        ...pieces.map((_piece, index): StreamEvent => ({
          type: 'tool-call-delta',
          block,
          text: json.slice(index * cut, (index + 1) * cut),
        })),
        { type: 'tool-call-end', block },
      ]
    if (kind === 'reasoning')
      return [
        { type: 'reasoning-start', block, choice: 0 },
        ...pieces.map((text): StreamEvent => ({ type: 'reasoning-delta', block, text, form: 'text' })),
        { type: 'reasoning-end', block },
      ]
    return [
      { type: 'text-start', block, choice: 0 },
      ...pieces.map((text): StreamEvent => ({ type: 'text-delta', block, text })),
      { type: 'text-end', block },
    ]
  })
  return order.map((block) => queues[block]?.shift()).filter((event) => event !== undefined)
}

test('whatever blocks interleave, the client reads each whole, and cutting the bytes anywhere changes nothing', () => {
  fc.assert(
    fc.property(interleaved, fc.integer({ min: 1, max: 40 }), ([blocks, order], chunk) => {
      const encoder = anthropicCodec.createStreamEncoder(CONTEXT)
      const frames: string[] = []
      const write = (event: string | undefined, data: string): void => void frames.push(`event: ${event}\ndata: ${data}\n\n`)
      for (const event of eventsOf(blocks, order)) encoder.write(event, write)
      encoder.end(write)
      const bytes = Buffer.from(frames.join(''))
      const read = (size: number): StreamEvent[] => {
        const events: StreamEvent[] = []
        const decoder = anthropicCodec.createStreamDecoder()
        const parser = new SseParser()
        for (let at = 0; at < bytes.length; at += size)
          parser.push(bytes.subarray(at, at + size), (frame) => decoder.push(frame, (event) => events.push(event)))
        decoder.end((event) => events.push(event))
        return events
      }
      const events = read(bytes.length)
      expect(read(chunk)).toEqual(events)
      expect(events.at(-1)).toEqual({ type: 'end' })
      const texts = new Map<number, string>()
      for (const event of events)
        if (event.type === 'text-delta' || event.type === 'reasoning-delta' || event.type === 'tool-call-delta')
          texts.set(event.block, (texts.get(event.block) ?? '') + event.text)
      const expected = blocks.map(([kind, pieces]) =>
        kind === 'tool-call' ? JSON.stringify({ text: pieces.join('') }) : pieces.join(''),
      )
      expect([...texts.values()].sort()).toEqual(expected.sort())
    }),
    { numRuns: 200 },
  )
})
