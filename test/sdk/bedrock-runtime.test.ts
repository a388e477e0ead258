import { afterEach, describe, expect, test } from 'bun:test'
import {
  BedrockRuntimeClient,
  ConverseCommand,
  ConverseStreamCommand,
  CountTokensCommand,
  InvokeModelCommand,
  InvokeModelWithResponseStreamCommand,
  type BedrockRuntimeClientConfig,
} from '@aws-sdk/client-bedrock-runtime'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import { converseAnswer, converseStream, BINARY, exceptionFrame } from '../support/bedrock-frames.ts'
import { CLIENT_FORMATS, formatAt, MESSAGES, serving, type ClientFormat } from '../support/client-formats.ts'
import type { ReplyFor } from '../support/fake-upstream.ts'
import { providerAt, TestWorld, type TestGateway } from '../support/gateway-fixture.ts'
import { jsonReply, sseReply } from '../support/upstream-answers.ts'

type Json = Record<string, any>

const world = new TestWorld()
afterEach(() => world.closeAll())

const KEY = 'gateway-key-of-the-team'
const SIGNING = { credentials: { accessKeyId: KEY, secretAccessKey: 'whatever' }, authSchemePreference: ['sigv4'] }
const BEARER = { token: { token: KEY }, authSchemePreference: ['httpBearerAuth'] }
const TEXT = 'one two three'
const FACTS = { text: TEXT, inputTokens: 31, outputTokens: 9 }

const KEYS = [{ key: KEY, role: 'client' }]

async function inFront(upstream: ClientFormat): Promise<TestGateway> {
  const fake = await world.upstream(serving(upstream, FACTS))
  return world.gateway({ api_keys: KEYS, providers: [providerAt('up', fake, upstream.format)] })
}

async function inFrontOfBedrock(reply: ReplyFor): Promise<TestGateway> {
  const fake = await world.upstream(reply)
  const provider = {
    id: 'up',
    type: 'bedrock',
    region: 'us-east-1',
    base_url: fake.url,
    accounts: [{ id: 'main', api_key: 'k' }],
  }
  return world.gateway({ api_keys: KEYS, providers: [provider] })
}

function client(gateway: TestGateway, auth: Partial<BedrockRuntimeClientConfig> = SIGNING): BedrockRuntimeClient {
  const made = new BedrockRuntimeClient({
    region: 'us-east-1',
    endpoint: gateway.url,
    maxAttempts: 1,
    requestHandler: new NodeHttpHandler(),
    ...auth,
  })
  world.keep({ close: async () => made.destroy() })
  return made
}

/** Reads a stream to its end. */
async function exhausted(stream: AsyncIterable<unknown>): Promise<void> {
  for await (const event of stream) expect(event).toBeDefined()
}

const ASK: Json = { messages: [{ role: 'user', content: [{ text: 'hi' }] }], inferenceConfig: { maxTokens: 100 } }
const MESSAGE = JSON.stringify({
  anthropic_version: 'bedrock-2023-05-31',
  max_tokens: 100,
  messages: [{ role: 'user', content: 'hi' }],
})

