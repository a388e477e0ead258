import Anthropic from '@anthropic-ai/sdk'
import { createOpenAI } from '@ai-sdk/openai'
import { APICallError, generateText, streamText } from 'ai'
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import OpenAI from 'openai'
import { wordingOf } from '../support/scripted-upstream-errors.ts'
import { FORMATS, openStage, UPSTREAMS, type Stage } from './support/stage.ts'

const FAILURES = ['fail-400', 'fail-401', 'fail-429', 'fail-500', 'fail-overloaded', 'fail-context'] as const
const MATRIX = UPSTREAMS.flatMap((upstream) =>
  FAILURES.flatMap((failure) => (['whole', 'streamed'] as const).map((manner) => [failure, upstream, manner] as const)),
)

// A failure locks the account it happened with, so each test has a gateway of its own.
let stage: Stage
beforeEach(async () => {
  stage = await openStage()
})
afterEach(async () => {
  stage.expectOneUpstreamCallEach()
  await stage.close()
})

const user = [{ role: 'user', content: 'Hi' }] as const

/** One call of each kind; all of them fail. */
const CALLS = {
  'openai chat.completions': (model: string, stream: boolean) =>
    stage.openai.chat.completions.create({ model, messages: [...user], stream }),
  'openai responses': (model: string, stream: boolean) => stage.openai.responses.create({ model, input: 'Hi', stream }),
  anthropic: (model: string, stream: boolean) =>
    stage.anthropic.messages.create({ model, max_tokens: 100, messages: [...user], stream }),
} as const
const CLIENTS = Object.keys(CALLS) as (keyof typeof CALLS)[]

/** What a call throws. */
async function thrownBy(call: PromiseLike<unknown>): Promise<any> {
  try {
    await call
  } catch (error) {
    return error
  }
  throw new Error('the call succeeded')
}

const OPENAI_CLASSES: Readonly<Record<number, unknown>> = {
  400: OpenAI.BadRequestError,
  401: OpenAI.AuthenticationError,
  429: OpenAI.RateLimitError,
  500: OpenAI.InternalServerError,
  503: OpenAI.InternalServerError,
  529: OpenAI.InternalServerError,
}
const ANTHROPIC_CLASSES: Readonly<Record<number, unknown>> = {
  400: Anthropic.BadRequestError,
  401: Anthropic.AuthenticationError,
  429: Anthropic.RateLimitError,
  500: Anthropic.InternalServerError,
  503: Anthropic.InternalServerError,
  529: Anthropic.InternalServerError,
}
const ANTHROPIC_TYPES: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  429: 'rate_limit_error',
  500: 'api_error',
  503: 'overloaded_error',
  529: 'overloaded_error',
}

/** How each format's vendor begins to say that a prompt does not fit. */
const OVERFLOW: Readonly<Record<(typeof CLIENTS)[number], RegExp>> = {
  'openai chat.completions': /This model's maximum context length is \d+ tokens\./,
  'openai responses': /Your input exceeds the context window of this model\./,
  anthropic: /prompt is too long: \d+ tokens > \d+ maximum/,
}

