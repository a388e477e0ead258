import { afterEach, describe, expect, test } from 'bun:test'
import { expectedSignature } from '../support/aws-signature.ts'
import {
  BINARY,
  chunkFrame,
  converseAnswer,
  converseFrame,
  converseStream,
  exceptionFrame,
  messagesEvents,
} from '../support/bedrock-frames.ts'
import { CLIENT_FORMATS, MESSAGES } from '../support/client-formats.ts'
import type { FakeUpstream, RecordedRequest, Reply, ReplyFor } from '../support/fake-upstream.ts'
import { TestWorld, type TestGateway } from '../support/gateway-fixture.ts'
import { jsonReply } from '../support/upstream-answers.ts'

type Json = Record<string, any>

const world = new TestWorld()
afterEach(() => world.closeAll())

const SECRET = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY'
const MODEL = 'us.anthropic.claude-sonnet-4-5-20250929-v1:0'
const PATH = `/model/${encodeURIComponent(MODEL)}`
const TEXT = 'one two three'

/** Bytes in odd pieces, so that messages are cut everywhere. */
const cut = (bytes: Buffer, size: number): Buffer[] =>
  Array.from({ length: Math.ceil(bytes.length / size) }, (_none, index) => bytes.subarray(index * size, (index + 1) * size))
const binary = (frames: readonly Buffer[], size = 23): Reply => ({ headers: BINARY, body: cut(Buffer.concat(frames), size) })

const converse: ReplyFor = ({ path }) =>
  path.endsWith('/converse-stream') ? binary(converseStream(TEXT)) : jsonReply(converseAnswer(TEXT))
const whole: Json = {
  id: 'msg_bdrk_1',
  type: 'message',
  role: 'assistant',
  model: 'claude-sonnet-4-5-20250929',
  content: [{ type: 'text', text: TEXT }],
  stop_reason: 'end_turn',
  stop_sequence: null,
  usage: { input_tokens: 12, output_tokens: 4, cache_read_input_tokens: 5, cache_creation_input_tokens: 0 },
}
const invoke: ReplyFor = ({ path }) =>
  path.endsWith('-response-stream') ? binary(messagesEvents(TEXT).map(chunkFrame)) : jsonReply(whole)

async function setup(reply: Reply | ReplyFor, extra: Json = {}): Promise<{ upstream: FakeUpstream; gateway: TestGateway }> {
  const upstream = await world.upstream(reply)
  const auth = { kind: 'aws', access_key: 'AKIDEXAMPLE', secret_key: SECRET }
  const provider = {
    id: 'aws',
    type: 'bedrock',
    base_url: upstream.url,
    region: 'us-east-1',
    accounts: [{ id: 'main', auth }],
    ...extra,
  }
  return { upstream, gateway: await world.gateway({ providers: [provider] }) }
}

function expectSigned(request: RecordedRequest): void {
  const { expected, found } = expectedSignature(request, SECRET)
  expect(found).toBe(expected)
  expect(request.headers['authorization']).toContain('/us-east-1/bedrock/aws4_request')
}

const USAGE = { inputTokens: 17, outputTokens: 4, cacheReadTokens: 5 }

