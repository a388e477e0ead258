import { afterEach, describe, expect, test } from 'bun:test'
import { accountsNamed, providerAt, TestWorld } from '../support/gateway-fixture.ts'
import { KEY, openLimits } from '../support/limits-world.ts'
import { jsonReply } from '../support/upstream-answers.ts'

const world = new TestWorld()
afterEach(() => world.closeAll())

const VECTORS = [
  [0.5, -0.25],
  [1, 2],
]
const base64 = (numbers: readonly number[]): string => Buffer.from(new Float32Array(numbers).buffer).toString('base64')
const listed = (vectors: readonly unknown[], model = 'real-embedder') => ({
  object: 'list',
  data: vectors.map((embedding, index) => ({ object: 'embedding', index, embedding })),
  model,
  usage: { prompt_tokens: 7, total_tokens: 7 },
})
const route = (...targets: string[]) => [{ name: 'vectors', match: { model: 'vectors' }, targets }]

describe('embeddings of an upstream with the format of OpenAI', () => {
  test('go through as they are, with the model renamed both ways', async () => {
    const upstream = await world.upstream(jsonReply({ ...listed(VECTORS), extra: { kept: [1] } }))
    const gateway = await world.gateway({
      providers: [providerAt('up', upstream, 'openai', accountsNamed('main'))],
      routes: route('up/real-embedder'),
    })
    const body = '{ "input": ["a","b"], "model":"vectors","dimensions":2, "big": 12345678901234567890 }'
    const response = await gateway.post('/v1/embeddings', body)
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual({ ...listed(VECTORS, 'vectors'), extra: { kept: [1] } })
    const [request] = upstream.requests
    expect(request?.path).toBe('/v1/embeddings')
    expect(request?.headers['authorization']).toBe('Bearer key-main')
    expect(request?.text).toBe(body.replace('vectors', 'real-embedder'))
    const record = await gateway.recordOf(response)
    expect(record).toMatchObject({
      operation: 'embeddings',
      requested_model: 'vectors',
      served: 'up/real-embedder',
      usage: { inputTokens: 7, outputTokens: 0 },
      decision: { inputs: { endpoint: { offers: ['embeddings'] } } },
    })
    expect(record.attempts[0]).toMatchObject({ passthrough: true, usage_known: 'whole' })
  })

  test('come as base64 also from a server that knows only numbers', async () => {
    const upstream = await world.upstream(jsonReply(listed(VECTORS)))
    const gateway = await world.gateway({ providers: [providerAt('up', upstream, 'openai')] })
    const response = await gateway.post('/v1/embeddings', { model: 'up/m', input: ['a', 'b'], encoding_format: 'base64' })
    expect(await response.json()).toEqual(listed(VECTORS.map(base64), 'up/m'))
  })

  test('that fail with a good status fail as what they say', async () => {
    const error = { message: 'slow down', code: 'rate_limit_exceeded', type: 'requests' }
    const upstream = await world.upstream(jsonReply({ error }))
    const gateway = await world.gateway({
      providers: [providerAt('up', upstream, 'openai')],
      server: { retry: { max_wait_ms: 1 } },
    })
    const response = await gateway.post('/v1/embeddings', { model: 'up/m', input: 'a' })
    expect([response.status, await response.json()]).toMatchObject([429, { error }])
    expect((await gateway.recordOf(response)).attempts).toMatchObject([{ error_code: 'upstream_rate_limited' }])
  })

  test('are asked of the next account and the next target when one fails', async () => {
    const limited = await world.upstream(jsonReply({ error: { message: 'slow down', code: 'rate_limit_exceeded' } }, 429))
    const other = await world.upstream(jsonReply(listed([[1]])))
    const gateway = await world.gateway({
      providers: [providerAt('first', limited, 'openai', accountsNamed('one', 'two')), providerAt('second', other, 'openai')],
      routes: route('first/a', 'second/b'),
    })
    const response = await gateway.post('/v1/embeddings', { model: 'vectors', input: 'x' })
    expect(response.status).toBe(200)
    const { attempts } = await gateway.recordOf(response)
    expect(attempts.map(({ target_id, account_id, next }) => [target_id, account_id, next])).toEqual([
      ['first/a', 'one', 'next-account'],
      ['first/a', 'two', 'next-account'],
      ['second/b', 'default', undefined],
    ])
  })

  test('that do not fit the inputs are an error of the upstream, and the next target is asked', async () => {
    const wrong = await world.upstream(jsonReply(listed([[1]])))
    const right = await world.upstream(jsonReply(listed(VECTORS)))
    const gateway = await world.gateway({
      providers: [providerAt('wrong', wrong, 'openai'), providerAt('right', right, 'openai')],
      routes: route('wrong/a', 'right/b'),
    })
    const response = await gateway.post('/v1/embeddings', { model: 'vectors', input: ['x', 'y'] })
    expect(response.headers.get('x-switchback-route')).toContain('served=right/b')
    expect((await gateway.recordOf(response)).attempts[0]).toMatchObject({ error_code: 'upstream_bad_response' })
  })
})

