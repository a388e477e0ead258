import { afterEach, describe, expect, test } from 'bun:test'
import { CHAT, MESSAGES, RESPONSES, serving } from '../support/client-formats.ts'
import type { FakeUpstream, Reply, ReplyFor } from '../support/fake-upstream.ts'
import { eventually, providerAt, TestWorld, type TestGateway } from '../support/gateway-fixture.ts'
import { Dice, editable, oddBody, replaced, type TextMember } from '../support/json-text.ts'
import { cutInto, jsonReply, sseReply } from '../support/upstream-answers.ts'

type Json = Record<string, any>

const world = new TestWorld()
afterEach(() => world.closeAll())

const GENERATE = '/v1beta/models/up/m-1:generateContent'
const STREAM = '/v1beta/models/up/m-1:streamGenerateContent'
const ASK: Json = { contents: [{ role: 'user', parts: [{ text: 'hi' }] }] }
const USAGE = { promptTokenCount: 12, candidatesTokenCount: 4, totalTokenCount: 16 }

const chunk = (parts: Json[], more: Json = {}): Json => ({
  candidates: [{ content: { parts, role: 'model' }, index: 0, ...more }],
  usageMetadata: USAGE,
  modelVersion: 'm-1-2026',
  responseId: 'r1',
})
const END = { finishReason: 'STOP' }
const frame = (payload: Json): string => `data: ${JSON.stringify(payload)}\r\n\r\n`
const HELLO = [chunk([{ text: 'Hello' }]), chunk([{ text: ' there!' }], END)]

/** An upstream of the format that answers these chunks, whole or streamed, as its address asks. */
const answering =
  (...chunks: Json[]): ReplyFor =>
  ({ path }) =>
    path.includes(':streamGenerateContent')
      ? sseReply(cutInto(chunks.map(frame).join(''), 37))
      : jsonReply(
          chunk(
            chunks.flatMap(({ candidates }) => candidates[0].content.parts),
            END,
          ),
        )

async function setup(reply: Reply | ReplyFor, extra: Json = {}): Promise<{ upstream: FakeUpstream; gateway: TestGateway }> {
  const upstream = await world.upstream(reply)
  const provider = { id: 'up', type: 'gemini', base_url: upstream.url, api_key: 'key-up', ...extra }
  return { upstream, gateway: await world.gateway({ providers: [provider] }) }
}

const textOf = (answer: Json): string =>
  answer['candidates'][0].content.parts.map(({ text, thought }: Json) => (thought === true ? '' : (text ?? ''))).join('')

