import { afterEach, describe, expect, test } from 'bun:test'
import { accountsNamed, providerAt, TestWorld, type TestGateway } from '../support/gateway-fixture.ts'
import type { FakeUpstream, Reply } from '../support/fake-upstream.ts'
import { jsonReply, sseReply } from '../support/upstream-answers.ts'

const world = new TestWorld()
afterEach(() => world.closeAll())

/** A gateway whose model `fast` is `real` at an upstream. */
async function open(reply: Reply): Promise<{ upstream: FakeUpstream; gateway: TestGateway }> {
  const upstream = await world.upstream(reply)
  const gateway = await world.gateway({
    providers: [providerAt('up', upstream, 'openai', accountsNamed('main'))],
    routes: [{ name: 'fast', match: { model: 'fast' }, targets: ['up/real'] }],
  })
  return { upstream, gateway }
}

const formOf = (fields: Readonly<Record<string, string | Blob>>): FormData => {
  const form = new FormData()
  for (const [name, value] of Object.entries(fields)) form.append(name, value)
  return form
}

describe('legacy completions', () => {
  const choice = { text: 'Hello', index: 0, finish_reason: 'stop', logprobs: null }
  const usage = { prompt_tokens: 3, completion_tokens: 1, total_tokens: 4 }

  test('go through whole, with the model renamed and usage read', async () => {
    const answer = { id: 'cmpl-1', object: 'text_completion', model: 'real', choices: [choice], usage }
    const { upstream, gateway } = await open(jsonReply(answer))
    const response = await gateway.post('/v1/completions', { model: 'fast', prompt: 'Say', max_tokens: 5 })
    expect(await response.json()).toEqual({ ...answer, model: 'fast' })
    expect(upstream.requests[0]).toMatchObject({ path: '/v1/completions', json: { model: 'real', prompt: 'Say', max_tokens: 5 } })
    expect(await gateway.recordOf(response)).toMatchObject({
      operation: 'completions',
      usage: { inputTokens: 3, outputTokens: 1 },
      finish: 'stop',
    })
  })

  test('stream, with usage asked for and taken out again', async () => {
    const chunk = (rest: object): string => `data: ${JSON.stringify({ object: 'text_completion', model: 'real', ...rest })}\n\n`
    const frames = [
      chunk({ choices: [{ ...choice, finish_reason: null }] }),
      chunk({ choices: [{ ...choice, text: '' }] }),
      chunk({ choices: [], usage }),
      'data: [DONE]\n\n',
    ]
    const { upstream, gateway } = await open(sseReply(frames))
    const response = await gateway.post('/v1/completions', { model: 'fast', prompt: 'Say', stream: true })
    const text = await response.text()
    expect(response.headers.get('content-type')).toContain('text/event-stream')
    expect(text).toContain('"text":"Hello"')
    expect(text).toContain('"model":"fast"')
    expect(text).not.toContain('"usage"')
    expect(text).toEndWith('data: [DONE]\n\n')
    expect(upstream.requests[0]?.json).toMatchObject({ stream_options: { include_usage: true } })
    expect(await gateway.recordOf(response)).toMatchObject({ streamed: true, usage: { inputTokens: 3, outputTokens: 1 } })
  })

  test.each([true, false])(
    'in another manner than asked for (stream: %p) are an error, and never an empty answer',
    async (stream) => {
      const whole = jsonReply({ object: 'text_completion', choices: [choice], usage })
      const { gateway } = await open(stream ? whole : sseReply([`data: ${JSON.stringify({ choices: [choice] })}\n\n`]))
      const response = await gateway.post('/v1/completions', { model: 'fast', prompt: 'Say', stream })
      expect(response.status).toBe(502)
      expect(await response.json()).toMatchObject({ error: { code: 'upstream_bad_response' } })
    },
  )

  test('give up an answer in a manner that nobody asked for', async () => {
    const { upstream, gateway } = await open(sseReply([`data: ${JSON.stringify({ choices: [choice] })}\n\n`, { stall: true }]))
    const response = await gateway.post('/v1/completions', { model: 'fast', prompt: 'Say' })
    expect(response.status).toBe(502)
    expect(await (await upstream.request(0)).ended).toBe('aborted')
  })

  test('go to another target when a stream fails before its first text', async () => {
    const broken = await world.upstream(sseReply([': nothing\n\n', { reset: true }]))
    const good = await world.upstream(jsonReply({ object: 'text_completion', choices: [choice], usage }))
    const gateway = await world.gateway({
      server: { retry: { max_retries: 0 } },
      providers: [providerAt('broken', broken, 'openai'), providerAt('good', good, 'openai')],
      routes: [{ name: 'fast', match: { model: 'fast' }, targets: ['broken/a', 'good/b'] }],
    })
    good.otherwise(sseReply([`data: ${JSON.stringify({ choices: [choice] })}\n\n`, 'data: [DONE]\n\n']))
    const response = await gateway.post('/v1/completions', { model: 'fast', prompt: 'Say', stream: true })
    expect(await response.text()).toContain('Hello')
    expect((await gateway.recordOf(response)).served).toBe('good/b')
  })
})

