import { afterEach, describe, expect, test } from 'bun:test'
import { expectedSignature } from '../support/aws-signature.ts'
import type { FakeUpstream, Reply, ReplyFor } from '../support/fake-upstream.ts'
import { TestWorld, type TestGateway } from '../support/gateway-fixture.ts'
import { jsonReply } from '../support/upstream-answers.ts'

type Json = Record<string, any>

const world = new TestWorld()
afterEach(() => world.closeAll())

const SECRET = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY'
const TITAN = 'amazon.titan-embed-text-v2:0'
const keys = (id: string): Json => ({ id, auth: { kind: 'aws', access_key: `AKID${id}`, secret_key: SECRET } })

async function setup(provider: Json, reply: Reply | ReplyFor): Promise<{ upstream: FakeUpstream; gateway: TestGateway }> {
  const upstream = await world.upstream(reply)

  const gateway = await world.gateway({ providers: [{ id: 'up', base_url: upstream.url, ...provider }] })
  return { upstream, gateway }
}

const bedrock = (reply: Reply | ReplyFor, extra: Json = {}) =>
  setup({ type: 'bedrock', region: 'us-east-1', accounts: [keys('A')], ...extra }, reply)
const ask = (gateway: TestGateway, body: Json) => gateway.post('/v1/embeddings', body)
const vectorsOf = async (response: Response): Promise<unknown[]> =>
  ((await response.json()) as { data: { embedding: unknown }[] }).data.map(({ embedding }) => embedding)

/** As many numbers as the text is long, and as many tokens. */
const titan: ReplyFor = ({ json }) => {
  const { length } = (json as { inputText: string }).inputText
  const embedding = Array.from({ length }, () => length)
  return jsonReply({ embedding, inputTextTokenCount: length, embeddingsByType: { float: embedding } })
}

describe.each(['bedrock_converse', 'bedrock_anthropic'])('Titan, of a provider that otherwise speaks %s', (format) => {
  test('is called once for each text; vectors come in order, usage is the sum, in one settlement', async () => {
    const { upstream, gateway } = await bedrock(titan, { format })
    const input = Array.from({ length: 20 }, (_none, index) => 'x'.repeat(index + 1))
    const response = await ask(gateway, { model: `up/${TITAN}`, input, dimensions: 256 })
    expect(response.status).toBe(200)
    expect(await vectorsOf(response)).toEqual(input.map(({ length }) => Array.from({ length }, () => length)))
    expect(upstream.requests).toHaveLength(20)
    for (const request of upstream.requests) {
      expect(request.path).toBe('/model/amazon.titan-embed-text-v2%3A0/invoke')
      expect(request.json).toEqual({ inputText: expect.any(String), dimensions: 256, normalize: true })
      const { expected, found } = expectedSignature(request, SECRET)
      expect(found).toBe(expected)
    }
    const record = await gateway.recordOf(response)
    expect(record).toMatchObject({ operation: 'embeddings', usage: { inputTokens: 210, outputTokens: 0 } })
    expect(record.attempts).toMatchObject([{ usage_known: 'whole', passthrough_refused: ['format_differs'] }])
  })
})

