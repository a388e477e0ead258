import { afterEach, describe, expect, test } from 'bun:test'
import type { Diagnostic } from '../../src/ir/diagnostic.ts'
import { CHAT, CLIENT_FORMATS, GEMINI, MESSAGES, RESPONSES, serving, type ClientFormat } from '../support/client-formats.ts'
import type { FakeUpstream } from '../support/fake-upstream.ts'
import { providerAt, TestWorld, type TestGateway } from '../support/gateway-fixture.ts'
import { jsonReply, sseReply, type AnswerFacts } from '../support/upstream-answers.ts'

type Json = Record<string, any>

const world = new TestWorld()
afterEach(() => world.closeAll())

const SCHEMA = {
  type: 'object',
  properties: { age: { type: 'integer', minimum: 18 } },
  required: ['age'],
  additionalProperties: false,
}
/** How each format asks for an answer by a schema. */
const ASKING: ReadonlyMap<ClientFormat, (schema: Json) => Json> = new Map<ClientFormat, (schema: Json) => Json>([
  [CHAT, (schema) => ({ response_format: { type: 'json_schema', json_schema: { name: 'age', schema } } })],
  [RESPONSES, (schema) => ({ text: { format: { type: 'json_schema', name: 'age', schema } } })],
  [MESSAGES, (schema) => ({ output_config: { format: { type: 'json_schema', schema } } })],
  [GEMINI, (schema) => ({ generationConfig: { responseMimeType: 'application/json', responseJsonSchema: schema } })],
])
const PAIRS = CLIENT_FORMATS.flatMap((client) =>
  CLIENT_FORMATS.map((upstream) => [client.format, upstream.format, client, upstream] as const),
)
const asking = (client: ClientFormat, model: string, extra: Json = {}, schema: Json = SCHEMA): Json =>
  client.call(model, { ...ASKING.get(client)!(schema), ...extra })

const FITS: AnswerFacts = { text: '{ "age": 20 }', outputTokens: 9 }
const BROKEN: AnswerFacts = { text: '{ "age": 7 }', outputTokens: 9 }

async function setup(
  upstream: ClientFormat,
  facts: AnswerFacts,
  server: Json,
): Promise<{ upstreams: FakeUpstream; gateway: TestGateway }> {
  const upstreams = await world.upstream(serving(upstream, facts))
  const gateway = await world.gateway({ server, providers: [providerAt('up', upstreams, upstream.format)] })
  return { upstreams, gateway }
}

const valueAt = (body: unknown, path: string): unknown =>
  path
    .split('/')
    .slice(1)
    .reduce<unknown>((value, name) => (value as Json | undefined)?.[name], body)

const findingsOf = async (gateway: TestGateway, response: Response): Promise<Diagnostic[]> =>
  (await gateway.recordOf(response)).diagnostics.filter(
    ({ code, severity }) => code === 'schema_constraint' && severity === 'lost',
  )

describe.each(PAIRS)('a client of %s, an upstream of %s', (_client, _upstream, client, upstream) => {
  test('is told whether a whole answer keeps to the schema', async () => {
    for (const [facts, result] of [
      [FITS, 'valid'],
      [BROKEN, 'invalid'],
    ] as const) {
      const { gateway } = await setup(upstream, facts, { answer_schema: 'always' })
      const asked = asking(client, 'up/m')
      const response = await gateway.post(client.path, asked)
      expect(client.textOf(await response.json())).toBe(facts.text!)
      expect(response.headers.get('x-switchback-schema')).toBe(result)
      const findings = await findingsOf(gateway, response)
      // The path of a finding leads from the client's body to the keyword.
      expect(findings.map(({ path }) => valueAt(asked, path))).toEqual(result === 'valid' ? [] : [18])
    }
  })

  test('gets all of a stream that does not, with a finding in the record', async () => {
    for (const facts of [FITS, BROKEN]) {
      const { gateway } = await setup(upstream, facts, { answer_schema: 'always' })
      const response = await gateway.post(client.path, asking(client, 'up/m', { stream: true }))
      const stream = await response.text()
      expect(client.streamText(stream).trim()).toBe(facts.text!)
      expect(client.hasEnd(stream)).toBe(true)
      expect(await findingsOf(gateway, response)).toHaveLength(facts === FITS ? 0 : 1)
    }
  })

  test('gets no whole answer that does not, where the operator is strict', async () => {
    const server = { answer_schema: 'always', strict_answer_schema: true }
    const { gateway } = await setup(upstream, BROKEN, server)
    const response = await gateway.post(client.path, asking(client, 'up/m'))
    expect(response.status).toBe(422)
    expect(client.errorOf(await response.json()).message).toContain('minimum')
    const record = await gateway.recordOf(response)
    expect(record).toMatchObject({ error_code: 'answer_schema_mismatch' })
    expect(record.attempts).toMatchObject([{ outcome: 'failed', usage: { outputTokens: 9 }, usage_known: 'whole' }])
  })

  test('gets an error in place of the end of such a stream, and its usage is known', async () => {
    const server = { answer_schema: 'always', strict_answer_schema: true }
    const { gateway } = await setup(upstream, BROKEN, server)
    const response = await gateway.post(client.path, asking(client, 'up/m', { stream: true }))
    const stream = await response.text()
    expect(client.hasEnd(stream)).toBe(false)
    expect(client.inBandError(stream)?.message).toContain('minimum')
    const record = await gateway.recordOf(response)
    expect(record).toMatchObject({ error_code: 'answer_schema_mismatch', usage: { outputTokens: 9 } })
    expect(record.attempts).toMatchObject([{ outcome: 'failed', usage: { outputTokens: 9 }, usage_known: 'whole' }])
    const fine = await setup(upstream, FITS, server)
    const kept = await (await fine.gateway.post(client.path, asking(client, 'up/m', { stream: true }))).text()
    expect(client.hasEnd(kept)).toBe(true)
    expect(client.inBandError(kept)).toBeUndefined()
  })
})