const JSON_ENDPOINTS = [
  ['/v1/images/generations', { prompt: 'a cat' }],
  ['/v1/audio/speech', { input: 'hello', voice: 'alloy' }],
  ['/v1/rerank', { query: 'q', documents: ['a', 'b'] }],
  ['/v1/moderations', { input: 'text' }],
] as const

describe('an endpoint that takes JSON', () => {
  test.each(JSON_ENDPOINTS)('%s is forwarded with the model renamed', async (path, body) => {
    const { upstream, gateway } = await open(jsonReply({ results: [1] }))
    const response = await gateway.post(path, { ...body, model: 'fast' })
    expect(await response.json()).toEqual({ results: [1] })
    expect(upstream.requests[0]).toMatchObject({ path, json: { ...body, model: 'real' } })
    expect(upstream.requests[0]?.headers['authorization']).toBe('Bearer key-main')
    expect(await gateway.recordOf(response)).toMatchObject({ served: 'up/real', status: 200 })
  })

  test.each(JSON_ENDPOINTS)('%s tells an upstream error in the words of OpenAI', async (path, body) => {
    const { gateway } = await open(
      jsonReply({ error: { message: 'no such voice', param: 'voice', type: 'invalid_request_error' } }, 400),
    )
    const response = await gateway.post(path, { ...body, model: 'fast' })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ error: { message: 'no such voice', param: 'voice' } })
  })
})

test('moderations that name no model are those of the model that OpenAI takes then; nothing else goes without one', async () => {
  const upstream = await world.upstream(jsonReply({ results: [1] }))
  const gateway = await world.gateway({
    providers: [providerAt('up', upstream, 'openai')],
    routes: [{ name: 'all', match: { model: 'omni-moderation-latest' }, targets: ['up/judge'] }],
  })
  for (const [path, body] of JSON_ENDPOINTS) {
    const response = await gateway.post(path, body)
    expect([path, response.status]).toEqual([path, path === '/v1/moderations' ? 200 : 400])
  }
  expect(upstream.requests.map(({ json }) => json)).toEqual([{ input: 'text', model: 'judge' }])
})

test('speech comes as bytes, while it is made', async () => {
  const { promise: heard, resolve: hear } = Promise.withResolvers<void>()
  const audio = Buffer.from([0xff, 0xfb, 0x00, 0x80])
  const { gateway } = await open({ headers: { 'content-type': 'audio/mpeg' }, body: [audio, { until: heard }, audio] })
  const response = await gateway.post('/v1/audio/speech', { model: 'fast', input: 'hi', voice: 'alloy' })
  expect(response.headers.get('content-type')).toBe('audio/mpeg')
  const reader = response.body!.getReader()
  expect((await reader.read()).value).toEqual(new Uint8Array(audio))
  hear()
  expect((await reader.read()).value).toEqual(new Uint8Array(audio))
  expect((await reader.read()).done).toBe(true)
})

test('bytes that break off in the middle do not look complete', async () => {
  const { promise: heard, resolve: hear } = Promise.withResolvers<void>()
  const { gateway } = await open({
    headers: { 'content-type': 'audio/mpeg' },
    body: ['begun', { until: heard }, { reset: true }],
  })
  const response = await gateway.post('/v1/audio/speech', { model: 'fast', input: 'hi', voice: 'alloy' })
  const reader = response.body!.getReader()
  await reader.read()
  hear()
  expect(await reader.read().catch((error: unknown) => error)).toBeInstanceOf(Error)
  expect(await gateway.recordOf(response)).toMatchObject({ error_code: 'upstream_stream_interrupted' })
})