describe("calls of Google's clients for a provider of the same format", () => {
  test('reach it byte for byte, with the model in the address alone', async () => {
    const dice = new Dice(11)
    const { upstream, gateway } = await setup(answering(...HELLO))
    const wanted: string[] = []
    for (let index = 0; index < 60; index++) {
      const members: TextMember[] = Object.entries(ASK).map(([key, value]) => ({ text: `"${key}": ${JSON.stringify(value)}` }))
      const { text, edits } = oddBody(
        dice,
        index % 2 === 0 ? members : [...members, editable(dice, '"model"', '"models/up/m-1"')],
      )
      wanted.push(replaced(text, edits, '"models/m-1"'))
      const response = await gateway.post(GENERATE, text)
      expect(`${index} ${response.status}`).toBe(`${index} 200`)
      await response.arrayBuffer()
    }
    expect(upstream.requests.map(({ text }) => text)).toEqual(wanted)
    const [request] = upstream.requests
    expect(request?.path).toBe('/v1beta/models/m-1:generateContent')
    expect(request?.headers).toMatchObject({ 'x-goog-api-key': 'key-up' })
    expect((await gateway.records()).every(({ attempts }) => attempts[0]?.passthrough === true)).toBe(true)
  })

  test('are streamed as they come, but for the name of the model', async () => {
    const { upstream, gateway } = await setup(answering(...HELLO))
    const response = await gateway.post(`${STREAM}?alt=sse`, ASK)
    expect(response.headers.get('content-type')).toContain('text/event-stream')
    expect(await response.text()).toBe(HELLO.map((part) => frame({ ...part, modelVersion: 'up/m-1' })).join(''))
    expect(upstream.requests[0]?.path).toBe('/v1beta/models/m-1:streamGenerateContent?alt=sse')
    expect(await gateway.recordOf(response)).toMatchObject({
      status: 200,
      streamed: true,
      client_format: 'gemini',
      served: 'up/m-1',
      usage: { inputTokens: 12, outputTokens: 4 },
    })
  })

  test('are streamed as one JSON list for clients that ask for no events', async () => {
    const { gateway } = await setup(answering(...HELLO))
    const response = await gateway.post(STREAM, ASK)
    expect(response.headers.get('content-type')).toBe('application/json')
    const list = (await response.json()) as Json[]
    expect(list).toEqual(HELLO.map((part) => ({ ...part, modelVersion: 'up/m-1' })))
  })

  test('are recorded as having called tools, which the format does not say itself', async () => {
    const call = chunk([{ functionCall: { name: 'f', args: {} } }])
    const { gateway } = await setup(answering(call, chunk([{ text: '' }], END)))
    for (const path of [GENERATE, `${STREAM}?alt=sse`]) {
      const response = await gateway.post(path, ASK)
      await response.text()
      expect(await gateway.recordOf(response)).toMatchObject({ finish: 'tool-calls', finish_raw: 'STOP' })
    }
  })

  test('show the name of the model that served where the route says so', async () => {
    const upstream = await world.upstream(answering(...HELLO))
    const gateway = await world.gateway({
      providers: [{ id: 'up', type: 'gemini', base_url: `${upstream.url}/v1beta/models`, api_key: 'k' }],
      routes: [{ name: 'r', match: { model: 'r' }, targets: ['up/m-1'], response_model: 'served' }],
    })
    const whole = (await (await gateway.post('/v1beta/models/r:generateContent', ASK)).json()) as Json
    expect(whole['modelVersion']).toBe('m-1-2026')
    expect(upstream.requests[0]?.path).toBe('/v1beta/models/m-1:generateContent')
  })

  test('end the upstream when the client goes away, in either framing', async () => {
    for (const path of [STREAM, `${STREAM}?alt=sse`]) {
      const { upstream, gateway } = await setup(sseReply([frame(HELLO[0]!), { stall: true }]))
      const gone = new AbortController()
      const response = await gateway.post(path, ASK, { signal: gone.signal })
      const reader = response.body!.getReader()
      expect(Buffer.from((await reader.read()).value!).toString()).toContain('Hello')
      gone.abort()
      expect(await upstream.requests[0]!.ended).toBe('aborted')
      await eventually(async () => (await gateway.records()).length > 0, 'the call is recorded')
      expect((await gateway.records())[0]).toMatchObject({ status: 499 })
      await world.closeAll()
    }
  })

  test('tell a failure in the middle of a list as its last entry', async () => {
    const { gateway } = await setup(sseReply([frame(HELLO[0]!), { delayMs: 50 }, { reset: true }]))
    const list = (await (await gateway.post(STREAM, ASK)).json()) as Json[]
    expect(list).toHaveLength(2)
    expect(list[1]?.['error']).toMatchObject({ status: 'INTERNAL' })
  })
})

describe('failures of a provider of the format', () => {
  const refusal = (code: number, status: string, details: Json[] = []): Reply =>
    jsonReply({ error: { code, message: 'No.', status, details } }, code)

  test('let the next account and then the next target serve', async () => {
    const google = await world.upstream(({ headers }) =>
      headers['x-goog-api-key'] === 'key-a' ? refusal(429, 'RESOURCE_EXHAUSTED') : refusal(503, 'UNAVAILABLE'),
    )
    const other = await world.upstream(serving(MESSAGES, { text: 'from the second' }))
    const gateway = await world.gateway({
      providers: [
        {
          id: 'one',
          type: 'gemini',
          base_url: google.url,
          accounts: ['a', 'b'].map((id, priority) => ({ id, priority, api_key: `key-${id}` })),
        },
        providerAt('two', other, 'anthropic'),
      ],
      routes: [{ name: 'r', match: { model: 'r' }, targets: ['one/m', 'two/m'], retry: { max_retries: 0 } }],
    })
    const response = await gateway.post('/v1beta/models/r:generateContent', ASK)
    expect(textOf((await response.json()) as Json)).toBe('from the second')
    expect(await gateway.recordOf(response)).toMatchObject({
      attempts: [
        { account_id: 'a', error_code: 'upstream_rate_limited', next: 'next-account' },
        { account_id: 'b', error_code: 'upstream_overloaded' },
        { target_id: 'two/m', outcome: 'success' },
      ],
    })
  })

  test('lock an account for as long as the upstream says in its details', async () => {
    const retryInfo = { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '30s' }
    const { gateway, upstream } = await setup(refusal(429, 'RESOURCE_EXHAUSTED', [retryInfo]))
    const first = await gateway.post(GENERATE, ASK)
    expect([first.status, first.headers.get('retry-after')]).toEqual([429, '30'])
    const asked = upstream.requests.length
    const second = await gateway.post(GENERATE, ASK)
    expect(second.status).toBe(429)
    expect(Number(second.headers.get('retry-after'))).toBeGreaterThan(20)
    expect(upstream.requests.length).toBe(asked)
  })
})

