import { describe, expect, test } from 'bun:test'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type { ContentPart } from '../../ir/content.ts'
import type { JsonObject } from '../../ir/json.ts'
import type { LlmResponse } from '../../ir/response.ts'
import { SseParser } from '../../lib/sse-parser.ts'
import { ResponseCollector } from '../collect.ts'
import type { ClientContext } from '../codec.ts'
import { toolInputText } from '../tool-input.ts'
import { anthropicCodec } from './index.ts'

const SHARED = path.resolve(import.meta.dir, '../../../../shared')
const FIXTURES = path.join(SHARED, 'fixtures')
const CAPTURES = path.join(SHARED, 'captures')

interface Expected {
  text: string
  reasoning: string
  reasoningSignature: boolean
  toolCalls: { id: string; name: string; argumentsJson: string }[]
  serverTools: string[]
  citations: number
  usage: { input: number; output: number; cachedInput: number; cacheWrite: number; reasoning: number }
  finish: string | null
  finishAccept: string[] | null
  nativeFinish: string | null
  model: string
}

const FINISH: Record<string, string> = {
  stop: 'stop',
  length: 'length',
  'tool-calls': 'tool_calls',
  refusal: 'content_filter',
  'content-filter': 'content_filter',
}
const CONTEXT: ClientContext = {
  requestId: '0123456789abcdef0123456789abcdef',
  model: 'shown',
  createdAt: 0,
  request: { model: 'shown', messages: [], sampling: {}, stream: true },
  estimatedInputTokens: 7,
}

const json = (file: string): JsonObject => JSON.parse(readFileSync(file, 'utf8')) as JsonObject

function textOf(response: LlmResponse, type: 'text' | 'reasoning'): string {
  return (response.choices[0]?.content ?? []).map((part) => (part.type === type ? (part.text ?? '') : '')).join('')
}

function serverTool(part: ContentPart): string[] {
  if (part.type !== 'hosted-tool-call' && part.type !== 'hosted-tool-result') return []
  return [part.type === 'hosted-tool-call' ? `server_tool_use:${part.kind}` : String(part.raw['type'])]
}

function expectFacts(response: LlmResponse, expected: Expected): void {
  const content = response.choices[0]?.content ?? []
  expect(textOf(response, 'text')).toBe(expected.text)
  expect(textOf(response, 'reasoning')).toBe(expected.reasoning)
  expect(content.some((part) => part.type === 'reasoning' && part.signature !== undefined)).toBe(expected.reasoningSignature)
  expect(content.flatMap(serverTool)).toEqual(expected.serverTools)
  const calls = content.filter((part) => part.type === 'tool-call')
  // The fixtures do not count calls that stand whole inside `message_start`; they are part of the answer all the same.
  if (expected.nativeFinish !== null) {
    expect(calls.map((call) => [call.id, call.name, JSON.parse(toolInputText(call.input)) as unknown])).toEqual(
      expected.toolCalls.map((call) => [call.id, call.name, JSON.parse(call.argumentsJson) as unknown]),
    )
    const finish = response.choices[0]?.finish
    expect(expected.finishAccept ?? [expected.finish]).toContain(FINISH[finish?.unified ?? ''] ?? '')
    expect(finish?.raw).toBe(expected.nativeFinish)
  }
  expect(response.usage?.inputTokens).toBe(expected.usage.input)
  expect(response.usage?.outputTokens).toBe(expected.usage.output)
  expect(response.usage?.cacheReadTokens ?? 0).toBe(expected.usage.cachedInput)
  expect(response.usage?.cacheWriteTokens ?? 0).toBe(expected.usage.cacheWrite)
  expect(response.usage?.reasoningTokens ?? 0).toBe(expected.usage.reasoning)
  expect(response.model).toBe(expected.model)
}

function decodeStream(bytes: Uint8Array, chunk: number): LlmResponse {
  const parser = new SseParser()
  const decoder = anthropicCodec.createStreamDecoder()
  const collector = new ResponseCollector()
  for (let at = 0; at < bytes.length; at += chunk)
    parser.push(bytes.subarray(at, at + chunk), (frame) => decoder.push(frame, collector.push))
  parser.end((frame) => decoder.push(frame, collector.push))
  decoder.end(collector.push)
  expect(collector.failure).toBeUndefined()
  return collector.finish()
}

