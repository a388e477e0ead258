import { createAnthropic } from '@ai-sdk/anthropic'
import { streamText } from 'ai'
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import type { RequestRecord } from '../../src/ir/record.ts'
import { TOKENS } from '../support/scripted-upstream-script.ts'
import { openStage, UPSTREAMS, type Stage } from './support/stage.ts'

let stage: Stage
beforeEach(async () => {
  stage = await openStage()
})
afterEach(async () => {
  stage.expectOneUpstreamCallEach()
  await stage.close()
})

const user = [{ role: 'user', content: 'Hi' }] as const

type Start = (model: string, stream: boolean, signal: AbortSignal) => PromiseLike<unknown>
const CLIENTS: Readonly<Record<string, Start>> = {
  'openai chat.completions': (model, stream, signal) =>
    stage.openai.chat.completions.create({ model, messages: [...user], stream }, { signal }),
  'openai responses': (model, stream, signal) => stage.openai.responses.create({ model, input: 'Hi', stream }, { signal }),
  anthropic: (model, stream, signal) =>
    stage.anthropic.messages.create({ model, max_tokens: 100, messages: [...user], stream }, { signal }),
  google: (model, stream, abortSignal) => {
    const { models } = stage.google
    const params = { model, contents: 'Hi', config: { abortSignal } }
    return stream ? models.generateContentStream(params) : models.generateContent(params)
  },
}
const MATRIX = Object.keys(CLIENTS).flatMap((client) => UPSTREAMS.map((upstream) => [client, upstream] as const))

/** Waits for the upstream to see its connection closed; says after how long. */
async function upstreamClosed(): Promise<{ outcome: string; withinMs: number }> {
  const abortedAt = performance.now()
  const request = stage.upstream.requests.at(-1)
  const tooLate = new Promise<string>((resolve) => setTimeout(resolve, 5_000, 'still open'))
  const outcome = await Promise.race([request!.ended, tooLate])
  return { outcome, withinMs: performance.now() - abortedAt }
}

/** The record of the call, once the gateway has noticed. */
async function recorded(): Promise<RequestRecord> {
  for (const deadline = performance.now() + 2_000; performance.now() < deadline; await Bun.sleep(5)) {
    const record = await stage.lastRecord().catch(() => undefined)
    if (record !== undefined) return record
  }
  throw new Error('the call was not recorded')
}

async function expectClosedAndRecorded(): Promise<RequestRecord> {
  const { outcome, withinMs } = await upstreamClosed()
  expect(outcome).toBe('aborted')
  expect(withinMs).toBeLessThan(1_000)
  const record = await recorded()
  expect(record).toMatchObject({ status: 499, error_code: 'client_closed_request', attempts: [{ outcome: 'cancelled' }] })
  return record
}

describe.each(MATRIX)('a client of %s that goes away, in front of an upstream that speaks %s', (client, upstream) => {
  test('in the middle of a stream closes the upstream at once, and what was used is recorded', async () => {
    const abort = new AbortController()
    const stream = (await CLIENTS[client]!(`${upstream}/hold`, true, abort.signal)) as AsyncIterable<unknown>
    let events = 0
    for await (const event of stream) {
      events++
      // The first pieces of the text are there, and nothing follows them.
      if (JSON.stringify(event).includes('42')) break
    }
    abort.abort()
    expect(events).toBeGreaterThan(0)
    const record = await expectClosedAndRecorded()
    // Only these formats tell of input tokens before their end.
    if (upstream === 'messages' || upstream === 'gemini')
      expect(record.usage).toMatchObject({ inputTokens: TOKENS.input, cacheReadTokens: TOKENS.cached })
    expect(record.served).toBe(`${upstream}/hold`)
  })

  test('while it waits for a whole answer closes the upstream at once', async () => {
    const abort = new AbortController()
    const call = CLIENTS[client]!(`${upstream}/hold`, false, abort.signal).then(
      () => 'answered',
      (error: Error) => error.name,
    )
    await stage.upstream.request(0)
    abort.abort()
    expect(await call).not.toBe('answered')
    await expectClosedAndRecorded()
  })
})

test('a stream of the AI SDK that is aborted closes the upstream at once', async () => {
  const abort = new AbortController()
  const model = createAnthropic({ baseURL: `${stage.url}/v1`, apiKey: 'k', fetch: stage.fetch })('responses/hold')
  const { textStream } = streamText({ model, prompt: 'Hi', maxRetries: 0, abortSignal: abort.signal, onError: () => undefined })
  for await (const piece of textStream) if (piece !== '') break
  abort.abort()
  await expectClosedAndRecorded()
})
