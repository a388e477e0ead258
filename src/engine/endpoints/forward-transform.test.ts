import { describe, expect, test } from 'bun:test'
import { codecFor } from '../../codecs/registry.ts'
import type { WireFormat } from '../../ir/wire-format.ts'
import { ForwardTransform } from './forward-transform.ts'
import { ToldUsage } from './told-usage.ts'

function passed(contentType: string, text: string, format: WireFormat = 'openai', size = 7): ForwardTransform & { text: string } {
  const transform = new ForwardTransform(contentType, (facts) => new ToldUsage(codecFor(format), facts))
  const bytes = Buffer.from(text)
  let seen = ''
  for (let start = 0; start < bytes.length; start += size) {
    transform.push(bytes.subarray(start, start + size))
    seen += Buffer.from(transform.take() ?? []).toString('latin1')
  }
  transform.end()
  expect(transform.take()).toBeUndefined()
  return Object.assign(transform, { text: Buffer.from(seen, 'latin1').toString() })
}

const JSON_TYPE = 'application/json; charset=utf-8'
const event = (data: unknown): string => `data: ${JSON.stringify(data)}\n\n`

describe('what an answer used is read on its way', () => {
  test.each<[string, WireFormat, unknown, object]>([
    ['chat', 'openai', { choices: [], usage: { prompt_tokens: 1, completion_tokens: 2 } }, { inputTokens: 1, outputTokens: 2 }],
    [
      'embeddings',
      'openai',
      { data: [], model: 'e', usage: { prompt_tokens: 3, total_tokens: 3 } },
      { inputTokens: 3, outputTokens: 0 },
    ],
    [
      'images',
      'openai',
      { data: [], usage: { input_tokens: 4, output_tokens: 5, input_tokens_details: { text_tokens: 1, image_tokens: 3 } } },
      { inputTokens: 4, outputTokens: 5, inputByModality: { text: 1, image: 3 } },
    ],
    [
      'responses',
      'openai',
      { object: 'response', output: [], usage: { input_tokens: 6, output_tokens: 7 } },
      { inputTokens: 6, outputTokens: 7 },
    ],
    [
      'messages',
      'anthropic',
      { type: 'message', role: 'assistant', content: [], usage: { input_tokens: 8, output_tokens: 9 } },
      { inputTokens: 8, outputTokens: 9 },
    ],
    [
      'contents',
      'gemini',
      { candidates: [], usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 2 } },
      { inputTokens: 1, outputTokens: 2 },
    ],
  ])('%s of an upstream that speaks %s', (_what, format, body, usage) => {
    const text = JSON.stringify(body)
    const { facts, text: seen } = passed(JSON_TYPE, text, format)
    expect(seen).toBe(text)
    expect(facts.usage).toMatchObject(usage)
  })

  test('from events, wherever they are cut', () => {
    const text = [
      event({ choices: [{ delta: { content: 'é' } }] }),
      event({ choices: [], usage: { prompt_tokens: 1, completion_tokens: 2 } }),
      'data: [DONE]\n\n',
    ].join('')
    for (const size of [1, 5, 1000]) {
      const { facts, text: seen } = passed('text/event-stream', text, 'openai', size)
      expect(seen).toBe(text)
      expect(facts.usage).toMatchObject({ inputTokens: 1, outputTokens: 2 })
    }
  })

  test('from the last event too, where nothing stands behind it', () => {
    const text = event({ choices: [], usage: { prompt_tokens: 1, completion_tokens: 2 } }).trimEnd()
    expect(passed('text/event-stream', text).facts.usage).toMatchObject({ inputTokens: 1, outputTokens: 2 })
  })

  test('and nothing where it is not told, or cannot be read', () => {
    for (const [type, text] of [
      [JSON_TYPE, '{"usage": 7}'],
      [JSON_TYPE, '{"usage":'],
      [JSON_TYPE, '[null]'],
      ['audio/mpeg', '{"usage": {"input_tokens": 1, "output_tokens": 1}}'],
      ['text/event-stream', 'data: "usage" {]\n\n'],
      ['', ''],
    ] as const)
      expect(passed(type, text).facts.usage).toBeUndefined()
  })

  test('not from JSON that is very long, which passes all the same', () => {
    const text = JSON.stringify({ data: 'x'.repeat(1_100_000), usage: { prompt_tokens: 1, completion_tokens: 2 } })
    const { facts, text: seen } = passed(JSON_TYPE, text, 'openai', 65_536)
    expect(seen.length).toBe(text.length)
    expect(facts.usage).toBeUndefined()
  })
})

test('bytes that broke off say so', () => {
  const transform = passed('audio/mpeg', 'begun')
  expect(transform.isCut).toBe(false)
  transform.fail()
  expect(transform.isCut).toBe(true)
})