describe.each(CLIENTS)('errors of an upstream, as the SDK for %s tells them', (client) => {
  test.each(MATRIX)('%s of an upstream that speaks %s, asked for a %s answer', async (failure, upstream, manner) => {
    const wording = wordingOf(FORMATS[upstream], failure)!
    // OpenAI tells this one inside the stream, and agents look for it only there.
    if (client === 'openai responses' && failure === 'fail-context' && manner === 'streamed') {
      const { failed, code } = await readUntilFailure(client, `${upstream}/${failure}`)
      expect({ failed, code }).toEqual({ failed: expect.stringMatching(OVERFLOW[client]), code: 'context_length_exceeded' })
      expect(await stage.lastRecord()).toMatchObject({ status: 200, error_code: 'upstream_context_too_long' })
      return
    }
    const error = await thrownBy(CALLS[client](`${upstream}/${failure}`, manner === 'streamed'))
    expect(error.status).toBe(wording.status)
    expect(error).toBeInstanceOf((client === 'anthropic' ? ANTHROPIC_CLASSES : OPENAI_CLASSES)[wording.status])
    // The gateway's credential is the operator's business; its message says so instead.
    if (failure === 'fail-401') expect(error.message).toContain('refused the credential of this gateway')
    // A prompt that does not fit is told in the words of the client's vendor, whose numbers are the upstream's.
    else if (failure === 'fail-context') {
      expect(error.message).toMatch(OVERFLOW[client])
      for (const [size] of wording.message.matchAll(/\d+/g)) expect(error.message).toContain(size)
    } else expect(error.message).toContain(wording.message)
    expect(error.requestID).toBe(error.headers.get('x-switchback-request-id'))
    expect(error.requestID).toStartWith('req_')
    expect(error.headers.get('retry-after')).toBe(failure === 'fail-429' ? '7' : null)
    if (client === 'anthropic') {
      expect(error.error).toMatchObject({
        type: 'error',
        error: { type: ANTHROPIC_TYPES[wording.status] },
        request_id: error.requestID,
      })
      expect(error.type).toBe(ANTHROPIC_TYPES[wording.status])
    } else {
      expect(error.type).toBe(failure === 'fail-context' ? 'invalid_request_error' : wording.type)
      if (failure === 'fail-context') expect(error.code).toBe('context_length_exceeded')
      else if (wording.code !== undefined) expect(error.code).toBe(wording.code)
      const param = client === 'openai responses' ? 'input' : 'messages'
      expect(error.param).toBe(failure === 'fail-context' ? param : (wording.param ?? null))
    }
    const record = await stage.lastRecord()
    expect({ id: record.request_id, status: record.status, attempts: record.attempts.length }).toEqual({
      id: error.requestID,
      status: wording.status,
      attempts: 1,
    })
    expect(JSON.stringify(record)).not.toContain(wording.message)
  })

  test.each([...UPSTREAMS])('an error in the middle of a stream of an upstream that speaks %s', async (upstream) => {
    const { pieces, error, failed } = await readUntilFailure(client, `${upstream}/break`)
    expect(pieces.length).toBeGreaterThan(0)
    expect(failed ?? error?.message).toContain('The model broke down.')
    const record = await stage.lastRecord()
    expect(record.attempts).toMatchObject([{ outcome: 'failed' }])
  })

  test.each([...UPSTREAMS])('a stream that an upstream that speaks %s breaks off', async (upstream) => {
    const { pieces, error, failed } = await readUntilFailure(client, `${upstream}/cut`)
    expect(pieces.length).toBeGreaterThan(0)
    expect(failed ?? error?.message).toBeString()
    expect((await stage.lastRecord()).attempts).toMatchObject([{ outcome: 'failed', error_code: 'upstream_stream_interrupted' }])
  })

  test.each([...UPSTREAMS])('a whole answer that an upstream that speaks %s breaks off', async (upstream) => {
    const error = await thrownBy(CALLS[client](`${upstream}/cut`, false))
    expect(error.status).toBe(502)
    expect(error.requestID).toStartWith('req_')
  })

  test('a model that nobody has', async () => {
    const error = await thrownBy(CALLS[client]('chat/no-such-model', false))
    expect(error.status).toBe(404)
    expect(error).toBeInstanceOf(client === 'anthropic' ? Anthropic.NotFoundError : OpenAI.NotFoundError)
    expect(error.message).toContain('no-such-model')
  })
})

