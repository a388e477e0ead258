import { describe, expect, test } from 'bun:test'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type { LlmResponse } from '../../ir/response.ts'
import { toolInputText } from '../tool-input.ts'
import { responsesCodec } from './index.ts'
import { collect, contextOf, decodeStream, encodeStream, framesOf, TARGET, wire, withoutAbsent } from './test-support.ts'

const SHARED = path.resolve(import.meta.dir, '../../../../shared')
const FIXTURES = path.join(SHARED, 'fixtures')
const CAPTURES = path.join(SHARED, 'captures')

interface Expected {
  readonly text: string
  readonly refusal: string
  readonly reasoning: string
  readonly toolCalls: readonly { readonly id: string; readonly name: string; readonly argumentsJson: string }[]
  readonly serverTools: readonly string[]
  readonly citations: number
  readonly usage: {
    readonly input: number
    readonly output: number
    readonly cachedInput: number
    readonly reasoning: number
  } | null
  readonly finish: string
  readonly finishAccept: readonly string[] | null
  readonly nativeFinish: string | null
  readonly model: string | null
  readonly error: { readonly message: string; readonly param: string | null } | null
}

interface Entry {
  readonly id: string
  readonly api: string
  readonly mode: 'json' | 'stream'
  readonly file: string
  readonly expected: string
}

const FINISH: Record<string, string> = { 'tool-calls': 'tool_calls' }

function facts(response: LlmResponse): Record<string, unknown> {
  const content = response.choices[0]?.content ?? []
  return {
    text: content.map((part) => (part.type === 'text' ? part.text : '')).join(''),
    refusal: content.map((part) => (part.type === 'refusal' ? part.text : '')).join(''),
    reasoning: content.flatMap((part) => (part.type === 'reasoning' ? [...(part.summary ?? []), part.text ?? ''] : [])).join(''),
    toolCalls: content.flatMap((part) =>
      part.type === 'tool-call' ? [{ id: part.id, name: part.name, argumentsJson: toolInputText(part.input) }] : [],
    ),
    serverTools: content.flatMap((part) =>
      part.type === 'hosted-tool-call' || part.type === 'hosted-tool-result' ? [part.raw['type']] : [],
    ),
    citations: content.reduce((sum, part) => sum + (part.type === 'text' ? (part.citations?.length ?? 0) : 0), 0),
  }
}

function check(response: LlmResponse, expected: Expected): void {
  const { text, refusal, toolCalls, serverTools, citations } = expected
  const found = facts(response)
  expect(found).toMatchObject({ text, refusal, serverTools, citations, toolCalls: toolCalls.map((call) => ({ ...call })) })
  expect(String(found['reasoning']).replace(/\s+/g, '')).toBe(expected.reasoning.replace(/\s+/g, ''))
  if (expected.usage !== null && expected.usage.input > 0) {
    expect(response.usage?.inputTokens).toBe(expected.usage.input)
    expect(response.usage?.outputTokens).toBe(expected.usage.output)
    expect(response.usage?.cacheReadTokens ?? 0).toBe(expected.usage.cachedInput)
    expect(response.usage?.reasoningTokens ?? 0).toBe(expected.usage.reasoning)
  }
  const finish = response.choices[0]?.finish
  expect(expected.finishAccept ?? [expected.finish]).toContain(FINISH[finish?.unified ?? ''] ?? finish?.unified ?? '')
  if (expected.nativeFinish !== null) expect(finish?.raw).toBe(expected.nativeFinish)
  if (expected.model !== null) expect(response.model).toBe(expected.model)
}

/** Parts without what a snapshot may tell differently: paths, statuses, and sealed values, which the service seals anew each time. */
function comparable(answer: LlmResponse): unknown {
  const parts = answer.choices[0]?.content.map((part) => ({
    ...part,
    path: undefined,
    status: undefined,
    logprobs: undefined,
    extra: undefined,
  }))
  return JSON.parse(JSON.stringify(withoutAbsent(parts)), (key, value: unknown) =>
    key === 'encrypted' || key === 'fingerprint' ? 'sealed' : value,
  )
}

