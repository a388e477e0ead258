import { GoogleGenAI } from '@google/genai'
import { afterEach, expect, test } from 'bun:test'
import OpenAI from 'openai'
import { providerAt, TestWorld } from '../support/gateway-fixture.ts'
import { jsonReply } from '../support/upstream-answers.ts'

const world = new TestWorld()
afterEach(() => world.closeAll())

/** Four providers that embed, each in its own format; none knows base64. */
async function openClients(): Promise<{ openai: OpenAI; google: GoogleGenAI }> {
  const usage = { prompt_tokens: 3, total_tokens: 3 }
  const data = [0, 1].map((index) => ({ object: 'embedding', index, embedding: [0.5, index] }))
  const chat = await world.upstream(jsonReply({ object: 'list', data, model: 'm', usage }))
  const gemini = await world.upstream(jsonReply({ embeddings: data.map(({ embedding }) => ({ values: embedding })) }))
  const bedrock = await world.upstream(({ json }) =>
    jsonReply({ embedding: [0.5, (json as { inputText: string }).inputText === 'a' ? 0 : 1], inputTextTokenCount: 2 }),
  )
  const vertex = await world.upstream(
    jsonReply({
      predictions: data.map(({ embedding }) => ({ embeddings: { values: embedding, statistics: { token_count: 1 } } })),
    }),
  )
  const keys = { auth: { kind: 'aws', access_key: 'AKIDEXAMPLE', secret_key: 'secret' } }
  const gateway = await world.gateway({
    providers: [
      providerAt('chat', chat, 'openai'),
      providerAt('google', gemini, 'gemini'),
      { id: 'aws', type: 'bedrock', base_url: bedrock.url, region: 'us-east-1', accounts: [{ id: 'main', ...keys }] },
      { id: 'cloud', type: 'vertex', base_url: vertex.url, project: 'p', region: 'global', api_key: 'token' },
    ],
  })
  return {
    openai: new OpenAI({ apiKey: 'k', baseURL: `${gateway.url}/v1`, maxRetries: 0 }),
    google: new GoogleGenAI({ apiKey: 'k', httpOptions: { baseUrl: gateway.url } }),
  }
}

const MODELS = ['chat/m', 'google/m', 'aws/amazon.titan-embed-text-v2:0', 'cloud/text-embedding-005']

// The official client asks for base64 unless told otherwise, and unpacks it.
test.each(MODELS)("OpenAI's client gets numbers of %s", async (model) => {
  const { openai } = await openClients()
  const answer = await openai.embeddings.create({ model, input: ['a', 'b'] })
  expect(answer.data.map(({ embedding }) => Array.from(embedding))).toEqual([
    [0.5, 0],
    [0.5, 1],
  ])
  expect(answer.model).toBe(model)
  expect(answer.usage.prompt_tokens).toBeGreaterThan(0)
})

test("OpenAI's client throws its own kind of error for a model that embeds no token numbers", async () => {
  const { openai } = await openClients()
  const failure = await openai.embeddings.create({ model: 'google/m', input: [1, 2] }).catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(OpenAI.BadRequestError)
  expect((failure as { code?: string }).code).toBe('endpoint_unsupported')
})

test.each(MODELS)("Google's client gets embeddings of %s", async (model) => {
  const { google } = await openClients()
  const answer = await google.models.embedContent({ model, contents: ['a', 'b'] })
  expect(answer.embeddings?.map(({ values }) => values)).toEqual([
    [0.5, 0],
    [0.5, 1],
  ])
})