describe('Titan', () => {
  test('is not asked for the second text until it has answered the first, so a refused account costs one call', async () => {
    const throttled = jsonReply({ message: 'Too many requests' }, 429)
    const { upstream, gateway } = await bedrock(
      (request) => (request.headers['authorization']?.includes('AKIDA') === true ? throttled : titan(request)),
      { accounts: [keys('A'), { ...keys('B'), priority: 1 }] },
    )
    const response = await ask(gateway, { model: `up/${TITAN}`, input: ['a', 'bb', 'ccc'] })
    expect(await vectorsOf(response)).toEqual([[1], [2, 2], [3, 3, 3]])
    expect(upstream.requests).toHaveLength(4)
    const { attempts } = await gateway.recordOf(response)
    expect(attempts).toMatchObject([
      { account_id: 'A', error_code: 'upstream_rate_limited', usage_known: 'unused' },
      { account_id: 'B', outcome: 'success', usage: { inputTokens: 6 } },
    ])
  })

  test('that breaks off in the middle has what it used by then in the ledger, and the call goes on elsewhere', async () => {
    let calls = 0
    const { gateway } = await bedrock(
      (request) => (++calls === 3 ? jsonReply({ message: 'Too many requests' }, 429) : titan(request)),
      { accounts: [keys('A'), { ...keys('B'), priority: 1 }] },
    )
    const response = await ask(gateway, { model: `up/${TITAN}`, input: ['a', 'bb', 'cc'] })
    expect(await vectorsOf(response)).toEqual([[1], [2, 2], [2, 2]])
    const { attempts } = await gateway.recordOf(response)
    expect(attempts).toMatchObject([
      { account_id: 'A', outcome: 'failed', usage: { inputTokens: 3 }, usage_known: 'partial' },
      { account_id: 'B', outcome: 'success', usage: { inputTokens: 5 }, usage_known: 'whole' },
    ])
  })

  test('has its usage from the headers where the body tells none, and is unknown where nobody does', async () => {
    const told = await bedrock({
      ...jsonReply({ embedding: [1] }),
      headers: { 'content-type': 'application/json', 'x-amzn-bedrock-input-token-count': '9' },
    })
    const first = await ask(told.gateway, { model: `up/${TITAN}`, input: ['a', 'b'] })
    expect((await told.gateway.recordOf(first)).usage).toEqual({ inputTokens: 18, outputTokens: 0 })
    const untold = await bedrock(jsonReply({ embedding: [1] }))
    const second = await ask(untold.gateway, { model: `up/${TITAN}`, input: ['a', 'b'] })
    expect(second.headers.get('x-switchback-estimated')).toBe('true')
    expect((await untold.gateway.recordOf(second)).usage).toBeUndefined()
  })

  test('of the first version makes one size, and others are refused before anything is sent', async () => {
    const { upstream, gateway } = await bedrock(titan)
    const model = 'up/amazon.titan-embed-text-v1'
    const refused = await ask(gateway, { model, input: 'a', dimensions: 256 })
    expect(refused.status).toBe(422)
    expect(await refused.text()).toContain('1536')
    expect(upstream.requests).toHaveLength(0)
    expect((await ask(gateway, { model, input: 'a', dimensions: 1536 })).status).toBe(200)
    expect(upstream.requests[0]?.json).toEqual({ inputText: 'a' })
  })

  test('and too many inputs, or inputs and models it does not have, are refused with a sentence', async () => {
    const { upstream, gateway } = await bedrock(titan)
    const many = await ask(gateway, { model: `up/${TITAN}`, input: Array.from({ length: 2049 }, () => 'a') })
    expect([many.status, await many.text()]).toEqual([422, expect.stringContaining('at most 2048')])
    const tokens = await ask(gateway, { model: `up/${TITAN}`, input: [[1, 2]] })
    expect([tokens.status, await tokens.text()]).toEqual([400, expect.stringContaining('token numbers')])
    const claude = await ask(gateway, { model: 'up/anthropic.claude-sonnet-4-5', input: 'a' })
    expect([claude.status, await claude.text()]).toEqual([422, expect.stringContaining('Titan')])
    const image = await gateway.post(`/v1beta/models/up/${TITAN}:embedContent`, {
      content: { parts: [{ inlineData: { mimeType: 'image/png', data: 'AA==' } }] },
    })
    expect([image.status, await image.text()]).toEqual([422, expect.stringContaining('no text')])
    expect(upstream.requests).toHaveLength(0)
  })
})