describe('what is checked', () => {
  test('is nothing by default, nor where nothing was asked for', async () => {
    const { gateway } = await setup(CHAT, BROKEN, {})
    expect((await gateway.post(CHAT.path, asking(CHAT, 'up/m'))).headers.has('x-switchback-schema')).toBe(false)
    const always = await setup(CHAT, BROKEN, { answer_schema: 'always', strict_answer_schema: true })
    const response = await always.gateway.post(CHAT.path, CHAT.call('up/m'))
    expect([response.status, response.headers.has('x-switchback-schema')]).toEqual([200, false])
  })

  test('with `downleveled` is what a translation left to the good will of the model', async () => {
    const chat = await world.upstream(serving(CHAT, BROKEN))
    const messages = await world.upstream(serving(MESSAGES, BROKEN))
    const gateway = await world.gateway({
      providers: [providerAt('chat', chat, 'openai'), providerAt('messages', messages, 'anthropic')],
      routes: [
        {
          name: 'both',
          match: { model: 'both' },
          targets: ['messages/m', 'chat/m'],
          answer_schema: 'downleveled',
          strict_answer_schema: true,
        },
      ],
    })
    // Messages knows no bounds; Chat does, and answers for them itself.
    const response = await gateway.post(CHAT.path, asking(CHAT, 'both'))
    expect(response.status).toBe(200)
    expect(response.headers.has('x-switchback-schema')).toBe(false)
    expect((await gateway.recordOf(response)).attempts).toMatchObject([
      { target_id: 'messages/m', error_code: 'answer_schema_mismatch', next: 'next-target' },
      { target_id: 'chat/m', outcome: 'success' },
    ])
    const loose = { type: 'object', properties: { age: { type: 'integer' } }, required: ['age'], additionalProperties: false }
    const carried = await gateway.post(CHAT.path, asking(CHAT, 'both', {}, loose))
    expect((await gateway.recordOf(carried)).attempts).toMatchObject([{ target_id: 'messages/m', outcome: 'success' }])
  })

  test('are the arguments of calls, too', async () => {
    const call = (args: string) => ({ id: 'c', type: 'function', function: { name: 'grow', arguments: args } })
    const answer = (args: string): Json => {
      const whole: Json = CHAT.whole()
      whole['choices'][0] = {
        index: 0,
        message: { role: 'assistant', content: null, tool_calls: [call(args)] },
        finish_reason: 'tool_calls',
      }
      return whole
    }
    const tools = [{ type: 'function', function: { name: 'grow', parameters: SCHEMA } }]
    for (const [args, result] of [
      ['{"age":20}', 'valid'],
      ['{"age":1}', 'invalid'],
      ['{"age"', 'invalid'],
      ['', 'invalid'],
    ] as const) {
      const upstream = await world.upstream(jsonReply(answer(args)))
      const gateway = await world.gateway({
        server: { answer_schema: 'always' },
        providers: [providerAt('up', upstream, 'openai')],
      })
      for (const client of [CHAT, MESSAGES]) {
        const asked = client === CHAT ? { tools } : { tools: [{ name: 'grow', input_schema: SCHEMA }] }
        const response = await gateway.post(client.path, client.call('up/m', asked))
        expect([args, response.headers.get('x-switchback-schema')]).toEqual([args, result])
      }
    }
  })

  test('is left open where the answer was cut off, or nobody checks a keyword', async () => {
    const { gateway } = await setup(CHAT, FITS, { answer_schema: 'always', strict_answer_schema: true })
    const looking = { ...SCHEMA, propertyNames: { pattern: '^(?=a)' } }
    const response = await gateway.post(CHAT.path, asking(CHAT, 'up/m', {}, looking))
    expect([response.status, response.headers.get('x-switchback-schema')]).toEqual([200, 'unchecked'])
    expect(await findingsOf(gateway, response)).toMatchObject([
      { path: '/response_format/json_schema/schema/propertyNames/pattern' },
    ])
    const cut: Json = CHAT.whole(BROKEN)
    cut['choices'][0].finish_reason = 'length'
    const upstream = await world.upstream(jsonReply(cut))
    const other = await world.gateway({
      server: { answer_schema: 'always', strict_answer_schema: true },
      providers: [providerAt('up', upstream, 'openai')],
    })
    const short = await other.post(CHAT.path, asking(CHAT, 'up/m'))
    expect([short.status, short.headers.get('x-switchback-schema')]).toEqual([200, 'unchecked'])
  })

  test('a hostile schema costs little, and is told as not checked', async () => {
    const { gateway } = await setup(CHAT, FITS, { answer_schema: 'always' })
    const level = (index: number): Json => ({ anyOf: [{ $ref: `#/$defs/d${index + 1}` }, { $ref: `#/$defs/d${index + 1}` }] })
    const $defs = Object.fromEntries(
      Array.from({ length: 40 }, (_none, index) => [`d${index}`, index === 39 ? false : level(index)]),
    )
    const response = await gateway.post(CHAT.path, asking(CHAT, 'up/m', {}, { $defs, $ref: '#/$defs/d0' }))
    expect(response.headers.get('x-switchback-schema')).toBe('unchecked')
  })

  test('is an upstream that answers in one piece where a stream was asked for', async () => {
    for (const strict of [false, true]) {
      const upstream = await world.upstream(jsonReply(CHAT.whole(BROKEN)))
      const gateway = await world.gateway({
        server: { answer_schema: 'always', strict_answer_schema: strict },
        providers: [providerAt('up', upstream, 'openai')],
      })
      const response = await gateway.post(CHAT.path, asking(CHAT, 'up/m', { stream: true }))
      expect(response.status).toBe(strict ? 422 : 200)
      await response.text()
      expect(await findingsOf(gateway, response)).toHaveLength(1)
    }
  })
})