describe.each(CLIENT_FORMATS.map((upstream) => [upstream.format, upstream] as const))(
  "Amazon's SDK in front of an upstream that speaks %s",
  (_format, upstream) => {
    test('reads a whole answer of Converse', async () => {
      const sdk = client(await inFront(upstream))
      const answer = await sdk.send(new ConverseCommand({ modelId: 'up/m:1', ...ASK }))
      expect(answer.output?.message).toMatchObject({ role: 'assistant', content: [{ text: TEXT }] })
      expect(answer.stopReason).toBe('end_turn')
      expect(answer.usage).toMatchObject({ inputTokens: 31, outputTokens: 9, totalTokens: 40 })
      expect(answer.metrics?.latencyMs).toBeGreaterThanOrEqual(0)
      expect(answer.$metadata.requestId).toStartWith('req_')
    })

    test('reads a stream of Converse', async () => {
      const sdk = client(await inFront(upstream))
      const { stream } = await sdk.send(new ConverseStreamCommand({ modelId: 'up/m:1', ...ASK }))
      let text = ''
      const kinds: string[] = []
      let usage: unknown
      let latencyMs: number | undefined
      for await (const event of stream!) {
        kinds.push(...Object.keys(event))
        text += event.contentBlockDelta?.delta?.text ?? ''
        usage ??= event.metadata?.usage
        latencyMs ??= event.metadata?.metrics?.latencyMs
      }
      expect(text).toBe(TEXT)
      expect(kinds[0]).toBe('messageStart')
      expect(kinds.slice(-2)).toEqual(['messageStop', 'metadata'])
      expect(usage).toMatchObject({ inputTokens: 31, outputTokens: 9 })
      expect(latencyMs).toBeGreaterThanOrEqual(0)
    })

    test('reads Messages by InvokeModel, whole and streamed', async () => {
      const sdk = client(await inFront(upstream))
      const whole = await sdk.send(new InvokeModelCommand({ modelId: 'up/m:1', body: MESSAGE, contentType: 'application/json' }))
      expect(MESSAGES.textOf(JSON.parse(new TextDecoder().decode(whole.body)))).toBe(TEXT)
      const { body } = await sdk.send(
        new InvokeModelWithResponseStreamCommand({ modelId: 'up/m:1', body: MESSAGE, contentType: 'application/json' }),
      )
      const events: Json[] = []
      for await (const { chunk } of body!) events.push(JSON.parse(new TextDecoder().decode(chunk?.bytes)) as Json)
      expect(events.map((event) => event['delta']?.text ?? '').join('')).toBe(TEXT)
      expect(events.at(-1)).toMatchObject({ type: 'message_stop' })
    })
  },
)