describe('Cohere at Bedrock', () => {
  const cohere: ReplyFor = ({ json }) => {
    const { texts } = json as { texts: string[] }
    const float = texts.map((text) => [text.length, 0.5])
    const headers = { 'content-type': 'application/json', 'x-amzn-bedrock-input-token-count': String(texts.length) }
    return { ...jsonReply({ id: 'e', response_type: 'embeddings_by_type', embeddings: { float }, texts }), headers }
  }

  test('takes 96 texts at a time, and tells its usage in a header', async () => {
    const { upstream, gateway } = await bedrock(cohere)
    const input = Array.from({ length: 200 }, (_none, index) => 'y'.repeat(1 + (index % 7)))
    const body = { model: 'up/us.cohere.embed-v4:0', input, dimensions: 512, input_type: 'query', encoding_format: 'base64' }
    const response = await ask(gateway, body)
    expect(await vectorsOf(response)).toEqual(
      input.map(({ length }) => Buffer.from(new Float32Array([length, 0.5]).buffer).toString('base64')),
    )
    expect(upstream.requests.map(({ json }) => (json as Json)['texts'].length)).toEqual([96, 96, 8])
    for (const { json } of upstream.requests)
      expect(json).toMatchObject({ input_type: 'search_query', output_dimension: 512, embedding_types: ['float'] })
    expect((await gateway.recordOf(response)).usage).toEqual({ inputTokens: 200, outputTokens: 0 })
  })

  test('is not asked on a strict route for a purpose that it has no word for', async () => {
    const upstream = await world.upstream(cohere)
    const gateway = await world.gateway({
      providers: [{ id: 'up', base_url: upstream.url, type: 'bedrock', region: 'us-east-1', accounts: [keys('A')] }],
      routes: [{ name: 'v', match: { model: 'v' }, targets: ['up/cohere.embed-multilingual-v3'], translation: 'strict' }],
    })
    const asked = (taskType: string) =>
      gateway.post('/v1beta/models/v:embedContent', { content: { parts: [{ text: 'a' }] }, taskType })
    expect((await asked('FACT_VERIFICATION')).status).toBe(422)
    expect(upstream.requests).toEqual([])
    expect((await asked('RETRIEVAL_QUERY')).status).toBe(200)
  })

  test('that leaves its usage out of one answer has used nobody knows how much', async () => {
    let calls = 0
    const { gateway } = await bedrock(async (request) => {
      const reply = await cohere(request)
      return ++calls === 2 ? { ...reply, headers: { 'content-type': 'application/json' } } : reply
    })
    const response = await ask(gateway, { model: 'up/us.cohere.embed-v4:0', input: Array.from({ length: 97 }, () => 'y') })
    expect((await vectorsOf(response)).length).toBe(97)
    expect(response.headers.get('x-switchback-estimated')).toBe('true')
    const record = await gateway.recordOf(response)
    expect([record.usage?.inputTokens, record.attempts[0]?.usage_known]).toEqual([undefined, 'unknown'])
  })

  test('of the third version answers with a plain list; a purpose it has no word for is told as lost', async () => {
    const { upstream, gateway } = await bedrock(jsonReply({ response_type: 'embeddings_floats', embeddings: [[1, 2]] }))
    const response = await gateway.post('/v1beta/models/up/cohere.embed-multilingual-v3:embedContent', {
      content: { parts: [{ text: 'a' }] },
      taskType: 'FACT_VERIFICATION',
    })
    expect(await response.json()).toEqual({ embedding: { values: [1, 2] } })
    expect(upstream.requests[0]?.json).toEqual({ texts: ['a'], input_type: 'search_document', embedding_types: ['float'] })
    expect((await gateway.recordOf(response)).diagnostics).toMatchObject([
      { severity: 'lost', code: 'extension', path: '/taskType' },
    ])
  })
})