describe('embeddings of Gemini', () => {
  const answer = { embeddings: VECTORS.map((values) => ({ values })) }

  test('serve clients of OpenAI, in the encoding they ask for', async () => {
    const upstream = await world.upstream(jsonReply({ ...answer, usageMetadata: { promptTokenCount: 5 } }))
    const gateway = await world.gateway({ providers: [providerAt('google', upstream, 'gemini')] })
    const body = { model: 'google/gemini-embedding-001', input: ['a', 'b'], dimensions: 2, encoding_format: 'base64', user: 'me' }
    const response = await gateway.post('/v1/embeddings', body)
    expect(await response.json()).toEqual({
      object: 'list',
      data: VECTORS.map((vector, index) => ({ object: 'embedding', index, embedding: base64(vector) })),
      model: 'google/gemini-embedding-001',
      usage: { prompt_tokens: 5, total_tokens: 5 },
    })
    expect(upstream.requests[0]?.path).toBe('/v1/models/gemini-embedding-001:batchEmbedContents')
    expect(upstream.requests[0]?.json).toEqual({
      requests: ['a', 'b'].map((text) => ({
        model: 'models/gemini-embedding-001',
        content: { parts: [{ text }] },
        outputDimensionality: 2,
      })),
    })
    const { attempts, diagnostics } = await gateway.recordOf(response)
    expect(attempts[0]).toMatchObject({ passthrough_refused: ['format_differs'], usage: { inputTokens: 5, outputTokens: 0 } })
    expect(diagnostics).toMatchObject([{ severity: 'lost', code: 'user', path: '/user' }])
    expect(response.headers.get('x-switchback-lost')).toBe('user')
  })

  test('hold long texts whole, on the way to another format and back to their own', async () => {
    const upstream = await world.upstream(jsonReply({ embeddings: [{ values: [1] }] }))
    const gateway = await world.gateway({ providers: [providerAt('google', upstream, 'gemini')] })
    const long = 'é"\\'.repeat(400_000)
    const content = { parts: [{ text: long }] }
    expect((await gateway.post('/v1/embeddings', { model: 'google/e', input: long })).status).toBe(200)
    expect((await gateway.post('/v1beta/models/google/e:batchEmbedContents', { requests: [{ content }] })).status).toBe(200)
    const request = { model: 'models/e', content }
    for (const { json } of upstream.requests) expect(Bun.deepEquals(json, { requests: [request] })).toBe(true)
    expect(upstream.requests).toHaveLength(2)
  })

  test('without usage are told with an estimate that says so, and nothing is invented for the record', async () => {
    const upstream = await world.upstream(jsonReply(answer))
    const gateway = await world.gateway({ providers: [providerAt('google', upstream, 'gemini')] })
    const response = await gateway.post('/v1/embeddings', { model: 'google/e', input: ['a', 'b'] })
    expect(response.headers.get('x-switchback-estimated')).toBe('true')
    expect(((await response.json()) as { usage: { prompt_tokens: number } }).usage.prompt_tokens).toBeGreaterThan(0)
    expect((await gateway.recordOf(response)).usage).toBeUndefined()
  })

  test('serve clients of Google, one and several at a time, under another name of the model', async () => {
    const upstream = await world.upstream()
    const gateway = await world.gateway({ providers: [providerAt('google', upstream, 'gemini')], routes: route('google/real') })
    upstream.enqueue(jsonReply({ embedding: { values: [1] } }), jsonReply(answer))
    const content = { parts: [{ text: 'a' }] }
    const one = await gateway.post('/v1beta/models/vectors:embedContent', { content, taskType: 'RETRIEVAL_QUERY' })
    expect(await one.json()).toEqual({ embedding: { values: [1] } })
    expect(upstream.requests[0]).toMatchObject({
      path: '/v1/models/real:embedContent',
      json: { content, taskType: 'RETRIEVAL_QUERY' },
    })
    const requests = [
      { model: 'models/vectors', content, title: 'kept' },
      { model: 'models/vectors', content },
    ]
    const several = await gateway.post('/v1beta/models/vectors:batchEmbedContents', { requests })
    expect(await several.json()).toEqual(answer)
    expect(upstream.requests[1]?.json).toEqual({ requests: requests.map((request) => ({ ...request, model: 'models/real' })) })
  })

  test.each(['v1', 'v1beta', 'v1alpha'])('are found under the version %s of the API, and only by POST', async (version) => {
    const gateway = await world.gateway({ providers: [{ id: 'mock', type: 'mock' }] })
    const path = `/${version}/models/mock/embed:embedContent`
    expect((await gateway.post(path, { content: { parts: [{ text: 'a' }] } })).status).toBe(200)
    const asked = await fetch(gateway.url + path)
    expect([asked.status, asked.headers.get('allow')]).toEqual([405, 'POST'])
  })

  test('clients of Google are served by OpenAI too', async () => {
    const upstream = await world.upstream(jsonReply(listed([[1, 2]])))
    const gateway = await world.gateway({ providers: [providerAt('up', upstream, 'openai')] })
    const response = await gateway.post('/v1beta/models/up/m:embedContent', {
      content: { parts: [{ text: 'a' }] },
      outputDimensionality: 2,
    })
    expect(await response.json()).toEqual({
      embedding: { values: [1, 2] },
      usageMetadata: { promptTokenCount: 7, totalTokenCount: 7, candidatesTokenCount: 0 },
    })
    expect(upstream.requests[0]?.json).toEqual({ model: 'm', input: ['a'], encoding_format: 'float', dimensions: 2 })
  })
})