/** Decoded, shown to a client of this format, and decoded again. */
function throughClient(bytes: Uint8Array): LlmResponse {
  const encoder = anthropicCodec.createStreamEncoder(CONTEXT)
  const frames: string[] = []
  const write = (event: string | undefined, data: string): void => void frames.push(`event: ${event}\ndata: ${data}\n\n`)
  const parser = new SseParser()
  const decoder = anthropicCodec.createStreamDecoder()
  parser.push(bytes, (frame) => decoder.push(frame, (event) => encoder.write(event, write)))
  parser.end((frame) => decoder.push(frame, (event) => encoder.write(event, write)))
  decoder.end((event) => encoder.write(event, write))
  encoder.end(write)
  expect(encoder.diagnostics).toEqual([])
  return decodeStream(Buffer.from(frames.join('')), 1000)
}

const providers = existsSync(FIXTURES)
  ? readdirSync(FIXTURES, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  : []
const cases = providers.flatMap((provider) =>
  readdirSync(path.join(FIXTURES, provider.name))
    .filter((file) => file.endsWith('.expected.json'))
    .map((file) => path.join(FIXTURES, provider.name, file)),
)
const anthropicCases = cases.filter((file) => json(file)['api'] === 'anthropic')

describe.skipIf(anthropicCases.length === 0)('recorded answers (skipped without ../shared/fixtures)', () => {
  for (const file of anthropicCases) {
    const expected = json(file) as unknown as Expected & { mode: string; id: string }
    const source = file.replace('.expected.json', expected.mode === 'stream' ? '.sse' : '.json')
    test(`keep their facts: ${expected.id}`, () => {
      if (expected.mode === 'stream') {
        const bytes = readFileSync(source)
        const whole = decodeStream(bytes, bytes.length)
        expectFacts(whole, expected)
        expect(decodeStream(bytes, 7)).toEqual(whole)
        expectFacts({ ...throughClient(bytes), model: expected.model }, expected)
      } else {
        const body = json(source)
        const { value, diagnostics } = anthropicCodec.decodeResponse(body)
        expect(diagnostics).toEqual([])
        expectFacts(value, expected)
        const encoded = anthropicCodec.encodeResponse(value, { ...CONTEXT, model: String(body['model']) })
        expect(encoded.diagnostics).toEqual([])
        // Usage differs by nulls and by what has no canonical field; a null `stop_details` says nothing.
        const shown = { ...encoded.value, usage: undefined }
        expect(shown).toEqual({
          ...body,
          usage: undefined,
          ...(body['stop_details'] === null ? { stop_details: undefined } : {}),
        })
        expect(encoded.value['usage']).toMatchObject({
          input_tokens: (body['usage'] as JsonObject)['input_tokens'],
          output_tokens: expected.usage.output,
        })
      }
    })
  }
})

describe.skipIf(!existsSync(CAPTURES))('requests of real clients (skipped without ../shared/captures)', () => {
  const captures = existsSync(CAPTURES)
    ? readdirSync(CAPTURES).filter((file) => String(json(path.join(CAPTURES, file))['url']).includes('/v1/messages'))
    : []
  for (const file of captures) {
    test(`come back as they were: ${file}`, () => {
      const captured = json(path.join(CAPTURES, file))['body']
      const body = (typeof captured === 'string' ? JSON.parse(captured) : captured) as JsonObject
      const { value } = anthropicCodec.decodeRequest(body)
      const encoded = anthropicCodec.encodeRequest(value, {
        model: value.model,
        quirks: { firstParty: true },
        facts: {},
        stream: value.stream,
      })
      const { max_tokens: limit, ...rest } = encoded.value
      expect({ ...rest, max_tokens: body['max_tokens'] ?? limit }).toEqual({ ...body, max_tokens: body['max_tokens'] ?? limit })
      expect(encoded.diagnostics.filter((diagnostic) => diagnostic.code !== 'max_output_tokens.default')).toEqual([])
    })
  }
})
