import { afterEach, describe, expect, test } from 'bun:test'
import { CHAT, GEMINI, MESSAGES, RESPONSES, type ClientFormat } from '../support/client-formats.ts'
import { startFakeOAuth } from '../support/fake-oauth.ts'
import type { FakeUpstream, Reply, ReplyFor } from '../support/fake-upstream.ts'
import { TestWorld, type TestGateway } from '../support/gateway-fixture.ts'
import {
  chatAnswer,
  chatStream,
  cutInto,
  geminiAnswer,
  geminiStream,
  jsonReply,
  messagesAnswer,
  messagesStream,
  responsesAnswer,
  sseReply,
} from '../support/upstream-answers.ts'

type Json = Record<string, any>

const world = new TestWorld()
afterEach(() => world.closeAll())

async function setup(reply: Reply | ReplyFor, provider: Json): Promise<{ upstream: FakeUpstream; gateway: TestGateway }> {
  const upstream = await world.upstream(reply)
  const gateway = await world.gateway({ providers: [{ id: 'up', base_url: upstream.url, ...provider }] })
  return { upstream, gateway }
}

/** A plain request of the client's format. */
const BODIES: ReadonlyMap<ClientFormat, Json> = new Map([
  [CHAT, { messages: [{ role: 'user', content: 'Hi' }] }],
  [RESPONSES, { input: 'Hi' }],
  [MESSAGES, { max_tokens: 100, messages: [{ role: 'user', content: 'Hi' }] }],
  [GEMINI, { contents: [{ role: 'user', parts: [{ text: 'Hi' }] }] }],
])
const CLIENTS = [...BODIES.keys()]

const ask = (gateway: TestGateway, client: ClientFormat, model: string, extra: Json = {}): Promise<Response> =>
  gateway.post(client.path, { model, ...BODIES.get(client), ...extra })

const streamed = (frames: string[]): Reply => sseReply(cutInto(frames.join(''), 61))

const PLACE = { type: 'vertex', project: 'my-project', region: 'europe-west1', api_key: 'ya29.token' }
const BELOW = '/v1/projects/my-project/locations/europe-west1'

describe('Gemini at Vertex AI', () => {
  const answering: ReplyFor = ({ path }) =>
    path.endsWith(':countTokens')
      ? jsonReply({ totalTokens: 7 })
      : path.includes(':streamGenerateContent')
        ? streamed(geminiStream())
        : jsonReply(geminiAnswer())

  test.each(CLIENTS.map((client): [string, ClientFormat] => [client.format, client]))(
    'serves clients of %s, whole and streamed, at the address of project, region and model',
    async (_name, client) => {
      const { upstream, gateway } = await setup(answering, PLACE)
      const whole = await ask(gateway, client, 'up/gemini-3-pro')
      expect(await whole.text()).toContain('Hello there!')
      const stream = await ask(gateway, client, 'up/gemini-3-pro', { stream: true })
      expect(stream.headers.get('content-type')).toContain('text/event-stream')
      expect((await stream.text()).length).toBeGreaterThan(100)
      const models = `${BELOW}/publishers/google/models/gemini-3-pro`
      expect(upstream.requests.map(({ path }) => path)).toEqual([
        `${models}:generateContent`,
        `${models}:streamGenerateContent?alt=sse`,
      ])
      for (const { headers } of upstream.requests) {
        expect(headers['authorization']).toBe('Bearer ya29.token')
        expect(headers['x-goog-api-key']).toBeUndefined()
      }
    },
  )

  test('counts tokens with the prompt itself as the body', async () => {
    const { upstream, gateway } = await setup(answering, PLACE)
    const response = await gateway.post('/v1/messages/count_tokens', { model: 'up/gemini-3-pro', ...BODIES.get(MESSAGES) })
    expect(await response.json()).toEqual({ input_tokens: 7 })
    expect(upstream.requests[0]?.path).toBe(`${BELOW}/publishers/google/models/gemini-3-pro:countTokens`)
    expect(Object.keys(upstream.requests[0]?.json as Json).sort()).toEqual(['contents', 'generationConfig'])
  })

  test('a name that would lead elsewhere is refused before anything is sent', async () => {
    const { upstream, gateway } = await setup(answering, PLACE)
    expect((await ask(gateway, CHAT, 'up/../../secrets')).status).toBe(404)
    expect(upstream.requests).toHaveLength(0)
  })

  test('a token is refused with a 401, fetched anew, and the call goes on', async () => {
    const oauth = world.keep(await startFakeOAuth({ refreshToken: 'r' }))
    const { upstream, gateway } = await setup(
      ({ headers }) =>
        headers['authorization'] === 'Bearer access-2'
          ? jsonReply(geminiAnswer())
          : jsonReply(
              { error: { code: 401, message: 'Request had invalid authentication credentials.', status: 'UNAUTHENTICATED' } },
              401,
            ),
      {
        ...PLACE,
        api_key: undefined,
        accounts: [{ id: 'login', auth: { kind: 'oauth', token_url: oauth.url, refresh: 'r' } }],
      },
    )
    expect((await ask(gateway, CHAT, 'up/gemini-3-pro')).status).toBe(200)
    expect(upstream.requests).toHaveLength(2)
    expect(oauth.forms).toHaveLength(2)
  })
})

