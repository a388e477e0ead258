import { afterEach, describe, expect, test } from 'bun:test'
import { CHAT, CLIENT_FORMATS, GEMINI, MESSAGES, RESPONSES, serving, type ClientFormat } from '../support/client-formats.ts'
import type { FakeUpstream, ReplyFor } from '../support/fake-upstream.ts'
import { TestWorld, type TestGateway } from '../support/gateway-fixture.ts'
import { jsonReply, sseReply } from '../support/upstream-answers.ts'

type Json = Record<string, any>

const world = new TestWorld()
afterEach(() => world.closeAll())

const KEYS = { accounts: [{ id: 'main', auth: { kind: 'aws', access_key: 'AKIDEXAMPLE', secret_key: 'secret' } }] }
const PLACE = { project: 'p', region: 'europe-west1', api_key: 'token' }

/** Every kind of upstream whose streams are server-sent events, by the format it speaks. Bedrock's binary ones have tests of their own. */
const UPSTREAMS: readonly (readonly [string, Json, ClientFormat])[] = [
  ['OpenAI', { type: 'openai', api_key: 'k' }, CHAT],
  ['OpenAI Responses', { type: 'openai', format: 'responses', api_key: 'k' }, RESPONSES],
  ['a compatible server', { type: 'openai_compatible', api_key: 'k' }, CHAT],
  ['Anthropic', { type: 'anthropic', api_key: 'k' }, MESSAGES],
  ['Gemini', { type: 'gemini', api_key: 'k' }, GEMINI],
  ['Gemini at Vertex AI', { type: 'vertex', ...PLACE }, GEMINI],
  ['Claude at Vertex AI', { type: 'vertex', format: 'anthropic', ...PLACE }, MESSAGES],
  ['Azure', { type: 'azure', api_key: 'k' }, CHAT],
  ['Azure, by deployments', { type: 'azure', api_key: 'k', api_version: '2024-10-21' }, CHAT],
  ['Claude at Azure', { type: 'azure', format: 'anthropic', api_key: 'k' }, MESSAGES],
]

async function setup(provider: Json, reply: ReplyFor): Promise<{ upstream: FakeUpstream; gateway: TestGateway }> {
  const upstream = await world.upstream(reply)
  return { upstream, gateway: await world.gateway({ providers: [{ id: 'up', base_url: upstream.url, ...provider }] }) }
}

describe.each(UPSTREAMS)('usage of %s', (_name, provider, format) => {
  const facts = { inputTokens: 31, outputTokens: 7 }
  /** Vertex AI says in the address that it streams, whatever the format. */
  const reply: ReplyFor = (request) =>
    request.path.includes(':streamRawPredict') ? sseReply(format.frames(facts)) : serving(format, facts)(request)

  test.each(CLIENT_FORMATS.map((client) => [client.format, client] as const))(
    'is the same streamed and whole for clients of %s, in the record and for the client',
    async (_format, client) => {
      const { gateway } = await setup(provider, reply)
      const whole = await gateway.post(client.path, client.call('up/m'))
      const answer = await whole.text()
      const stream = await gateway.post(client.path, client.call('up/m', { stream: true, ...USAGE_WANTED.get(client) }))
      const streamed = await stream.text()
      const [one, other] = [await gateway.recordOf(whole), await gateway.recordOf(stream)]
      expect(one.usage).toMatchObject({ inputTokens: 31, outputTokens: 7 })
      expect(other.usage).toEqual(one.usage)
      expect([one, other].map(({ attempts }) => attempts[0]?.usage_known)).toEqual(['whole', 'whole'])
      for (const text of [answer, streamed]) expect(lastCounts(text)).toEqual({ input: 31, output: 7 })
    },
  )
})

const USAGE_WANTED = new Map<ClientFormat, Json>([[CHAT, { stream_options: { include_usage: true } }]])

