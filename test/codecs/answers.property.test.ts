import { describe, expect, test } from 'bun:test'
import { codecFor } from '../../src/codecs/registry.ts'
import { isObject } from '../../src/ir/json.ts'
import type { LlmResponse } from '../../src/ir/response.ts'
import { WIRE_FORMATS, type WireFormat } from '../../src/ir/wire-format.ts'
import { answerOf } from './arbitrary/answers.ts'
import { bare, comparable, factsOf, sharedUsage } from './support/comparable.ts'
import { property } from './support/property.ts'
import { collected, contextOf, eventsOf, readStream, writeStream } from './support/stream.ts'
import { CYCLES, decodedRequest, PAIRS, targetOf } from './support/translate.ts'

describe('a whole answer', () => {
  for (const format of WIRE_FORMATS) {
    test(`of ${format} is the same when it is replayed as a stream and collected`, () => {
      property([answerOf(format, 'wild')], (answer) => {
        const { value } = codecFor(format).decodeResponse(answer)
        expect(comparable(collected(eventsOf(value)))).toEqual(comparable(value))
      })
    })
  }

  for (const [upstream, client] of PAIRS) {
    test(`of ${upstream} tells a ${client} client the same whether it is streamed or not`, () => {
      property([answerOf(upstream, 'wild')], (answer) => {
        const { value } = codecFor(upstream).decodeResponse(answer)
        const context = contextOf(client)
        const whole = codecFor(client).decodeResponse(
          JSON.parse(JSON.stringify(codecFor(client).encodeResponse(value, context).value)),
        ).value
        const { response, failure } = readStream(writeStream(eventsOf(value), client, context).bytes, client)
        expect(failure).toBeUndefined()
        expect(toldTo(client, response)).toEqual(toldTo(client, whole))
      })
    })

    test(`of ${upstream} keeps text, reasoning, calls and usage for a ${client} client`, () => {
      property([answerOf(upstream, 'wild')], (answer) => {
        const { value } = codecFor(upstream).decodeResponse(answer)
        const whole = codecFor(client).decodeResponse(codecFor(client).encodeResponse(value, contextOf(client)).value).value
        expect(factsFor(client, whole)).toEqual(factsFor(client, value))
        expect(sharedUsage(whole)).toEqual(sharedUsage(value))
      })
    })
  }
})

/** Chat has fields instead of a row of blocks: the order of text and reasoning, and how often they take turns, is not told. */
function toldTo(client: WireFormat, response: LlmResponse): unknown {
  if (client !== 'openai') return comparable(response)
  const { choices: _choices, ...rest } = comparable(response) as Record<string, unknown>
  const parts = response.choices.map((choice) => {
    const citations = choice.content.flatMap((part) => (part.type === 'text' ? (part.citations ?? []) : []))
    return { facts: factsFor(client, { ...response, choices: [{ ...choice, index: 0 }] }), citations, finish: choice.finish }
  })
  return bare({ ...rest, parts })
}

/** Messages and Gemini have no refusals: there they are text. Reasoning of several parts is told apart by blank lines. */
function factsFor(client: WireFormat, response: LlmResponse): unknown {
  const { text, refusal, reasoning, calls } = factsOf(response)
  const words = reasoning.replaceAll(/\s+/g, '')
  if (client === 'openai' || client === 'responses') return { text, refusal, reasoning: words, calls }
  const content = response.choices[0]?.content ?? []
  const shown = content.map((part) => (part.type === 'text' || part.type === 'refusal' ? part.text : '')).join('')
  // Free-form calls are wrapped in an object.
  return {
    shown,
    reasoning: words,
    calls: calls.map((call) => ({ ...call, input: typeof call.input === 'string' ? { input: call.input } : call.input })),
  }
}

/** Chat keeps text and refusal apart, so their order can change on the way. */
function inAnyOrder(response: LlmResponse): unknown {
  const { shown, ...rest } = factsFor('anthropic', response) as { shown: string }
  return { ...rest, shown: shown.match(/kw\d{4}z/g)?.sort() }
}

