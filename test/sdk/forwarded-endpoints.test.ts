import Anthropic from '@anthropic-ai/sdk'
import { afterEach, describe, expect, test } from 'bun:test'
import OpenAI, { toFile } from 'openai'
import type { FakeUpstream, Reply, ReplyFor } from '../support/fake-upstream.ts'
import { providerAt, TestWorld } from '../support/gateway-fixture.ts'
import { jsonReply, sseReply } from '../support/upstream-answers.ts'

const world = new TestWorld()
afterEach(() => world.closeAll())

async function open(reply: Reply | ReplyFor): Promise<{ openai: OpenAI; upstream: FakeUpstream; url: string }> {
  const upstream = await world.upstream(reply)
  const { url } = await world.gateway({ providers: [providerAt('up', upstream, 'openai')] })
  return { upstream, url, openai: new OpenAI({ apiKey: 'k', baseURL: `${url}/v1`, maxRetries: 0 }) }
}

const event = (data: unknown): string => `data: ${JSON.stringify(data)}\n\n`

describe("OpenAI's client", () => {
  test('completes texts, streamed', async () => {
    const choice = { text: 'Hel', index: 0, finish_reason: null, logprobs: null }
    const { openai } = await open(
      sseReply([
        event({ model: 'm', choices: [choice] }),
        event({ model: 'm', choices: [{ ...choice, text: 'lo' }] }),
        'data: [DONE]\n\n',
      ]),
    )
    const stream = await openai.completions.create({ model: 'up/m', prompt: 'x', stream: true })
    let text = ''
    for await (const chunk of stream) {
      expect(chunk.model).toBe('up/m')
      text += chunk.choices[0]?.text
    }
    expect(text).toBe('Hello')
  })

  test('makes images', async () => {
    const { openai, upstream } = await open(jsonReply({ created: 1, data: [{ b64_json: 'aGk=' }] }))
    const made = await openai.images.generate({ model: 'up/m', prompt: 'a cat' })
    expect(made.data).toEqual([{ b64_json: 'aGk=' }])
    const edited = await openai.images.edit({
      model: 'up/m',
      prompt: 'a dog',
      image: [await toFile(Buffer.from('1'), 'a.png'), await toFile(Buffer.from('2'), 'b.png')],
    })
    expect(edited.data).toHaveLength(1)
    expect(upstream.requests[1]?.text).toContain('name="image[]"; filename="b.png"')
  })

  test('speaks', async () => {
    const { openai } = await open({
      headers: { 'content-type': 'audio/mpeg' },
      body: [new Uint8Array([1, 2]), new Uint8Array([3])],
    })
    const spoken = await openai.audio.speech.create({ model: 'up/m', voice: 'alloy', input: 'hello' })
    expect(new Uint8Array(await spoken.arrayBuffer())).toEqual(new Uint8Array([1, 2, 3]))
  })

  test('listens, whole and streamed, in words and as text', async () => {
    const { openai, upstream } = await open(jsonReply({ text: 'hello' }))
    const file = await toFile(Buffer.from('audio'), 'a.mp3')
    expect((await openai.audio.transcriptions.create({ model: 'up/m', file })).text).toBe('hello')
    expect((await openai.audio.translations.create({ model: 'up/m', file })).text).toBe('hello')
    upstream.enqueue({ headers: { 'content-type': 'text/plain' }, body: ['hello'] })
    expect(await openai.audio.transcriptions.create({ model: 'up/m', file, response_format: 'text' })).toBe('hello' as never)
    const done = { type: 'transcript.text.done', text: 'hello', usage: { type: 'tokens', input_tokens: 3, output_tokens: 1 } }
    upstream.enqueue(sseReply([event({ type: 'transcript.text.delta', delta: 'hel' }), event(done)]))
    const types: string[] = []
    for await (const part of await openai.audio.transcriptions.create({ model: 'up/m', file, stream: true }))
      types.push(part.type)
    expect(types).toEqual(['transcript.text.delta', 'transcript.text.done'])
  })

  test('moderates, also without naming a model', async () => {
    const upstream = await world.upstream(jsonReply({ id: 'modr-1', model: 'omni', results: [{ flagged: false }] }))
    const { url } = await world.gateway({
      providers: [providerAt('up', upstream, 'openai')],
      routes: [{ name: 'rest', match: { model: '*' }, targets: ['up/omni'] }],
    })
    const openai = new OpenAI({ apiKey: 'k', baseURL: `${url}/v1`, maxRetries: 0 })
    expect((await openai.moderations.create({ input: 'x' })).results).toEqual([{ flagged: false }] as never)
    expect(upstream.requests[0]?.json).toEqual({ model: 'omni', input: 'x' })
  })

  test('keeps files and makes batches of them', async () => {
    const { openai } = await open(({ method, path }) => {
      if (path.endsWith('/content')) return { headers: { 'content-type': 'application/octet-stream' }, body: ['{"a":1}\n'] }
      if (path.startsWith('/v1/batches'))
        return jsonReply({ id: 'batch_1', object: 'batch', status: 'completed', output_file_id: 'file-2' })
      if (path.startsWith('/v1/files?') || (method === 'GET' && path === '/v1/files'))
        return jsonReply({ object: 'list', data: [{ id: 'file-0' }, { id: 'file-1' }], has_more: false })
      return jsonReply({ id: path.includes('file-2') ? 'file-2' : 'file-1', object: 'file', deleted: method === 'DELETE' })
    })
    const file = await openai.files.create({ file: await toFile(Buffer.from('{}'), 'in.jsonl'), purpose: 'batch' })
    expect(file.id).toBe('file-1')
    const listed: string[] = []
    for await (const each of openai.files.list()) listed.push(each.id)
    expect(listed).toEqual(['file-1'])
    const batch = await openai.batches.create({
      input_file_id: file.id,
      endpoint: '/v1/chat/completions',
      completion_window: '24h',
    })
    const ended = await openai.batches.retrieve(batch.id)
    expect(await (await openai.files.content(ended.output_file_id ?? '')).text()).toBe('{"a":1}\n')
    expect((await openai.files.delete(file.id)).deleted).toBe(true)
    expect(await openai.files.retrieve('file-0').catch((error: unknown) => error)).toBeInstanceOf(OpenAI.NotFoundError)
  })

  test('reaches whatever else there is through the provider itself', async () => {
    const { upstream, url } = await open(jsonReply({ object: 'list', data: [{ id: 'job' }], has_more: false }))
    for (const baseURL of [`${url}/passthrough/up`, `${url}/passthrough/up/v1`]) {
      const openai = new OpenAI({ apiKey: 'k', baseURL, maxRetries: 0 })
      expect((await openai.fineTuning.jobs.list({ limit: 2 })).data.map(({ id }) => id)).toEqual(['job'])
    }
    expect(upstream.requests.map(({ path }) => path)).toEqual(['/v1/fine_tuning/jobs?limit=2', '/v1/fine_tuning/jobs?limit=2'])
  })
})

test("Anthropic's client reaches its own batches through the provider itself, and gets errors of its own kind", async () => {
  const upstream = await world.upstream(jsonReply({ id: 'msgbatch_1', type: 'message_batch', processing_status: 'ended' }))
  const { url } = await world.gateway({ providers: [providerAt('claude', upstream, 'anthropic')] })
  const anthropic = new Anthropic({ apiKey: 'k', baseURL: `${url}/passthrough/claude`, maxRetries: 0 })
  expect((await anthropic.messages.batches.retrieve('msgbatch_1')).processing_status).toBe('ended')
  expect(upstream.requests[0]).toMatchObject({ method: 'GET', path: '/v1/messages/batches/msgbatch_1' })
  expect(upstream.requests[0]?.headers['anthropic-version']).toMatch(/^20\d\d-/)
  upstream.enqueue(jsonReply({ type: 'error', error: { type: 'not_found_error', message: 'no such batch' } }, 404))
  const failure = await anthropic.messages.batches.retrieve('msgbatch_2').catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(Anthropic.NotFoundError)
  expect(String(failure)).toContain('no such batch')
})