/** Pieces of text until the stream fails, and how: thrown by the SDK, or told in a closing event. */
async function readUntilFailure(
  client: keyof typeof CALLS,
  model: string,
): Promise<{ pieces: string[]; error?: Error; failed?: string; code?: string }> {
  const pieces: string[] = []
  try {
    for await (const event of (await CALLS[client](model, true)) as AsyncIterable<any>) {
      const piece: string | undefined =
        event.choices?.[0]?.delta?.content ?? event.delta?.text ?? (typeof event.delta === 'string' ? event.delta : undefined)
      if (piece !== undefined && piece !== '') pieces.push(piece)
      if (pieces.length > 0) stage.cut()
      if (event.type === 'response.failed')
        return { pieces, failed: event.response.error.message, code: event.response.error.code }
    }
  } catch (error) {
    return { pieces, error: error as Error }
  }
  throw new Error('the stream ended as if it were whole')
}

describe.each([...UPSTREAMS])('errors as the AI SDK tells them, in front of an upstream that speaks %s', (upstream) => {
  const model = (failure: string) =>
    createOpenAI({ baseURL: `${stage.url}/v1`, apiKey: 'sk-of-the-client', fetch: stage.fetch }).chat(`${upstream}/${failure}`)

  test('has the status, the sentence and the time to wait of a rate limit', async () => {
    const wording = wordingOf(FORMATS[upstream], 'fail-429')!
    const error = await thrownBy(generateText({ model: model('fail-429'), prompt: 'Hi', maxRetries: 0 }))
    expect(APICallError.isInstance(error)).toBe(true)
    expect(error).toMatchObject({ statusCode: 429, message: wording.message, isRetryable: true })
    expect(error.responseHeaders['retry-after']).toBe('7')
  })

  test('is told of an error in the middle of a stream', async () => {
    const { stream } = streamText({ model: model('break'), prompt: 'Hi', maxRetries: 0, onError: () => undefined })
    const parts = await Array.fromAsync(stream)
    expect(parts.filter((part) => part.type === 'text-delta').length).toBeGreaterThan(0)
    expect(JSON.stringify(parts.find((part) => part.type === 'error'))).toContain('The model broke down.')
  })
})

describe('errors of the gateway itself', () => {
  // These never reach the upstream, so the rule of one call each is met by one good call beside them.
  afterEach(async () => {
    await stage.openai.chat.completions.create({ model: 'chat/text', messages: [...user] })
  })

  test('have the shape of the caller', async () => {
    const plain = { maxRetries: 0, apiKey: 'k' }
    const openai = new OpenAI({ ...plain, baseURL: `${stage.url}/v1` })
    const anthropic = new Anthropic({ ...plain, baseURL: stage.url })
    const calls = [
      openai.chat.completions.create({ model: 'nobody/knows', messages: [...user] }),
      openai.responses.create({ model: 'nobody/knows', input: 'Hi' }),
      anthropic.messages.create({ model: 'nobody/knows', max_tokens: 10, messages: [...user] }),
    ]
    for (const call of calls) {
      const error = await thrownBy(call)
      expect(error.status).toBe(404)
      expect(error.message).toContain('nobody/knows')
      expect(error.requestID).toStartWith('req_')
    }
    const malformed = await thrownBy(openai.chat.completions.create({ model: 'chat/text', messages: 'Hi' as never }))
    expect(malformed).toBeInstanceOf(OpenAI.BadRequestError)
    expect(malformed.param).toContain('messages')
  })

  test.each(['chat', 'messages'] as const)(
    'say what to do where an upstream that speaks %s cannot know stored turns',
    async (upstream) => {
      const input = [
        { type: 'item_reference' as const, id: 'msg_1' },
        { role: 'user' as const, content: 'Hi' },
      ]
      const openai = new OpenAI({ maxRetries: 0, apiKey: 'k', baseURL: `${stage.url}/v1` })
      const error = await thrownBy(openai.responses.create({ model: `${upstream}/text`, input }))
      expect(error).toMatchObject({ status: 422, message: expect.stringContaining('store false') as unknown })
      expect((await stage.lastRecord()).error_code).toBe('translation_refused')
    },
  )
})