const read = (file: string): string => readFileSync(path.join(FIXTURES, file), 'utf8')
const entries = existsSync(FIXTURES)
  ? (JSON.parse(read('index.json')) as Entry[]).filter((entry) => entry.api === 'openai-responses')
  : []

describe.skipIf(entries.length === 0)('recorded answers (skipped when ../shared/fixtures is absent)', () => {
  for (const entry of entries) {
    const expected = entries.length === 0 ? undefined : (JSON.parse(read(entry.expected)) as Expected)
    if (expected === undefined) continue
    if (entry.mode === 'json' && expected.error !== null) {
      test(`${entry.id} is told as the error it is`, () => {
        const { error } = expected
        expect(responsesCodec.decodeError(400, JSON.parse(read(entry.file)))).toMatchObject({
          message: error?.message,
          param: error?.param ?? undefined,
        })
        expect(() => responsesCodec.decodeResponse(JSON.parse(read(entry.file)))).toThrow(error?.message ?? '')
      })
    } else if (entry.mode === 'json') {
      test(`${entry.id} keeps its facts when decoded and when encoded again, whole and streamed`, () => {
        const { value } = responsesCodec.decodeResponse(JSON.parse(read(entry.file)))
        check(value, expected)
        const context = { ...contextOf(), model: expected.model ?? '' }
        check(responsesCodec.decodeResponse(responsesCodec.encodeResponse(value, context).value).value, expected)
      })
    } else {
      test(`${entry.id} keeps its facts when decoded and when encoded again, whole and streamed`, () => {
        const events = decodeStream(framesOf(read(entry.file)))
        expect(events.at(-1)).toEqual({ type: 'end' })
        const { response } = collect(events)
        check(response, expected)
        const context = { ...contextOf(), model: expected.model ?? '' }
        check(responsesCodec.decodeResponse(responsesCodec.encodeResponse(response, context).value).value, expected)
        const streamed = encodeStream(events, context)
        check(collect(decodeStream(wire(streamed))).response, expected)
      })

      test(`${entry.id} gives the same answer streamed as in its closing snapshot`, () => {
        const frames = framesOf(read(entry.file))
        const closing = frames
          .map((frame) => JSON.parse(frame.data) as Record<string, unknown>)
          .find((data) => data['type'] === 'response.completed')
        const { value } = responsesCodec.decodeResponse(closing?.['response'])
        const { response } = collect(decodeStream(frames))
        expect(comparable(response)).toEqual(comparable(value))
        expect(withoutAbsent(response.usage)).toEqual(withoutAbsent(value.usage))
        expect(response.choices[0]?.finish).toEqual(value.choices[0]!.finish)
      })
    }
  }
})

describe.skipIf(!existsSync(CAPTURES))('real requests (skipped when ../shared/captures is absent)', () => {
  const files = existsSync(CAPTURES) ? readdirSync(CAPTURES).filter((file) => /^codex|responses/.test(file)) : []
  for (const file of files) {
    test(`${file} comes out as it went in, up to the documented normalisations`, () => {
      const { body } = JSON.parse(readFileSync(path.join(CAPTURES, file), 'utf8')) as { body: Record<string, unknown> }
      const { value } = responsesCodec.decodeRequest(body)
      const encoded = responsesCodec.encodeRequest(value, {
        ...TARGET,
        model: String(body['model']),
        stream: body['stream'] === true,
      })
      expect(encoded.diagnostics).toEqual([])
      const items = (body['input'] as Record<string, unknown>[]).map((item) =>
        'role' in item ? { type: 'message', ...item } : item,
      )
      expect(withoutAbsent(encoded.value)).toEqual(withoutAbsent({ ...body, input: items }))
    })
  }
})
