import { describe, expect, test } from 'bun:test'
import { contextWindowExceeded } from '../errors/context-window.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { ContextOverflow } from '../ir/context-overflow.ts'
import { isObject, type JsonObject } from '../ir/json.ts'
import { WIRE_FORMATS, type WireFormat } from '../ir/wire-format.ts'
import { codecs } from './registry.ts'

const SECRET = 'words of the client'
const OPENAI_SENTENCE = 'Your input exceeds the context window of this model. Please adjust your input and try again.'

const refused = (overflow: ContextOverflow): GatewayError =>
  new GatewayError('upstream_context_too_long', SECRET, {
    overflow,
    upstream: { status: 413, type: 'odd_type', code: 'odd_code', param: SECRET, message: SECRET },
  })

type Sizes = 'prompt' | 'sum' | 'window' | 'none'
const SIZES: Readonly<Record<Sizes, ContextOverflow>> = {
  prompt: { promptTokens: 210_000, windowTokens: 200_000 },
  sum: { promptTokens: 198_000, outputTokens: 8_000, windowTokens: 200_000 },
  window: { windowTokens: 200_000 },
  none: {},
}

/** What the vendor of each format says. */
const MESSAGES: Readonly<Record<WireFormat, Readonly<Record<Sizes, string>>>> = {
  openai: {
    prompt:
      "This model's maximum context length is 200000 tokens. However, your messages resulted in 210000 tokens. Please reduce the length of the messages.",
    sum: "This model's maximum context length is 200000 tokens. However, you requested 206000 tokens (198000 in the messages, 8000 in the completion). Please reduce the length of the messages or completion.",
    window: `This model's maximum context length is 200000 tokens. ${OPENAI_SENTENCE}`,
    none: OPENAI_SENTENCE,
  },
  responses: {
    prompt: `${OPENAI_SENTENCE} (210000 tokens of input, a context of 200000 tokens)`,
    sum: `${OPENAI_SENTENCE} (198000 tokens of input, 8000 tokens kept for the output, a context of 200000 tokens)`,
    window: `${OPENAI_SENTENCE} (a context of 200000 tokens)`,
    none: OPENAI_SENTENCE,
  },
  anthropic: {
    prompt: 'prompt is too long: 210000 tokens > 200000 maximum',
    sum: 'input length and `max_tokens` exceed context limit: 198000 + 8000 > 200000, decrease input length or `max_tokens` and try again',
    window: 'prompt is too long: the maximum is 200000 tokens',
    none: "prompt is too long: it does not fit into the model's context",
  },
  gemini: {
    prompt: 'The input token count (210000) exceeds the maximum number of tokens allowed (200000).',
    sum: 'The input token count (198000) exceeds the maximum number of tokens allowed (200000) less the output limit (8000).',
    window: 'The input token count exceeds the maximum number of tokens allowed (200000).',
    none: 'The input token count exceeds the maximum number of tokens allowed.',
  },
  bedrock_converse: {
    prompt: 'Input is too long for requested model. The prompt has 210000 tokens, the maximum is 200000.',
    sum: 'Input is too long for requested model. The prompt has 198000 tokens and the answer may have 8000, the maximum of both is 200000.',
    window: 'Input is too long for requested model. The maximum is 200000 tokens.',
    none: 'Input is too long for requested model.',
  },
}

/** What each format calls it. */
const WORDS: Readonly<Record<WireFormat, JsonObject>> = {
  openai: { type: 'invalid_request_error', code: 'context_length_exceeded', param: 'messages' },
  responses: { type: 'invalid_request_error', code: 'context_length_exceeded', param: 'input' },
  anthropic: { type: 'invalid_request_error' },
  gemini: { code: 400, status: 'INVALID_ARGUMENT' },
  bedrock_converse: { __type: 'ValidationException' },
}

const CASES = WIRE_FORMATS.flatMap((format) => (Object.keys(SIZES) as Sizes[]).map((sizes) => [format, sizes] as const))