const SIGNATURE = 'c2lnbmVkLWJ5LXRoZS12ZW5kb3I='
const CALLS = chunk([{ functionCall: { id: 'fc_1', name: 'look', args: { at: 'it' } }, thoughtSignature: SIGNATURE }])

describe('signatures of calls, for clients that drop what they do not know', () => {
  /** The second turn of a client that kept of the first what its format has had for years. */
  const HISTORIES: Readonly<Record<string, { path: string; first: Json; second: Json }>> = {
    chat: {
      path: CHAT.path,
      first: CHAT.call('up/gemini-3-pro', {
        tools: [{ type: 'function', function: { name: 'look', parameters: { type: 'object' } } }],
      }),
      second: {
        model: 'up/gemini-3-pro',
        messages: [
          { role: 'user', content: 'hi' },
          {
            role: 'assistant',
            content: null,
            tool_calls: [{ id: 'fc_1', type: 'function', function: { name: 'look', arguments: '{"at":"it"}' } }],
          },
          { role: 'tool', tool_call_id: 'fc_1', content: 'seen' },
        ],
      },
    },
    messages: {
      path: MESSAGES.path,
      first: MESSAGES.call('up/gemini-3-pro', { tools: [{ name: 'look', input_schema: { type: 'object' } }] }),
      second: {
        model: 'up/gemini-3-pro',
        max_tokens: 100,
        messages: [
          { role: 'user', content: 'hi' },
          { role: 'assistant', content: [{ type: 'tool_use', id: 'fc_1', name: 'look', input: { at: 'it' } }] },
          { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'fc_1', content: 'seen' }] },
        ],
      },
    },
    responses: {
      path: RESPONSES.path,
      first: RESPONSES.call('up/gemini-3-pro', { tools: [{ type: 'function', name: 'look', parameters: { type: 'object' } }] }),
      second: {
        model: 'up/gemini-3-pro',
        input: [
          { role: 'user', content: 'hi' },
          { type: 'function_call', call_id: 'fc_1', name: 'look', arguments: '{"at":"it"}' },
          { type: 'function_call_output', call_id: 'fc_1', output: 'seen' },
        ],
      },
    },
  }
  const signatureSent = ({ requests }: FakeUpstream): unknown =>
    (requests.at(-1)!.json as Json)['contents'][1].parts[0].thoughtSignature

  test.each(Object.keys(HISTORIES).flatMap((name) => [false, true].map((stream) => [name, stream] as const)))(
    'are remembered for a client of %s (streamed: %p)',
    async (name, stream) => {
      const { path, first, second } = HISTORIES[name]!
      const { upstream, gateway } = await setup(answering(CALLS, chunk([{ text: '' }], END)))
      await (await gateway.post(path, { ...first, stream })).text()
      await (await gateway.post(path, { ...second, stream })).text()
      expect(signatureSent(upstream)).toBe(SIGNATURE)
    },
  )

  test('are remembered for their owner alone', async () => {
    const upstream = await world.upstream(answering(CALLS, chunk([{ text: '' }], END)))
    const gateway = await world.gateway({
      providers: [{ id: 'up', type: 'gemini', base_url: upstream.url, api_key: 'k' }],
      api_keys: ['one', 'two'].map((name) => ({ prefix: name, key: `key-of-${name}` })),
    })
    const { path, first, second } = HISTORIES['chat']!
    const as = (name: string): RequestInit => ({ headers: { authorization: `Bearer key-of-${name}` } })
    await (await gateway.post(path, first, as('one'))).text()
    await (await gateway.post(path, second, as('two'))).text()
    expect(signatureSent(upstream)).toBe('skip_thought_signature_validator')
    await (await gateway.post(path, second, as('one'))).text()
    expect(signatureSent(upstream)).toBe(SIGNATURE)
  })

  test('that were stood in for go to no model that demands none', async () => {
    const { upstream, gateway } = await setup(answering(...HELLO))
    const call = { functionCall: { name: 'look', args: {} }, thoughtSignature: 'skip_thought_signature_validator' }
    const contents = [
      ...ASK['contents'],
      { role: 'model', parts: [call] },
      { role: 'user', parts: [{ functionResponse: { name: 'look', response: { output: 'seen' } } }] },
    ]
    const old = await gateway.post('/v1beta/models/up/gemini-2.5-flash:generateContent', { contents })
    expect(old.status).toBe(200)
    expect(upstream.requests.at(-1)?.text).not.toContain('skip_thought_signature_validator')
    expect((await gateway.recordOf(old)).attempts).toMatchObject([
      { passthrough: false, passthrough_refused: ['stand_in_signature'] },
    ])
    await (await gateway.post('/v1beta/models/up/gemini-3-pro:generateContent', { contents })).text()
    expect(signatureSent(upstream)).toBe('skip_thought_signature_validator')
  })
})