describe.each([
  ['Converse', 'bedrock_converse', converse, ['converse', 'converse-stream']],
  ['InvokeModel', 'bedrock_anthropic', invoke, ['invoke', 'invoke-with-response-stream']],
] as const)('an upstream of %s', (_name, format, reply, methods) => {
  test.each(CLIENT_FORMATS.map((client) => [client.format, client] as const))(
    'serves clients of %s, whole and streamed, with the same usage',
    async (_format, client) => {
      const { upstream, gateway } = await setup(reply, { format })
      const answer = await gateway.post(client.path, client.call(`aws/${MODEL}`))
      expect(client.textOf(await answer.json())).toBe(TEXT)
      const streamed = await gateway.post(client.path, client.call(`aws/${MODEL}`, { stream: true }))
      const stream = await streamed.text()
      expect(client.streamText(stream)).toBe(TEXT)
      expect(client.hasEnd(stream)).toBe(true)
      for (const response of [answer, streamed])
        expect(await gateway.recordOf(response)).toMatchObject({ status: 200, usage: USAGE, attempts: [{ outcome: 'success' }] })
      expect(upstream.requests.map(({ path }) => path)).toEqual(methods.map((method) => `${PATH}/${method}`))
      for (const request of upstream.requests) expectSigned(request)
      expect(upstream.requests[1]?.headers['accept']).toBe('application/vnd.amazon.eventstream')
    },
  )

  test('may cut its messages at every byte', async () => {
    const frames = format === 'bedrock_converse' ? converseStream(TEXT) : messagesEvents(TEXT).map(chunkFrame)
    const { upstream, gateway } = await setup(() => binary(frames, 1), { format })
    const stream = await (await gateway.post(MESSAGES.path, MESSAGES.call(`aws/${MODEL}`, { stream: true }))).text()
    expect(MESSAGES.streamText(stream)).toBe(TEXT)
    expect(upstream.requests).toHaveLength(1)
  })

  test('whose stream fails before it began lets another account have the call', async () => {
    const frames = format === 'bedrock_converse' ? converseStream(TEXT) : messagesEvents(TEXT).map(chunkFrame)
    const keys = (id: string): Json => ({ id, auth: { kind: 'aws_sig_v4', access_key: `AKID${id}`, secret_key: SECRET } })
    const { upstream, gateway } = await setup(() => binary(frames), { format, accounts: [keys('A'), keys('B')] })
    upstream.enqueue(binary([exceptionFrame('throttlingException', 'Too many requests, please wait.')]))
    const response = await gateway.post(MESSAGES.path, MESSAGES.call(`aws/${MODEL}`, { stream: true }))
    expect(MESSAGES.streamText(await response.text())).toBe(TEXT)
    expect(await gateway.recordOf(response)).toMatchObject({
      attempts: [
        { account_id: 'A', outcome: 'failed', error_code: 'upstream_rate_limited' },
        { account_id: 'B', outcome: 'success' },
      ],
    })
  })

  test.each(CLIENT_FORMATS.map((client) => [client.format, client] as const))(
    'whose stream fails in the middle tells clients of %s within the stream',
    async (_format, client) => {
      const frames =
        format === 'bedrock_converse' ? converseStream(TEXT).slice(0, 3) : messagesEvents(TEXT).map(chunkFrame).slice(0, 4)
      const { gateway } = await setup(binary([...frames, exceptionFrame('modelStreamErrorException', 'The model broke.')]), {
        format,
      })
      const stream = await (await gateway.post(client.path, client.call(`aws/${MODEL}`, { stream: true }))).text()
      expect(client.inBandError(stream)?.message).toContain('The model broke.')
      expect(client.hasEnd(stream)).toBe(false)
    },
  )

  test('whose stream is damaged or cut is never an answer', async () => {
    const frames = format === 'bedrock_converse' ? converseStream(TEXT) : messagesEvents(TEXT).map(chunkFrame)
    const bytes = Buffer.concat(frames)
    const damaged = Buffer.from(bytes)
    damaged[bytes.length - 9] = 0
    for (const body of [damaged, bytes.subarray(0, -3), Buffer.concat(frames.slice(0, 3))]) {
      const { gateway } = await setup({ headers: BINARY, body: [body] }, { format })
      const response = await gateway.post(MESSAGES.path, MESSAGES.call(`aws/${MODEL}`, { stream: true }))
      const text = await response.text()
      if (response.status === 200) expect(MESSAGES.inBandError(text)).toBeDefined()
      else expect(response.status).toBe(502)
      expect(MESSAGES.hasEnd(text)).toBe(false)
    }
  })

  test('is told apart in its refusals by the name in the header', async () => {
    const refusal = (status: number, name: string, message: string): Reply =>
      jsonReply({ message }, status, {
        'x-amzn-errortype': `${name}:http://internal.amazon.com/coral/`,
        'x-amzn-requestid': 'r-1',
      })
    const { upstream, gateway } = await setup(reply, { format })
    upstream.otherwise(refusal(400, 'ValidationException', 'Input is too long for requested model.'))
    const response = await gateway.post(MESSAGES.path, MESSAGES.call(`aws/${MODEL}`))
    expect(response.status).toBe(400)
    expect(MESSAGES.errorOf(await response.json()).message).toContain('prompt is too long')
    expect(await gateway.recordOf(response)).toMatchObject({
      attempts: [{ error_code: 'upstream_context_too_long', upstream_request_id: 'r-1' }],
    })
  })

  test.each([
    'amazon.nova-pro-v1:0',
    'arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-sonnet-4-5-20250929-v1:0',
    'arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123',
    'arn:aws:sagemaker:us-east-1:123456789012:endpoint/a/b',
  ])('takes signatures over the id %s, whole and streamed', async (id) => {
    const { upstream, gateway } = await setup(reply, { format })
    for (const extra of [{}, { stream: true }])
      await (await gateway.post(MESSAGES.path, MESSAGES.call(`aws/${id}`, extra))).text()
    expect(upstream.requests.map(({ path }) => path.split('/')[2])).toEqual([encodeURIComponent(id), encodeURIComponent(id)])
    for (const request of upstream.requests) expectSigned(request)
  })

  test('is never called with a name that no model of it has', async () => {
    const { upstream, gateway } = await setup(reply, { format })
    for (const name of ["aws/a'b", 'aws/a b', 'aws/a?b', 'aws/../x%', 'aws/..'])
      expect((await gateway.post(MESSAGES.path, MESSAGES.call(name))).status).toBe(404)
    expect(upstream.requests).toHaveLength(0)
  })

  test('counts tokens where it is asked to', async () => {
    const { upstream, gateway } = await setup(jsonReply({ inputTokens: 321 }), { format })
    const response = await gateway.post('/v1/messages/count_tokens', MESSAGES.call(`aws/${MODEL}`))
    expect(await response.json()).toEqual({ input_tokens: 321 })
    expect(response.headers.get('x-switchback-estimated')).toBeNull()
    expect(upstream.requests[0]?.path).toBe(`${PATH}/count-tokens`)
    expectSigned(upstream.requests[0]!)
    const { input } = upstream.requests[0]!.json as Json
    const counted =
      format === 'bedrock_converse' ? input.converse : JSON.parse(Buffer.from(input.invokeModel.body, 'base64').toString())
    expect(counted.messages).toHaveLength(1)
  })
})