describe("Amazon's SDK", () => {
  const served: ReplyFor = ({ path }) =>
    path.endsWith('-stream') ? { headers: BINARY, body: converseStream(TEXT) } : jsonReply(converseAnswer(TEXT))

  test.each([
    ['signs, with the key of the gateway as the id of its key', SIGNING],
    ['sends the key of the gateway as it is', BEARER],
  ])('is let in when it %s', async (_how, auth) => {
    const sdk = client(await inFrontOfBedrock(served), auth)
    const answer = await sdk.send(new ConverseCommand({ modelId: 'up/us.amazon.nova-lite-v1:0', ...ASK }))
    expect(answer.output?.message?.content?.[0]?.text).toBe(TEXT)
  })

  test.each([
    ['signs with a key that is none of the gateway', { credentials: { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: KEY } }],
    ['sends such a key', { token: { token: 'AKIAEXAMPLE' }, authSchemePreference: ['httpBearerAuth'] }],
  ])('is refused when it %s, and knows why', async (_how, auth) => {
    const sdk = client(await inFrontOfBedrock(served), { ...SIGNING, ...auth })
    const refusal = sdk.send(new ConverseCommand({ modelId: 'up/m', ...ASK }))
    expect(refusal).rejects.toMatchObject({ name: 'AccessDeniedException', $metadata: { httpStatusCode: 401 } })
  })

  test('reaches a model by its ARN, whose slashes are part of the name', async () => {
    const arn = 'arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-sonnet-4-5-20250929-v1:0'
    const paths: string[] = []
    const sdk = client(
      await inFrontOfBedrock((request) => {
        paths.push(request.path)
        return served(request)
      }),
    )
    await sdk.send(new ConverseCommand({ modelId: `up/${arn}`, ...ASK }))
    expect(paths).toEqual([`/model/${encodeURIComponent(arn)}/converse`])
  })

  test('is told by a named exception what went wrong, before an answer and within one', async () => {
    const sdk = client(
      await inFrontOfBedrock(({ path }) =>
        path.endsWith('-stream')
          ? { headers: BINARY, body: [...converseStream(TEXT).slice(0, 3), exceptionFrame('throttlingException', 'Slow down.')] }
          : jsonReply({ message: 'The model wants a number.' }, 400, { 'x-amzn-errortype': 'ValidationException' }),
      ),
    )
    const refused = sdk.send(new ConverseCommand({ modelId: 'up/m', ...ASK }))
    expect(refused).rejects.toMatchObject({ name: 'ValidationException', message: 'The model wants a number.' })
    const { stream } = await sdk.send(new ConverseStreamCommand({ modelId: 'up/m', ...ASK }))
    expect(exhausted(stream!)).rejects.toMatchObject({ name: 'ThrottlingException', message: 'Slow down.' })
  })

  test('is told of a failure within a stream of Messages by an exception, too', async () => {
    const fake = await world.upstream(() =>
      sseReply([...MESSAGES.frames(FACTS).slice(0, 4), MESSAGES.errorFrame('overloaded_error', 'Too much.')]),
    )
    const sdk = client(await world.gateway({ api_keys: KEYS, providers: [providerAt('up', fake, 'anthropic')] }))
    const { body } = await sdk.send(new InvokeModelWithResponseStreamCommand({ modelId: 'up/m', body: MESSAGE }))
    expect(exhausted(body!)).rejects.toMatchObject({ name: 'ServiceUnavailableException', message: 'Too much.' })
  })

  test('counts tokens of Converse', async () => {
    const sdk = client(await inFrontOfBedrock(() => jsonReply({ inputTokens: 77 })))
    const { messages } = ASK as { messages: [] }
    const { inputTokens } = await sdk.send(new CountTokensCommand({ modelId: 'up/m', input: { converse: { messages } } }))
    expect(inputTokens).toBe(77)
  })

  test('counts tokens of Messages in their envelope, at an upstream of either kind', async () => {
    const counting = { modelId: 'up/m', input: { invokeModel: { body: Buffer.from(MESSAGE) } } }
    const bedrock = client(await inFrontOfBedrock(() => jsonReply({ inputTokens: 77 })))
    expect((await bedrock.send(new CountTokensCommand(counting))).inputTokens).toBe(77)
    const fake = await world.upstream(() => jsonReply({ input_tokens: 78 }))
    const anthropic = client(await world.gateway({ api_keys: KEYS, providers: [providerAt('up', fake, 'anthropic')] }))
    expect((await anthropic.send(new CountTokensCommand(counting))).inputTokens).toBe(78)
    expect(fake.requests[0]?.path).toStartWith('/v1/messages/count_tokens')
  })

  test('has its tools called and answered by a model of another vendor', async () => {
    const fake = await world.upstream(({ path }) =>
      jsonReply({
        id: 'c1',
        object: 'chat.completion',
        created: 1,
        model: 'm',
        choices: [
          {
            index: 0,
            finish_reason: 'tool_calls',
            message: {
              role: 'assistant',
              content: null,
              tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'search', arguments: '{"q":"x"}' } }],
            },
          },
        ],
        usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
        format: formatAt(path).format,
      }),
    )
    const sdk = client(await world.gateway({ api_keys: KEYS, providers: [providerAt('up', fake, 'openai')] }))
    const toolConfig = { tools: [{ toolSpec: { name: 'search', inputSchema: { json: { type: 'object' } } } }] }
    const first = await sdk.send(new ConverseCommand({ modelId: 'up/m', ...ASK, toolConfig }))
    expect(first.stopReason).toBe('tool_use')
    const call = first.output?.message?.content?.[0]?.toolUse
    expect(call).toMatchObject({ toolUseId: 'call_1', name: 'search', input: { q: 'x' } })
    const result = { role: 'user', content: [{ toolResult: { toolUseId: 'call_1', content: [{ json: { found: 1 } }] } }] }
    const messages = [...ASK['messages'], first.output?.message, result]
    await sdk.send(new ConverseCommand({ modelId: 'up/m', messages, toolConfig }))
    expect((fake.requests[1]!.json as Json)['messages'].slice(1)).toMatchObject([
      { role: 'assistant', tool_calls: [{ id: 'call_1' }] },
      { role: 'tool', tool_call_id: 'call_1', content: '{"found":1}' },
    ])
  })
})