test('bytes that go through stay as they are while they are looked at', async () => {
  const frames = CHAT.frames(FITS).map((frame) => frame.replace('{', '{ "unknown" : 12345678901234567890,'))
  const upstream = await world.upstream(sseReply(frames))
  const gateway = await world.gateway({
    server: { answer_schema: 'always', strict_answer_schema: true },
    providers: [providerAt('up', upstream, 'openai')],
    routes: [{ name: 'r', match: { model: 'r' }, targets: ['up/m'], response_model: 'served' }],
  })
  const response = await gateway.post(CHAT.path, asking(CHAT, 'r', { stream: true, stream_options: { include_usage: true } }))
  expect(await response.text()).toBe(frames.join(''))
})

test('a stream with a frame that nobody can read goes through as ever, and is not checked', async () => {
  const [first = '', ...rest] = CHAT.frames(FITS)
  const frames = [first, 'data: {"half\n\n', ...rest]
  const upstream = await world.upstream(sseReply(frames))
  const gateway = await world.gateway({
    server: { answer_schema: 'always', strict_answer_schema: true },
    providers: [providerAt('up', upstream, 'openai')],
    routes: [{ name: 'r', match: { model: 'r' }, targets: ['up/m'], response_model: 'served' }],
  })
  const response = await gateway.post(CHAT.path, asking(CHAT, 'r', { stream: true, stream_options: { include_usage: true } }))
  expect(await response.text()).toBe(frames.join(''))
  expect((await findingsOf(gateway, response)).map(({ message }) => message)).toEqual([expect.stringContaining('cannot be read')])
})