describe('Messages in the envelope of InvokeModel', () => {
  test('keep their bytes, but for the model and the manner, which the address tells', async () => {
    const { upstream, gateway } = await setup(invoke, { format: 'bedrock_anthropic' })
    const sent = `{"max_tokens": 9, "model":"aws/${MODEL}" ,"messages":[{"role":"user","content":"h\\u0069"}], "x":12345678901234567890,"stream":true}`
    await (await gateway.post(MESSAGES.path, sent)).text()
    expect(upstream.requests[0]?.text).toBe(
      '{"anthropic_version":"bedrock-2023-05-31","max_tokens": 9, "messages":[{"role":"user","content":"h\\u0069"}], "x":12345678901234567890}',
    )
    expect((await gateway.records())[0]?.attempts[0]?.passthrough).toBe(true)
  })

  test('take those betas along that are known there, and those of the operator', async () => {
    const { upstream, gateway } = await setup(invoke, {
      format: 'bedrock_anthropic',
      headers: { 'anthropic-beta': 'operators-own-2030-01-01' },
    })
    const betas = 'claude-code-20250219,interleaved-thinking-2025-05-14,oauth-2025-04-20'
    await gateway.post(MESSAGES.path, MESSAGES.call(`aws/${MODEL}`), { headers: { 'anthropic-beta': betas } })
    const [request] = upstream.requests
    expect((request!.json as Json)['anthropic_beta']).toEqual(['operators-own-2030-01-01', 'interleaved-thinking-2025-05-14'])
    expect(request?.headers['anthropic-beta']).toBeUndefined()
    expect(request?.headers['anthropic-version']).toBeUndefined()
  })

  test('go back with signed thinking exactly where it was', async () => {
    const { upstream, gateway } = await setup(invoke, { format: 'bedrock_anthropic' })
    const content = [
      { type: 'thinking', thinking: 'First.', signature: 'c2ln' },
      { type: 'text', text: 'Look.' },
      { type: 'thinking', thinking: 'Then.', signature: 'c2lnMg==' },
      { type: 'tool_use', id: 'toolu_1', name: 'search', input: { q: 'x' } },
    ]
    const messages = [
      { role: 'user', content: 'hi' },
      { role: 'assistant', content },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: 'found' }] },
    ]
    const tools = [{ name: 'search', input_schema: { type: 'object' } }]
    // The first text of this agent must not leave Anthropic, so the call is translated and not passed through.
    const system = [
      { type: 'text', text: 'x-anthropic-billing-header: cc_version=2;' },
      { type: 'text', text: 'You are helpful.' },
    ]
    const response = await gateway.post(MESSAGES.path, MESSAGES.call(`aws/${MODEL}`, { messages, tools, system }))
    expect(response.status).toBe(200)
    const sent = upstream.requests[0]!.json as Json
    expect(sent['messages'][1].content).toEqual(content)
    expect(sent['system']).not.toContain('billing')
    expect(Object.keys(sent)).not.toContain('model')
  })
})