/** The error inside the frames of a stream. */
function toldInStream(format: WireFormat, error: GatewayError): JsonObject {
  const encoder = codecs[format].createStreamEncoder({
    requestId: '0'.repeat(32),
    model: 'm',
    createdAt: 0,
    request: { ...REQUEST, format },
  } as Parameters<(typeof codecs)[WireFormat]['createStreamEncoder']>[0])
  const frames: unknown[] = []
  encoder.write({ type: 'error', error: error.asStreamFailure }, (event, data) => {
    // Bedrock's frames are named by the exception.
    const isNamed = event?.endsWith('Exception') === true
    frames.push(isNamed ? { error: { ...(JSON.parse(data) as JsonObject), __type: `V${event.slice(1)}` } } : JSON.parse(data))
  })
  const last = frames.at(-1)
  const holder = isObject(last) && isObject(last['response']) ? last['response'] : last
  if (!isObject(holder) || !isObject(holder['error'])) throw new TypeError('The stream told no error.')
  return holder['error']
}

const REQUEST = codecs.openai.decodeRequest({ model: 'm', messages: [{ role: 'user', content: 'x' }] }).value

describe('a prompt that does not fit', () => {
  test.each(CASES)("is told to clients of %s in their vendor's words: %s", (format, sizes) => {
    const { status, body } = codecs[format].encodeError(refused(SIZES[sizes]), 'req_1')
    const told = (body['error'] ?? body) as JsonObject
    expect(status).toBe(400)
    expect(told).toMatchObject({ ...WORDS[format], message: MESSAGES[format][sizes] })
  })

  test.each(CASES)('is told the same inside a stream of %s: %s', (format, sizes) => {
    const told = toldInStream(format, refused(SIZES[sizes]))
    expect(told['message']).toBe(MESSAGES[format][sizes])
    const word = format === 'bedrock_converse' ? '__type' : format === 'anthropic' ? 'type' : 'code'
    expect(told[word]).toBe(WORDS[format][word])
  })

  test.each(WIRE_FORMATS)('is told to clients of %s in the same words when routing found no window large enough', (format) => {
    const error = contextWindowExceeded('fast', SIZES.prompt)
    const { status, body } = codecs[format].encodeError(error, 'req_1')
    expect(status).toBe(400)
    expect(((body['error'] ?? body) as JsonObject)['message']).toBe(MESSAGES[format].prompt)
    expect(toldInStream(format, error)['message']).toBe(MESSAGES[format].prompt)
  })

  test.each(WIRE_FORMATS)('shows clients of %s nothing of what an upstream repeated', (format) => {
    for (const sizes of Object.values(SIZES)) {
      expect(JSON.stringify(codecs[format].encodeError(refused(sizes), 'req_1'))).not.toContain(SECRET)
      expect(JSON.stringify(toldInStream(format, refused(sizes)))).not.toContain(SECRET)
    }
  })

  test('says what Claude Code reads the numbers out of', () => {
    const message = (sizes: Sizes): string => MESSAGES.anthropic[sizes]
    expect(/prompt is too long[^0-9]*(\d+)\s*tokens?\s*>\s*(\d+)/i.exec(message('prompt'))?.slice(1)).toEqual([
      '210000',
      '200000',
    ])
    expect(/exceed context limit: (\d+) \+ (\d+) > (\d+)/.exec(message('sum'))?.slice(1)).toEqual(['198000', '8000', '200000'])
    // Without two numbers it must find none, rather than a wrong pair.
    for (const sizes of ['window', 'none'] as const)
      expect(/prompt is too long[^0-9]*(\d+)\s*tokens?\s*>\s*(\d+)/i.test(message(sizes))).toBe(false)
  })

  test('is the one failure that clients of the Responses API look for inside a stream only', () => {
    const told = (error: GatewayError): WireFormat[] =>
      WIRE_FORMATS.filter((format) => codecs[format].isToldInStream?.(error, undefined) === true)
    expect(told(refused({}))).toEqual(['responses'])
    expect(told(contextWindowExceeded('fast', {}))).toEqual(['responses'])
    expect(told(new GatewayError('upstream_rate_limited', 'x'))).toEqual([])
  })
})

describe('each target’s reason', () => {
  test.each(WIRE_FORMATS)('reaches clients of %s, and no other detail does', (format) => {
    const targets = [{ target: 'a/m', code: 'circuit_open', retry_after_ms: 5 }]
    const shown = new GatewayError('all_targets_unavailable', 'x', { details: { targets, inner: SECRET } })
    const { body } = codecs[format].encodeError(shown, 'req_1')
    expect(JSON.stringify(body)).toContain(JSON.stringify(targets))
    expect(JSON.stringify(body)).not.toContain(SECRET)
  })
})