describe('an endpoint that takes a form', () => {
  const file = new File([new Uint8Array([1, 2, 13, 10, 45, 45, 0, 255])], 'a.mp3', { type: 'audio/mpeg' })

  test.each(['/v1/audio/transcriptions', '/v1/audio/translations', '/v1/images/edits', '/v1/images/variations'])(
    '%s goes on byte for byte but for the model, and its usage is read',
    async (path) => {
      const usage = { type: 'tokens', input_tokens: 14, output_tokens: 5, input_token_details: { audio_tokens: 14 } }
      const { upstream, gateway } = await open(jsonReply({ text: 'hello', usage }))
      const form = new Response(formOf({ file, model: 'fast', language: 'en' }))
      const contentType = form.headers.get('content-type')!
      const sent = Buffer.from(await form.arrayBuffer())
      const response = await fetch(`${gateway.url}${path}`, {
        method: 'POST',
        headers: { 'content-type': contentType },
        body: sent,
      })
      expect(await response.json()).toEqual({ text: 'hello', usage })
      const [request] = upstream.requests
      expect(request?.headers['content-type']).toBe(contentType)
      expect(Buffer.from(request!.body).toString('latin1')).toBe(
        sent.toString('latin1').replace('\r\n\r\nfast\r\n', '\r\n\r\nreal\r\n'),
      )
      expect(await gateway.recordOf(response)).toMatchObject({
        usage: { inputTokens: 14, outputTokens: 5 },
        request_bytes: sent.length,
      })
    },
  )

  test('is sent again to the next account', async () => {
    const upstream = await world.upstream(jsonReply({ text: 'hello' }))
    const gateway = await world.gateway({ providers: [providerAt('up', upstream, 'openai', accountsNamed('one', 'two'))] })
    upstream.enqueue(jsonReply({ error: { message: 'slow down' } }, 429))
    const response = await fetch(`${gateway.url}/v1/audio/transcriptions`, {
      method: 'POST',
      body: formOf({ file, model: 'up/m' }),
    })
    expect(response.status).toBe(200)
    expect(upstream.requests.map(({ headers }) => headers['authorization'])).toEqual(['Bearer key-one', 'Bearer key-two'])
    expect(upstream.requests[1]?.body.length).toBe(upstream.requests[0]!.body.length)
  })

  test.each<[string, string]>([
    ['without a model', '--b\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\nx\r\n--b--\r\n'],
    ['with two models', form2('model', 'model')],
    ['with a model in disguise', '--b\r\ncontent-disposition: form-data; name="a"; name*=utf-8\'\'model\r\n\r\nx\r\n--b--\r\n'],
    ['that ends too early', '--b\r\ncontent-disposition: form-data; name="model"\r\n\r\nfast'],
    ['with another boundary', '--c\r\ncontent-disposition: form-data; name="model"\r\n\r\nfast\r\n--c--\r\n'],
    ['with a boundary that goes on', '--b\r\ncontent-disposition: form-data; name="model"\r\n\r\nfast\r\n--bb--\r\n'],
    ['with a model that holds another field', form2('model').replace('fast', 'up/x\r\n--c\r\n\r\ny')],
    ['that is empty', ''],
  ])('%s is refused, and nobody is called', async (_what, body) => {
    const { upstream, gateway } = await open(jsonReply({}))
    const headers = { 'content-type': 'multipart/form-data; boundary=b' }
    const response = await fetch(`${gateway.url}/v1/audio/transcriptions`, { method: 'POST', headers, body })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ error: { code: 'invalid_body' } })
    expect(upstream.requests).toHaveLength(0)
    expect(await gateway.records()).toMatchObject([{ operation: 'transcriptions', error_code: 'invalid_body' }])
  })

  test('that is larger than allowed is refused', async () => {
    const upstream = await world.upstream(jsonReply({}))
    const gateway = await world.gateway({
      server: { max_request_bytes: 1000 },
      providers: [providerAt('up', upstream, 'openai')],
    })
    const body = formOf({ file: new File([new Uint8Array(5000)], 'a'), model: 'up/m' })
    const response = await fetch(`${gateway.url}/v1/audio/transcriptions`, { method: 'POST', body })
    expect(response.status).toBe(413)
  })
})

function form2(...names: string[]): string {
  return `${names.map((name) => `--b\r\ncontent-disposition: form-data; name="${name}"\r\n\r\nfast\r\n`).join('')}--b--\r\n`
}

test('a client that leaves ends the upstream call', async () => {
  const { upstream, gateway } = await open({ headers: { 'content-type': 'audio/mpeg' }, body: ['begun', { stall: true }] })
  const client = new AbortController()
  const response = await gateway.post('/v1/audio/speech', { model: 'fast', input: 'x' }, { signal: client.signal })
  await response.body!.getReader().read()
  client.abort()
  expect(await upstream.requests[0]!.ended).toBe('aborted')
})