/** The last figures that a client reads, whatever they are called. */
function lastCounts(text: string): { input: number | undefined; output: number | undefined } {
  const last = (names: string): number | undefined => {
    const found = [...text.matchAll(new RegExp(`"(?:${names})":(\\d+)`, 'g'))].at(-1)?.[1]
    return found === undefined ? undefined : Number(found)
  }
  return {
    input: last('prompt_tokens|input_tokens|promptTokenCount'),
    output: last('completion_tokens|output_tokens|candidatesTokenCount'),
  }
}

/** Each upstream that counts, and where it is asked. */
const COUNTERS: readonly (readonly [string, Json, RegExp, Json])[] = [
  ['Anthropic', { type: 'anthropic', api_key: 'k' }, /\/v1\/messages\/count_tokens$/, { input_tokens: 77 }],
  ['Gemini', { type: 'gemini', api_key: 'k' }, /\/v1beta\/models\/m:countTokens$/, { totalTokens: 77 }],
  ['Gemini at Vertex AI', { type: 'vertex', ...PLACE }, /publishers\/google\/models\/m:countTokens$/, { totalTokens: 77 }],
  [
    'Claude at Vertex AI',
    { type: 'vertex', format: 'anthropic', ...PLACE },
    /models\/count-tokens:rawPredict$/,
    { input_tokens: 77 },
  ],
  [
    'Claude at Azure',
    { type: 'azure', format: 'anthropic', api_key: 'k' },
    /\/anthropic\/v1\/messages\/count_tokens$/,
    { input_tokens: 77 },
  ],
  ['Bedrock', { type: 'bedrock', region: 'us-east-1', ...KEYS }, /\/model\/m\/count-tokens$/, { inputTokens: 77 }],
  [
    'Claude at Bedrock',
    { type: 'bedrock', format: 'bedrock_anthropic', region: 'us-east-1', ...KEYS },
    /\/model\/m\/count-tokens$/,
    { inputTokens: 77 },
  ],
]
/** How clients ask for a count, and where they find it. */
const ASKING: readonly (readonly [string, string, Json, string])[] = [
  ['Messages', '/v1/messages/count_tokens', MESSAGES.call('up/m'), 'input_tokens'],
  ['Gemini', '/v1beta/models/up/m:countTokens', { contents: [{ role: 'user', parts: [{ text: 'hi' }] }] }, 'totalTokens'],
  [
    'Bedrock',
    '/model/up%2Fm/count-tokens',
    { input: { converse: { messages: [{ role: 'user', content: [{ text: 'hi' }] }] } } },
    'inputTokens',
  ],
]

describe.each(COUNTERS)('tokens are counted by %s', (_name, provider, path, answer) => {
  test.each(ASKING)('for clients of %s', async (_client, address, body, member) => {
    const { upstream, gateway } = await setup(provider, () => jsonReply(answer))
    const response = await gateway.post(address, body)
    expect(await response.json()).toMatchObject({ [member]: 77 })
    expect(response.headers.get('x-switchback-estimated')).toBeNull()
    expect(upstream.requests.map((request) => path.test(request.path))).toEqual([true])
  })
})

test('upstreams that count nothing are not called: clients get an estimate that says so', async () => {
  const upstream = await world.upstream(jsonReply({}, 500))
  const kinds = UPSTREAMS.filter(([, , format]) => format === CHAT || format === RESPONSES)
  const providers = kinds.map(([, provider], index) => ({ id: `up${index}`, base_url: upstream.url, ...provider }))
  const gateway = await world.gateway({ providers })
  for (const { id } of providers)
    for (const [, address, body, member] of ASKING) {
      const asked = 'model' in body ? { ...body, model: `${id}/m` } : body
      const response = await gateway.post(address.replace(/up(\/|%2F)m/, `${id}$1m`), asked)
      expect([id, response.headers.get('x-switchback-estimated')]).toEqual([id, 'true'])
      expect(((await response.json()) as Json)[member]).toBeGreaterThan(0)
    }
  expect(upstream.requests).toHaveLength(0)
})