describe('Claude at Vertex AI', () => {
  const CLAUDE = { ...PLACE, format: 'anthropic', region: 'global' }
  const models = '/v1/projects/my-project/locations/global/publishers/anthropic/models'
  const answering: ReplyFor = ({ path }) =>
    path.endsWith('count-tokens:rawPredict')
      ? jsonReply({ input_tokens: 9 })
      : path.endsWith(':streamRawPredict')
        ? streamed(messagesStream())
        : jsonReply(messagesAnswer())

  test.each(CLIENTS.map((client): [string, ClientFormat] => [client.format, client]))(
    'serves clients of %s, with the model in the address and the version in the body',
    async (_name, client) => {
      const { upstream, gateway } = await setup(answering, CLAUDE)
      const whole = await ask(gateway, client, 'up/claude-sonnet-4-5@20250929')
      expect(await whole.text()).toContain('Hello there!')
      const stream = await ask(gateway, client, 'up/claude-sonnet-4-5@20250929', { stream: true })
      expect(stream.status).toBe(200)
      await stream.text()
      expect(upstream.requests.map(({ path }) => path)).toEqual([
        `${models}/claude-sonnet-4-5@20250929:rawPredict`,
        `${models}/claude-sonnet-4-5@20250929:streamRawPredict`,
      ])
      const [first, second] = upstream.requests.map(({ json }) => json as Json)
      expect(first).toMatchObject({ anthropic_version: 'vertex-2023-10-16', messages: [{ role: 'user' }] })
      expect(first).not.toHaveProperty('model')
      expect(second).toMatchObject({ anthropic_version: 'vertex-2023-10-16', stream: true })
    },
  )

  test('the bytes of a Messages client stay as they are around the change', async () => {
    const { upstream, gateway } = await setup(answering, CLAUDE)
    const text =
      '{ "max_tokens" : 1.0e2,\n "model":"up/claude-x", "messages":[{"role":"user","content":"caf\\u00e9"}], "metadata": {"model": "kept"}, "unknown": 12345678901234567890 }'
    expect((await gateway.post('/v1/messages', text)).status).toBe(200)
    expect(upstream.requests[0]?.text).toBe(
      '{"anthropic_version":"vertex-2023-10-16", "max_tokens" : 1.0e2,\n  "messages":[{"role":"user","content":"caf\\u00e9"}], "metadata": {"model": "kept"}, "unknown": 12345678901234567890 }',
    )
  })

  test('counts tokens at the one address there is, with the model in the body', async () => {
    const { upstream, gateway } = await setup(answering, CLAUDE)
    const response = await gateway.post('/v1/messages/count_tokens', { model: 'up/claude-x', ...BODIES.get(MESSAGES) })
    expect(await response.json()).toEqual({ input_tokens: 9 })
    expect(upstream.requests[0]?.path).toBe(`${models}/count-tokens:rawPredict`)
    expect(upstream.requests[0]?.json).toMatchObject({ anthropic_version: 'vertex-2023-10-16', model: 'claude-x' })
  })
})

describe('other models at Vertex AI', () => {
  test('are called in the format of OpenAI', async () => {
    const { upstream, gateway } = await setup(jsonReply(chatAnswer()), { ...PLACE, format: 'openai' })
    expect((await ask(gateway, CHAT, 'up/meta/llama-4')).status).toBe(200)
    expect(upstream.requests[0]?.path).toBe(`${BELOW}/endpoints/openapi/chat/completions`)
    expect(upstream.requests[0]?.json).toMatchObject({ model: 'meta/llama-4' })
  })
})