describe('an answer that went through all formats and back', () => {
  for (const cycle of CYCLES) {
    test(`still says the same: ${cycle.join(' → ')}`, () => {
      property([answerOf(cycle[0]!)], (answer) => {
        const start = codecFor(cycle[0]!).decodeResponse(answer).value
        let response = start
        for (const format of cycle.slice(1)) {
          const body = codecFor(format).encodeResponse(response, contextOf(format)).value
          response = codecFor(format).decodeResponse(body).value
        }
        expect(inAnyOrder(response)).toEqual(inAnyOrder(start))
        expect(sharedUsage(response)).toEqual(sharedUsage(start))
      })
    })
  }
})

/** The answer as a client of `format` puts it into the history of its next call. */
function historyWith(body: Record<string, unknown>, format: WireFormat): Record<string, unknown> {
  if (format === 'gemini')
    return { contents: [{ role: 'user', parts: [{ text: 'hi' }] }, (body['candidates'] as { content: object }[])[0]!.content] }
  if (format === 'bedrock_converse')
    return { messages: [{ role: 'user', content: [{ text: 'hi' }] }, (body['output'] as { message: object }).message] }
  if (format === 'responses')
    return { model: 'm', store: false, input: [{ role: 'user', content: 'hi' }, ...(body['output'] as object[])] }
  const message =
    format === 'openai' ? (body['choices'] as { message: object }[])[0]!.message : { role: 'assistant', content: body['content'] }
  return { model: 'm', max_tokens: 99, messages: [{ role: 'user', content: 'hi' }, message] }
}

const OPAQUE = new Set(['signature', 'data', 'encrypted_content', 'thoughtSignature', 'redactedContent'])

/** Every opaque value of a body: signatures, redacted and encrypted reasoning. */
function opaqueValues(body: unknown): string[] {
  const values: string[] = []
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) for (const entry of node) visit(entry)
    if (!isObject(node)) return
    for (const [key, value] of Object.entries(node)) {
      // Media has data too, which everybody can read.
      const isOpaque = OPAQUE.has(key) && node['mimeType'] === undefined
      if (isOpaque && typeof value === 'string') values.push(value)
      else visit(value)
    }
  }
  visit(body)
  return values
}

/** Behind its last text stands the text's signature, which Gemini does not demand back and Messages clients would take for the answer. */
function endsSigned({ choices }: LlmResponse): boolean {
  const content = choices[0]?.content ?? []
  const last = content.findLast(({ type }) => ['text', 'refusal', 'reasoning', 'tool-call'].includes(type))
  const isBare = last?.type === 'reasoning' && last.origin === 'gemini' && (last.text ?? last.summary?.join('') ?? '') === ''
  return isBare && content.some(({ type }) => type === 'text')
}

describe('opaque reasoning state', () => {
  for (const [upstream, client] of PAIRS) {
    for (const streamed of [false, true]) {
      test(`of ${upstream} comes home unchanged through a ${client} client${streamed ? ' that streams' : ''}`, () => {
        property([answerOf(upstream)], (answer) => {
          const { value } = codecFor(upstream).decodeResponse(answer)
          const context = contextOf(client)
          const shown = streamed
            ? codecFor(client).encodeResponse(
                readStream(writeStream(eventsOf(value), client, context).bytes, client).response,
                context,
              )
            : codecFor(client).encodeResponse(value, context)
          const next = decodedRequest(historyWith(shown.value, client), client).value
          const sent = codecFor(upstream).encodeRequest(
            next,
            targetOf(upstream, { model: 'gemini-2.5-flash', server: 'first-party' }),
          ).value
          const first = ((answer['choices'] ?? answer['candidates']) as object[] | undefined)?.[0] ?? answer
          const kept = opaqueValues(first)
          if (client === 'anthropic' && endsSigned(value)) kept.pop()
          expect(opaqueValues(sent)).toEqual(kept)
        })
      })
    }
  }
})
