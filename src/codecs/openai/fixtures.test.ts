import { describe, expect, test } from 'bun:test'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type { LlmResponse } from '../../ir/response.ts'
import type { StreamEvent } from '../../ir/stream-event.ts'
import { SseParser } from '../../lib/sse-parser.ts'
import { ResponseCollector } from '../collect.ts'
import { openaiCodec } from './index.ts'

const SHARED = path.resolve(import.meta.dir, '../../../../shared')
const INDEX = path.join(SHARED, 'fixtures/index.json')

interface Entry {
  readonly id: string
  readonly api: string
  readonly mode: 'json' | 'stream'
  readonly file: string
  readonly expected: string
}

interface Facts {
  readonly text: string
  readonly refusal: string
  readonly reasoning: string
  readonly toolCalls: { readonly id: string; readonly name: string; readonly argumentsJson: string }[]
  readonly usage: {
    readonly input: number
    readonly output: number
    readonly cachedInput: number
    readonly reasoning: number
    readonly outputAccept?: number[]
  } | null
  readonly finish: string
  readonly nativeFinish: string
  readonly model: string
}

const read = (file: string): Buffer => readFileSync(path.join(SHARED, 'fixtures', file))
const json = (file: string): unknown => JSON.parse(read(file).toString())
const entries = existsSync(INDEX)
  ? (JSON.parse(readFileSync(INDEX, 'utf8')) as Entry[]).filter((entry) => entry.api === 'openai-chat')
  : []

function decodeStream(bytes: Uint8Array, cut?: number): { response: LlmResponse; events: StreamEvent[] } {
  const decoder = openaiCodec.createStreamDecoder()
  const collector = new ResponseCollector()
  const events: StreamEvent[] = []
  const emit = (event: StreamEvent): void => {
    events.push(event)
    collector.push(event)
  }
  const parser = new SseParser()
  for (const piece of cut === undefined ? [bytes] : [bytes.subarray(0, cut), bytes.subarray(cut)])
    parser.push(piece, (frame) => decoder.push(frame, emit))
  parser.end((frame) => decoder.push(frame, emit))
  decoder.end(emit)
  expect(collector.failure).toBeUndefined()
  return { response: collector.finish(), events }
}

function expectFacts(response: LlmResponse, facts: Facts): void {
  const content = response.choices[0]?.content ?? []
  const texts = (type: 'text' | 'refusal' | 'reasoning'): string =>
    content.map((part) => (part.type === type ? (part.text ?? '') : '')).join('')
  expect(texts('text')).toBe(facts.text)
  expect(texts('refusal')).toBe(facts.refusal)
  expect(texts('reasoning')).toBe(facts.reasoning)
  expect(
    content
      .filter((part) => part.type === 'tool-call')
      .map((part) => ({ id: part.id, name: part.name, argumentsJson: part.input.kind === 'json' ? part.input.text : undefined })),
  ).toEqual(facts.toolCalls)
  expect(response.choices[0]?.finish.unified.replace('-', '_')).toBe(facts.finish)
  if (facts.usage === null) return
  expect(response.usage?.inputTokens).toBe(facts.usage.input)
  expect(facts.usage.outputAccept ?? [facts.usage.output]).toContain(response.usage?.outputTokens as number)
  expect(response.usage?.cacheReadTokens ?? 0).toBe(facts.usage.cachedInput)
  expect(response.usage?.reasoningTokens ?? 0).toBe(facts.usage.reasoning)
}

describe.skipIf(entries.length === 0)('recorded answers of real servers (needs ../shared/fixtures)', () => {
  const context = {
    requestId: '0'.repeat(32),
    model: 'm',
    createdAt: 1,
    request: { model: 'm', messages: [], sampling: {}, stream: true, includeUsage: true },
  }

  test.each(entries.map((entry) => [entry.id, entry] as const))(
    '%s gives the expected facts, and again after it was written for a client',
    (_id, entry) => {
      const facts = json(entry.expected) as Facts
      const streamed = entry.mode === 'stream' ? decodeStream(read(entry.file)) : undefined
      const response = streamed?.response ?? openaiCodec.decodeResponse(json(entry.file)).value
      expectFacts(response, facts)
      expect(response.model).toBe(facts.model)
      expect(response.choices[0]?.finish.raw).toBe(facts.nativeFinish)
      expectFacts(
        openaiCodec.decodeResponse(JSON.parse(JSON.stringify(openaiCodec.encodeResponse(response, context).value))).value,
        facts,
      )
      if (streamed === undefined) return
      const encoder = openaiCodec.createStreamEncoder(context)
      const frames: string[] = []
      for (const event of streamed.events) encoder.write(event, (_event, data) => frames.push(data))
      encoder.end((_event, data) => frames.push(data))
      expectFacts(decodeStream(Buffer.from(frames.map((data) => `data: ${data}\n\n`).join(''))).response, facts)
    },
  )

  test('a stream gives the same answer wherever it is cut', () => {
    for (const entry of entries.filter((candidate) => candidate.mode === 'stream')) {
      const bytes = read(entry.file).subarray(0, 6000)
      const whole = Buffer.concat([bytes.subarray(0, bytes.lastIndexOf('\n\n') + 2), Buffer.from('data: [DONE]\n\n')])
      const { response } = decodeStream(whole)
      for (let cut = 1; cut < whole.length; cut += 7) expect(decodeStream(whole, cut).response).toEqual(response)
    }
  })
})

const captures = path.join(SHARED, 'captures')
const files = existsSync(captures) ? readdirSync(captures).filter((file) => file.startsWith('opencode-chat')) : []

describe.skipIf(files.length === 0)('requests of real clients (needs ../shared/captures)', () => {
  test.each(files)('%s comes back unchanged', (file) => {
    const capture = JSON.parse(readFileSync(path.join(captures, file), 'utf8')) as { body: Record<string, unknown> | string }
    const body = typeof capture.body === 'string' ? (JSON.parse(capture.body) as Record<string, unknown>) : capture.body
    const { value, diagnostics } = openaiCodec.decodeRequest(body)
    const encoded = openaiCodec.encodeRequest(value, { model: value.model, quirks: {}, facts: {}, stream: value.stream })
    expect([...diagnostics, ...encoded.diagnostics]).toEqual([])
    expect(encoded.value).toEqual(body)
  })
})
