import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { ROUTES, type RouteDefinition, type RouteName } from '../../src/http/routes.ts'
import { CHAT, GEMINI, MESSAGES } from '../support/client-formats.ts'
import type { FakeUpstream, RecordedRequest, Reply } from '../support/fake-upstream.ts'
import { eventually, providerAt, TestWorld, type TestGateway } from '../support/gateway-fixture.ts'
import { setPrices } from '../support/limits-world.ts'
import { jsonReply, sseReply } from '../support/upstream-answers.ts'

/**
 * Every route whose calls leave the gateway, written down a second time. A new one does not pass before it is listed, and each that is listed
 * is tried without a key and with a budget that is spent.
 */
const EGRESS: readonly RouteName[] = [
  'chatCompletions',
  'responses',
  'messages',
  'countTokens',
  'generateContent',
  'streamGenerateContent',
  'countModelTokens',
  'embedContent',
  'batchEmbedContents',
  'embeddings',
  'completions',
  'generateImages',
  'editImages',
  'varyImages',
  'speech',
  'transcriptions',
  'translations',
  'rerank',
  'moderations',
  'uploadFile',
  'listFiles',
  'getFile',
  'deleteFile',
  'fileContent',
  'createBatch',
  'listBatches',
  'getBatch',
  'cancelBatch',
  'passthrough',
  'testAlerts',
]

/** A body that every route can read. */
const content = { parts: [{ text: 'x' }] }
const BODY = {
  model: 'up/m',
  max_tokens: 5,
  messages: [{ role: 'user', content: 'x' }],
  input: 'x',
  prompt: 'x',
  contents: [{ role: 'user', ...content }],
  content,
  requests: [{ content }],
  query: 'x',
  documents: ['x'],
  input_file_id: 'file-1',
}

const MODELS: Readonly<Partial<Record<RouteName, string>>> = {
  messages: 'claude/m',
  countTokens: 'claude/m',
  generateContent: 'google/m',
  streamGenerateContent: 'google/m',
  countModelTokens: 'google/m',
  embedContent: 'google/m',
  batchEmbedContents: 'google/m',
  passthrough: 'up/things',
}

const idOf = (name: RouteName): string =>
  MODELS[name] ?? (/file/i.test(name) ? 'file-1' : /batch/i.test(name) ? 'batch_1' : 'nothing')

/** A dollar for each answer that tells what it used. */
const DEAR = { inputTokens: 1_000_000, outputTokens: 0 }

function replyFor({ path }: RecordedRequest): Reply {
  if (path.includes('count')) return jsonReply({ input_tokens: 3, totalTokens: 3 })
  if (path.includes('chat/completions')) return jsonReply(CHAT.whole(DEAR))
  if (path.includes('messages')) return jsonReply(MESSAGES.whole(DEAR))
  if (path.includes('streamGenerate')) return sseReply(GEMINI.frames(DEAR))
  if (path.includes('generateContent')) return jsonReply(GEMINI.whole(DEAR))
  if (path.includes('mbed')) return jsonReply({ data: [{ embedding: [1] }], embedding: { values: [1] } })
  return jsonReply({ id: path.includes('batches') ? 'batch_1' : 'file-1', object: 'x', data: [], choices: [{ text: 'x' }] })
}

const world = new TestWorld()
let upstream: FakeUpstream
let gateway: TestGateway

beforeAll(async () => {
  upstream = await world.upstream(replyFor)
  const budget = { max_usd: 0.5, unmetered: 'allow', unknown_price: 'allow' }
  gateway = await world.gateway({
    server: { trusted_proxies: ['127.0.0.1'] },
    api_keys: [
      { key: 'boss-key', role: 'admin', prefix: 'boss' },
      { key: 'spender-key', role: 'client', prefix: 'spender', tenant: 'team' },
    ],
    tenants: [{ id: 'team', budget }],
    providers: [
      providerAt('up', upstream, 'openai'),
      providerAt('claude', upstream, 'anthropic', { endpoints: [] }),
      providerAt('google', upstream, 'gemini', { endpoints: ['embeddings'] }),
    ],
    alerts: {
      webhooks: [{ id: 'ops', url: `${upstream.url}/hook`, allow_private: true }],
      // Only what a route does counts.
      rules: Object.fromEntries(
        ['budget', 'unknown_price', 'accounts_locked', 'provider_down', 'fallback_rate'].map((rule) => [
          rule,
          { enabled: false },
        ]),
      ),
    },
  })
  await setPrices(gateway, ['up/m'])
})
afterAll(() => world.closeAll())

/** How many requests have left the gateway because of a call of a route. */
async function leaving(name: RouteName, key: string | undefined): Promise<number> {
  const route: RouteDefinition = ROUTES[name]
  const before = upstream.requests.length
  // Each from another place: whoever tries many keys is slowed down.
  const headers: Record<string, string> = { 'x-forwarded-for': `10.0.${NAMES.indexOf(name)}.1` }
  if (key !== undefined) headers['authorization'] = `Bearer ${key}`
  const method = route.method === 'ANY' ? 'POST' : route.method
  // A prompt is a text for the one and a stored template for the other.
  const prompt = name === 'responses' ? undefined : BODY.prompt
  const body = method === 'POST' ? JSON.stringify({ ...BODY, prompt, model: MODELS[name] ?? BODY.model }) : undefined
  if (body !== undefined) headers['content-type'] = 'application/json'
  const path = route.path.replace(/:id(\{\.\+\})?/, idOf(name))
  const response = await fetch(gateway.url + path, { method, headers, ...(body === undefined ? {} : { body }) })
  await response.arrayBuffer()
  return upstream.requests.length - before
}

const NAMES = Object.keys(ROUTES) as RouteName[]

describe('what leaves the gateway', () => {
  test('leaves by a route that is known for it', async () => {
    await leaving('uploadFile', 'boss-key')
    await leaving('createBatch', 'boss-key')
    const found: RouteName[] = []
    for (const name of NAMES) if ((await leaving(name, 'boss-key')) > 0) found.push(name)
    expect(found.toSorted()).toEqual(EGRESS.toSorted())
  })

  test('needs a key', async () => {
    for (const name of NAMES) expect([name, await leaving(name, undefined)]).toEqual([name, 0])
  })

  test('needs money that is left, also where it costs nothing', async () => {
    expect(await leaving('uploadFile', 'spender-key')).toBe(1)
    expect(await leaving('createBatch', 'spender-key')).toBe(1)
    expect(await leaving('chatCompletions', 'spender-key')).toBe(1)
    await eventually(async () => (await leaving('chatCompletions', 'spender-key')) === 0, 'the budget is spent')
    for (const name of NAMES) expect([name, await leaving(name, 'spender-key')]).toEqual([name, 0])
  })
})