describe('the credential of a Bedrock provider', () => {
  test('may be an API key, which is sent as it is', async () => {
    const { upstream, gateway } = await setup(converse, { accounts: [{ id: 'main', api_key: 'bedrock-api-key' }] })
    await gateway.post(MESSAGES.path, MESSAGES.call(`aws/${MODEL}`))
    expect(upstream.requests[0]?.headers['authorization']).toBe('Bearer bedrock-api-key')
    expect(upstream.requests[0]?.headers['x-amz-date']).toBeUndefined()
  })

  test('that is refused locks the account, and its secret is never repeated', async () => {
    const { upstream, gateway } = await setup(converse)
    upstream.otherwise(
      jsonReply({ message: `The signature made with ${SECRET} does not match.` }, 403, {
        'x-amzn-errortype': 'InvalidSignatureException',
      }),
    )
    const response = await gateway.post(MESSAGES.path, MESSAGES.call(`aws/${MODEL}`))
    expect(await response.text()).not.toContain(SECRET)
    expect(await gateway.recordOf(response)).toMatchObject({ attempts: [{ error_code: 'upstream_authentication' }] })
  })

  test('comes from a role of the machine, is fetched once, and again when it is refused', async () => {
    const issued: string[] = []
    const metadata = await world.upstream(({ method, path, headers }) => {
      if (method === 'PUT') return { body: ['session-token'] }
      if (headers['x-aws-ec2-metadata-token'] !== 'session-token') return { status: 401, body: [''] }
      if (path.endsWith('/security-credentials/')) return { body: ['role-of-machine'] }
      issued.push(`ASIA${issued.length}`)
      return jsonReply({
        Code: 'Success',
        AccessKeyId: issued.at(-1),
        SecretAccessKey: SECRET,
        Token: 'token-of-role',
        Expiration: '2099-01-01T00:00:00Z',
      })
    })
    const auth = { kind: 'aws', source: 'instance', metadata_url: metadata.url }
    const { upstream, gateway } = await setup(converse, { accounts: [{ id: 'main', auth }] })
    const calls = Array.from({ length: 20 }, () => gateway.post(MESSAGES.path, MESSAGES.call(`aws/${MODEL}`)))
    for (const response of await Promise.all(calls)) expect(response.status).toBe(200)
    expect(issued).toEqual(['ASIA0'])
    for (const request of upstream.requests) {
      expectSigned(request)
      expect(request.headers['x-amz-security-token']).toBe('token-of-role')
    }
    upstream.enqueue(
      jsonReply({ message: 'The security token included in the request is expired' }, 403, {
        'x-amzn-errortype': 'ExpiredTokenException',
      }),
    )
    expect((await gateway.post(MESSAGES.path, MESSAGES.call(`aws/${MODEL}`))).status).toBe(200)
    expect(upstream.requests.at(-1)?.headers['authorization']).toContain('Credential=ASIA1/')
  })
})

describe('a stream without anything in it', () => {
  test('is refused like every other', async () => {
    const { gateway } = await setup(binary([converseFrame('messageStart', { role: 'assistant' })]))
    const response = await gateway.post(MESSAGES.path, MESSAGES.call(`aws/${MODEL}`, { stream: true }))
    expect(response.status).toBeGreaterThanOrEqual(500)
  })
})