describe('a target that cannot', () => {
  test('is passed over for one that can, and named when there is no other', async () => {
    const upstream = await world.upstream(jsonReply(listed([[1]])))
    const chat = await world.upstream()
    const gateway = await world.gateway({
      providers: [
        providerAt('claude', chat, 'anthropic'),
        providerAt('google', chat, 'gemini'),
        providerAt('up', upstream, 'openai'),
      ],
      routes: [...route('claude/opus', 'up/m'), { name: 'chat', match: { model: 'chat' }, targets: ['claude/opus', 'google/g'] }],
    })
    expect((await gateway.post('/v1/embeddings', { model: 'vectors', input: 'x' })).status).toBe(200)
    const refused = await gateway.post('/v1/embeddings', { model: 'claude/opus', input: 'x' })
    expect(refused.status).toBe(400)
    const { error } = (await refused.json()) as { error: { code: string; message: string } }
    expect(error.code).toBe('endpoint_unsupported')
    expect(error.message).toContain('google/g')
    const tokens = await gateway.post('/v1/embeddings', { model: 'google/g', input: [[1, 2]] })
    expect(tokens.status).toBe(400)
    expect(((await tokens.json()) as { error: { message: string } }).error.message).toMatch(/token numbers .* up\/m/)
    expect(chat.requests).toHaveLength(0)
  })
})

describe('a body that is no call for embeddings', () => {
  test.each([
    [{ model: 'mock/echo' }, 'input'],
    [{ input: 'x' }, 'model'],
    [{ model: 'mock/echo', input: [] }, 'input'],
    [{ model: 'mock/echo', input: [1.5] }, 'input'],
    [{ model: 'mock/echo', input: ['a', [1]] }, 'input'],
    [{ model: 'mock/echo', input: 'x', dimensions: '2' }, 'dimensions'],
    [{ model: 'mock/echo', input: 'x', encoding_format: 'hex' }, 'encoding_format'],
    [{ model: 'm'.repeat(600), input: 'x' }, 'model'],
  ])('%j is refused by the name of its field, with a record', async (body, param) => {
    const gateway = await world.gateway({ providers: [{ id: 'mock', type: 'mock' }] })
    const response = await gateway.post('/v1/embeddings', body)
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ error: { param, code: 'invalid_body' } })
    expect(await gateway.records()).toMatchObject([{ operation: 'embeddings', error_code: 'invalid_body', status: 400 }])
  })

  test('Google is told in its own words', async () => {
    const gateway = await world.gateway({ providers: [{ id: 'mock', type: 'mock' }] })
    const response = await gateway.post('/v1beta/models/mock/echo:embedContent', { content: 7 })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ error: { status: 'INVALID_ARGUMENT' } })
  })
})

test('the mock embeds every input as the same four numbers', async () => {
  const gateway = await world.gateway({ providers: [{ id: 'mock', type: 'mock' }] })
  const response = await gateway.post('/v1/embeddings', { model: 'mock/embed', input: ['a', 'b', 'c'] })
  const { data, usage } = (await response.json()) as { data: { embedding: number[] }[]; usage: unknown }
  expect(data.map(({ embedding }) => embedding)).toEqual(Array.from({ length: 3 }, () => [0.1, 0.2, 0.3, 0.4]))
  expect(usage).toEqual({ prompt_tokens: 3, total_tokens: 3 })
})

test('what embeddings cost is counted towards a budget, which then refuses them', async () => {
  const usage = { prompt_tokens: 500_000, total_tokens: 500_000 }
  const { gateway, spent } = await openLimits(
    world,
    { tenants: [{ id: 'team', budget_usd: 0.4 }] },
    { reply: jsonReply({ ...listed([[1]]), usage }) },
  )
  const headers = { authorization: `Bearer ${KEY}` }
  const ask = () => gateway.post('/v1/embeddings', { model: 'up/m', input: 'x' }, { headers })
  expect((await ask()).status).toBe(200)
  expect(await spent()).toBe(0.5)
  const refused = await ask()
  expect(refused.status).toBe(402)
  expect(await refused.json()).toMatchObject({ error: { code: 'budget_exceeded' } })
})