describe('Azure', () => {
  const AZURE = { type: 'azure', api_key: 'azure-key' }

  test('takes the deployment as the model, with its key in the header it wants', async () => {
    const { upstream, gateway } = await setup(jsonReply(chatAnswer()), AZURE)
    expect((await ask(gateway, CHAT, 'up/my-gpt')).status).toBe(200)
    expect(upstream.requests[0]).toMatchObject({ path: '/openai/v1/chat/completions', json: { model: 'my-gpt' } })
    expect(upstream.requests[0]?.headers).toMatchObject({ 'api-key': 'azure-key' })
    expect(upstream.requests[0]?.headers['authorization']).toBeUndefined()
  })

  test('with a dated version each deployment has an address', async () => {
    const { upstream, gateway } = await setup(
      ({ json }) => ((json as Json)['stream'] === true ? streamed(chatStream()) : jsonReply(chatAnswer())),
      { ...AZURE, api_version: '2024-10-21' },
    )
    for (const client of CLIENTS) {
      expect(await (await ask(gateway, client, 'up/my-gpt')).text()).toContain('Hello there!')
      const stream = await ask(gateway, client, 'up/my-gpt', { stream: true })
      expect(stream.status).toBe(200)
      await stream.text()
    }
    const paths = new Set(upstream.requests.map(({ path }) => path))
    expect(paths).toEqual(new Set(['/openai/deployments/my-gpt/chat/completions?api-version=2024-10-21']))
  })

  test('Responses and Claude have addresses of their own', async () => {
    const responses = await setup(jsonReply(responsesAnswer()), { ...AZURE, format: 'responses' })
    expect((await ask(responses.gateway, RESPONSES, 'up/my-gpt')).status).toBe(200)
    expect(responses.upstream.requests[0]?.path).toBe('/openai/v1/responses')
    const claude = await setup(jsonReply(messagesAnswer()), { ...AZURE, format: 'anthropic' })
    expect((await ask(claude.gateway, MESSAGES, 'up/claude-x')).status).toBe(200)
    expect(claude.upstream.requests[0]).toMatchObject({ path: '/anthropic/v1/messages', headers: { 'x-api-key': 'azure-key' } })
  })

  test('takes a token of Entra ID, by an application and its secret', async () => {
    const oauth = world.keep(await startFakeOAuth())
    const { upstream, gateway } = await setup(jsonReply(chatAnswer()), {
      type: 'azure',
      accounts: [
        { id: 'app', auth: { kind: 'entra', authority: oauth.url, tenant_id: 'dir', client_id: 'me', client_secret: 'mine' } },
      ],
    })
    expect((await ask(gateway, CHAT, 'up/my-gpt')).status).toBe(200)
    expect(oauth.requests[0]?.path).toBe('/dir/oauth2/v2.0/token')
    expect(Object.fromEntries(oauth.forms[0] ?? [])).toEqual({
      grant_type: 'client_credentials',
      client_id: 'me',
      client_secret: 'mine',
      scope: 'https://cognitiveservices.azure.com/.default',
    })
    expect(upstream.requests[0]?.headers).toMatchObject({ authorization: 'Bearer access-1' })
    expect(upstream.requests[0]?.headers['api-key']).toBeUndefined()
  })

  /** What the filter says of a prompt or an answer, as Azure sends it. */
  const VERDICT = { hate: { filtered: false, severity: 'safe' }, violence: { filtered: true, severity: 'medium' } }

  test('a stream that begins with the verdict on the prompt and is cut by the filter is told as filtered', async () => {
    const frame = (payload: Json): string =>
      `data: ${JSON.stringify({ object: 'chat.completion.chunk', id: 'c', created: 1, model: 'm', ...payload })}\n\n`
    const frames = [
      frame({
        id: '',
        created: 0,
        model: '',
        choices: [],
        prompt_filter_results: [{ prompt_index: 0, content_filter_results: VERDICT }],
      }),
      frame({ choices: [{ index: 0, delta: { role: 'assistant', content: 'Some' }, content_filter_results: {} }] }),
      frame({ choices: [{ index: 0, delta: {}, finish_reason: 'content_filter', content_filter_results: VERDICT }] }),
      frame({ choices: [], usage: { prompt_tokens: 3, completion_tokens: 1, total_tokens: 4 } }),
      'data: [DONE]\n\n',
    ]
    for (const client of CLIENTS) {
      const { gateway } = await setup(streamed(frames), AZURE)
      const response = await ask(gateway, client, 'up/my-gpt', { stream: true })
      expect(await response.text()).toContain('Some')
      expect(await gateway.recordOf(response)).toMatchObject({
        finish: 'content-filter',
        usage: { inputTokens: 3, outputTokens: 1 },
      })
    }
  })

  test('a prompt that the filter refuses is the end of the call, and no fault of the account', async () => {
    const { gateway } = await setup(
      jsonReply(
        {
          error: {
            message: "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
            type: null,
            param: 'prompt',
            code: 'content_filter',
            status: 400,
            innererror: { code: 'ResponsibleAIPolicyViolation', content_filter_result: VERDICT },
          },
        },
        400,
      ),
      AZURE,
    )
    const response = await ask(gateway, CHAT, 'up/my-gpt')
    expect(response.status).toBe(400)
    expect(await gateway.recordOf(response)).toMatchObject({ error_code: 'upstream_content_filtered' })
  })
})