describe("what Google's clients ask for, at other vendors", () => {
  test('is media in the standard alphabet, however large', async () => {
    const upstream = await world.upstream(serving(CHAT))
    const gateway = await world.gateway({ providers: [providerAt('up', upstream, 'openai')] })
    for (const size of [4, 3 * 1024 * 1024]) {
      const data = '-_8A'.repeat(size / 4)
      const parts = [{ inlineData: { mimeType: 'image/png', data } }]
      const response = await gateway.post(GENERATE, { contents: [{ role: 'user', parts }] })
      expect(textOf((await response.json()) as Json)).toBe('Hello there!')
      const { messages } = upstream.requests.at(-1)!.json as Json
      expect(
        messages[0].content[0].image_url.url === `data:image/png;base64,${data.replaceAll('-', '+').replaceAll('_', '/')}`,
      ).toBe(true)
    }
  })

  test('is refused where it stands for content that only Google has', async () => {
    const upstream = await world.upstream(serving(CHAT))
    const gateway = await world.gateway({ providers: [providerAt('up', upstream, 'openai')] })
    const response = await gateway.post(GENERATE, { ...ASK, cachedContent: 'cachedContents/abc' })
    expect(response.status).toBe(422)
    const { error } = (await response.json()) as Json
    expect(error.details).toContainEqual({
      '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
      reason: 'translation_refused',
      domain: 'switchback',
    })
  })

  test('can be previewed', async () => {
    const { gateway } = await setup(answering(...HELLO))
    const response = await gateway.post('/v1/route-preview', { ...ASK, model: 'models/up/m-1' })
    expect(await response.json()).toMatchObject({ format: 'gemini', decision: { selected: { target_id: 'up/m-1' } } })
  })

  test('is one call under one idempotency key and one address', async () => {
    const { gateway } = await setup(answering(...HELLO))
    const headers = { 'idempotency-key': 'k' }
    const statusOf = async (path: string): Promise<number> => {
      const response = await gateway.post(path, ASK, { headers })
      await response.arrayBuffer()
      return response.status
    }
    expect(await Promise.all([GENERATE, GENERATE.replace('m-1', 'm-2')].map(statusOf))).toEqual([200, 200])
  })
})

test('an upstream of the format is asked for whole answers and streams by clients of every other', async () => {
  const { upstream, gateway } = await setup(answering(...HELLO))
  for (const client of [CHAT, RESPONSES, MESSAGES]) {
    const whole = await gateway.post(client.path, client.call('up/m-1'))
    expect(client.textOf(await whole.json())).toBe('Hello there!')
    const stream = await (await gateway.post(client.path, client.call('up/m-1', { stream: true }))).text()
    expect(client.streamText(stream)).toBe('Hello there!')
    expect(client.hasEnd(stream)).toBe(true)
  }
  expect(upstream.requests.map(({ path }) => path.split(':')[1])).toEqual(
    Array.from({ length: 3 }, () => ['generateContent', 'streamGenerateContent?alt=sse']).flat(),
  )
})