describe('Vertex AI', () => {
  const PLACE = { type: 'vertex', project: 'my-project', region: 'europe-west1', api_key: 'ya29.token' }
  const MODELS = '/v1/projects/my-project/locations/europe-west1/publishers/google/models'
  const predicting: ReplyFor = ({ json }) => {
    const { instances } = json as { instances: { content: string }[] }
    return jsonReply({
      predictions: instances.map(({ content: { length } }) => ({
        embeddings: { values: [length], statistics: { token_count: length, truncated: false } },
      })),
    })
  }

  test('predicts embeddings of several texts at once', async () => {
    const { upstream, gateway } = await setup(PLACE, predicting)
    const body = { model: 'up/text-multilingual-embedding-002', input: ['a', 'bb'], dimensions: 64, input_type: 'query' }
    const response = await ask(gateway, body)
    expect(await vectorsOf(response)).toEqual([[1], [2]])
    expect(upstream.requests.map(({ path }) => path)).toEqual([`${MODELS}/text-multilingual-embedding-002:predict`])
    expect(upstream.requests[0]?.json).toEqual({
      instances: ['a', 'bb'].map((content) => ({ content, task_type: 'RETRIEVAL_QUERY' })),
      parameters: { autoTruncate: false, outputDimensionality: 64 },
    })
    expect(upstream.requests[0]?.headers['authorization']).toBe('Bearer ya29.token')
    expect((await gateway.recordOf(response)).usage).toEqual({ inputTokens: 3, outputTokens: 0 })
  })

  test('predicts no more texts at once than its limits of texts and of tokens allow, and leaves long ones to it', async () => {
    const { upstream, gateway } = await setup(PLACE, predicting)
    const sizes = [40_001, 20_000, 20_000, 1, 39_999, 2, ...Array.from({ length: 251 }, () => 1)]
    const response = await ask(gateway, { model: 'up/text-embedding-005', input: sizes.map((size) => 'x'.repeat(size)) })
    expect((await vectorsOf(response)).flat()).toEqual(sizes)
    // The first is sent alone and the others as they come.
    const sent = upstream.requests.map(({ json }) => (json as { instances: unknown[] }).instances.length)
    expect(sent.toSorted((left, right) => left - right)).toEqual([1, 2, 2, 2, 250])
    // Not characters: é is as long as two.
    const second = await ask(gateway, { model: 'up/text-embedding-005', input: ['é'.repeat(10_001), 'é'.repeat(10_000)] })
    expect((await vectorsOf(second)).flat()).toEqual([10_001, 10_000])
    expect(upstream.requests).toHaveLength(7)
  })

  test("predicts with Gemini's first embedding model one text at a time", async () => {
    const { upstream, gateway } = await setup(PLACE, predicting)
    const response = await ask(gateway, { model: 'up/gemini-embedding-001', input: ['a', 'bb', 'ccc'] })
    expect(await vectorsOf(response)).toEqual([[1], [2], [3]])
    expect(upstream.requests).toHaveLength(3)
    expect((await gateway.recordOf(response)).usage).toEqual({ inputTokens: 6, outputTokens: 0 })
  })

  test('embeds contents with later ones, for clients of Google and of OpenAI', async () => {
    const { upstream, gateway } = await setup(
      PLACE,
      jsonReply({ embedding: { values: [0.5] }, usageMetadata: { promptTokenCount: 4, totalTokenCount: 4 } }),
    )
    const google = await gateway.post('/v1beta/models/up/gemini-embedding-2:embedContent', {
      content: { parts: [{ text: 'a' }] },
      taskType: 'RETRIEVAL_DOCUMENT',
      outputDimensionality: 128,
    })
    expect(await google.json()).toMatchObject({ embedding: { values: [0.5] }, usageMetadata: { promptTokenCount: 4 } })
    expect(upstream.requests[0]).toMatchObject({
      path: `${MODELS}/gemini-embedding-2:embedContent`,
      json: {
        content: { parts: [{ text: 'a' }] },
        embedContentConfig: { autoTruncate: false, taskType: 'RETRIEVAL_DOCUMENT', outputDimensionality: 128 },
      },
    })
    const openai = await ask(gateway, { model: 'up/gemini-embedding-2', input: ['a', 'b'] })
    expect(await vectorsOf(openai)).toEqual([[0.5], [0.5]])
    expect((await gateway.recordOf(openai)).usage).toMatchObject({ inputTokens: 8, outputTokens: 0 })
  })

  test('refuses models whose requests nobody here knows', async () => {
    const { upstream, gateway } = await setup(PLACE, predicting)
    const response = await ask(gateway, { model: 'up/multimodalembedding@001', input: 'a' })
    expect([response.status, await response.text()]).toEqual([422, expect.stringContaining('text-embedding')])
    expect(upstream.requests).toHaveLength(0)
  })
})

const NO_ANSWERS = [
  null,
  7,
  [],
  {},
  { embedding: ['x'] },
  { embedding: null },
  { embeddings: { float: 7 } },
  { embeddings: { binary: [[1]] } },
  { embeddings: [[1], [2]] },
]
test.each(NO_ANSWERS.map((body) => [body]))('%j is no answer of Bedrock', async (body) => {
  const { gateway } = await bedrock(jsonReply(body))
  const response = await ask(gateway, { model: `up/${TITAN}`, input: 'a' })
  expect(response.status).toBe(502)
  expect((await gateway.recordOf(response)).error_code).toBe('upstream_bad_response')
})
