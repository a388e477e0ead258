import { afterEach, describe, expect, test } from 'bun:test'
import { CHAT, MESSAGES, serving } from '../support/client-formats.ts'
import type { FakeUpstream } from '../support/fake-upstream.ts'
import { providerAt, TestWorld, type TestGateway } from '../support/gateway-fixture.ts'
import { jsonReply } from '../support/upstream-answers.ts'

const world = new TestWorld()
afterEach(() => world.closeAll())

async function policies(): Promise<{ chat: FakeUpstream; messages: FakeUpstream; gateway: TestGateway }> {
  const chat = await world.upstream(serving(CHAT))
  const messages = await world.upstream(serving(MESSAGES))
  const route = (name: string, targets: string[], translation: string): Record<string, unknown> => ({
    name,
    match: { model: name },
    targets,
    translation,
  })
  const gateway = await world.gateway({
    providers: [providerAt('chat', chat, 'openai'), providerAt('messages', messages, 'anthropic')],
    routes: [
      route('allow', ['messages/m', 'chat/m'], 'allow'),
      route('warn', ['messages/m', 'chat/m'], 'warn'),
      route('strict', ['messages/m', 'chat/m'], 'strict'),
      route('strict-only', ['messages/m'], 'strict'),
    ],
  })
  return { chat, messages, gateway }
}

describe('a constraint of a schema that a vendor knows in words only', () => {
  const call = (model: string): Record<string, unknown> =>
    CHAT.call(model, {
      response_format: {
        type: 'json_schema',
        json_schema: {
          name: 'age',
          schema: { type: 'object', properties: { age: { type: 'integer', minimum: 18 } }, additionalProperties: false },
        },
      },
    })

  test('is moved into the description and reported, or refuses the target where that is wanted', async () => {
    const chat = await world.upstream(serving(CHAT))
    const messages = await world.upstream(serving(MESSAGES))
    const route = (name: string, targets: string[], strict?: boolean): Record<string, unknown> => ({
      name,
      match: { model: name },
      targets,
      ...(strict === undefined ? {} : { strict_schema_downlevel: strict }),
    })
    const gateway = await world.gateway({
      server: { strict_schema_downlevel: true },
      providers: [providerAt('chat', chat, 'openai'), providerAt('messages', messages, 'anthropic')],
      routes: [
        route('loose', ['messages/m'], false),
        route('strict', ['messages/m', 'chat/m']),
        route('strict-only', ['messages/m']),
      ],
    })
    const loose = await gateway.post(CHAT.path, call('loose'))
    expect(loose.status).toBe(200)
    expect(messages.requests[0]?.text).toContain('{minimum: 18}')
    expect((await gateway.recordOf(loose)).diagnostics).toContainEqual(
      expect.objectContaining({ code: 'schema_constraint', severity: 'rewritten', path: '/response_format' }),
    )
    const strict = await gateway.post(CHAT.path, call('strict'))
    expect((await gateway.recordOf(strict)).attempts).toMatchObject([
      { target_id: 'messages/m', error_code: 'translation_refused' },
      { target_id: 'chat/m', outcome: 'success' },
    ])
    const refused = await gateway.post(CHAT.path, call('strict-only'))
    expect(refused.status).toBe(422)
    expect(await refused.text()).toContain('/response_format')
    expect(messages.requests).toHaveLength(1)
  })
})

/** Messages knows no seed. */
const LOSSY = { seed: 7 }

describe('what a translation cannot carry', () => {
  test('is reported by default: in the headers, and in the record with its place', async () => {
    const { messages, gateway } = await policies()
    const response = await gateway.post(CHAT.path, CHAT.call('warn', LOSSY))
    expect(messages.requests.length).toBe(1)
    expect(response.headers.get('x-switchback-lost')).toBe('sampling.seed')
    expect((await gateway.recordOf(response)).diagnostics).toContainEqual(
      expect.objectContaining({ code: 'sampling.seed', path: '/seed', severity: 'lost' }),
    )
  })

  test('makes a strict route take the next target that carries it, before anything is sent', async () => {
    const { chat, messages, gateway } = await policies()
    const response = await gateway.post(CHAT.path, CHAT.call('strict', LOSSY))
    expect(response.status).toBe(200)
    expect([messages.requests.length, chat.requests.length]).toEqual([0, 1])
    expect(response.headers.get('x-switchback-route')).toBe(
      'strategy=ordered_fallback selected=chat/m served=chat/m fallbacks=[] rejected=1',
    )
    expect((await gateway.recordOf(response)).decision.rejected).toMatchObject([
      { target_id: 'messages/m', code: 'translation_loss', evidence: { losses: ['sampling.seed'] } },
    ])
  })

  test('is refused by a strict route without such a target, saying what and where', async () => {
    const { messages, gateway } = await policies()
    const response = await gateway.post(CHAT.path, CHAT.call('strict-only', LOSSY))
    expect(response.status).toBe(503)
    const error = CHAT.errorOf(await response.json())
    expect(error.code).toBe('no_eligible_target')
    expect(error.message).toContain('sampling.seed')
    expect(messages.requests.length).toBe(0)
  })

  test('does not trouble a strict route when nothing would be lost', async () => {
    const { messages, gateway } = await policies()
    const response = await gateway.post(CHAT.path, CHAT.call('strict'))
    expect(messages.requests.length).toBe(1)
    expect(response.headers.get('x-switchback-lost')).toBeNull()
  })

  test('is no question of policy where the formats are the same', async () => {
    const { chat, gateway } = await policies()
    expect((await gateway.post(CHAT.path, CHAT.call('chat/m', { ...LOSSY, field_nobody_knows: { a: 1 } }))).status).toBe(200)
    expect(chat.requests[0]?.json).toMatchObject({ ...LOSSY, field_nobody_knows: { a: 1 } })
  })
})

describe('counting tokens', () => {
  const body = { ...MESSAGES.call('x'), model: 'messages/m', system: 'Be brief.', temperature: 0.5 }

  test('is asked from an upstream that can, with only what its endpoint takes, and never costs an answer', async () => {
    const upstream = await world.upstream(jsonReply({ input_tokens: 1234 }))
    const gateway = await world.gateway({ providers: [providerAt('messages', upstream, 'anthropic')] })
    const response = await gateway.post('/v1/messages/count_tokens', body)
    expect(await response.json()).toEqual({ input_tokens: 1234 })
    expect(response.headers.get('x-switchback-estimated')).toBeNull()
    expect(upstream.requests.map(({ path }) => path)).toEqual(['/v1/messages/count_tokens'])
    const sent = upstream.requests[0]?.json as Record<string, unknown>
    expect(Object.keys(sent).sort()).toEqual(['messages', 'model', 'system'])
    expect(sent['model']).toBe('m')
    expect(await gateway.recordOf(response)).toMatchObject({ operation: 'count-tokens', status: 200 })
  })

  test.each([
    ['knows no such endpoint', { status: 404, body: ['{}'] }],
    ['fails', { status: 500, body: ['oops'] }],
    ['answers nonsense', jsonReply({ tokens: 'many' })],
    ['breaks off', { before: [{ reset: true } as const] }],
  ])('is done here when the upstream %s: more than nothing, marked as an estimate', async (_name, reply) => {
    const upstream = await world.upstream(reply)
    const gateway = await world.gateway({ providers: [providerAt('messages', upstream, 'anthropic')] })
    const response = await gateway.post('/v1/messages/count_tokens', body)
    expect(response.status).toBe(200)
    expect(((await response.json()) as { input_tokens: number }).input_tokens).toBeGreaterThan(3)
    expect(response.headers.get('x-switchback-estimated')).toBe('true')
    expect(upstream.requests.every(({ path }) => path.endsWith('/count_tokens'))).toBe(true)
  })

  test('is done here for upstreams of other formats, who are not called at all; more text counts more', async () => {
    const upstream = await world.upstream(serving(CHAT))
    const gateway = await world.gateway({ providers: [providerAt('chat', upstream, 'openai')] })
    const count = async (content: string): Promise<number> => {
      const response = await gateway.post('/v1/messages/count_tokens', {
        ...body,
        model: 'chat/m',
        messages: [{ role: 'user', content }],
      })
      return ((await response.json()) as { input_tokens: number }).input_tokens
    }
    const [short, long] = [await count('hi'), await count('The quick brown fox jumps over the lazy dog. '.repeat(100))]
    expect(short).toBeWithin(3, 40)
    expect(long).toBeWithin(900, 1_200)
    expect(upstream.connections.accepted).toBe(0)
  })

  test('of an unknown model is refused, and its record says what was asked for', async () => {
    const gateway = await world.gateway({ providers: [{ id: 'mock', type: 'mock' }] })
    const response = await gateway.post('/v1/messages/count_tokens', { ...body, model: 'nobody/m' })
    expect(response.status).toBe(404)
    expect(MESSAGES.errorOf(await response.json()).type).toBe('not_found_error')
    expect(await gateway.recordOf(response)).toMatchObject({
      operation: 'count-tokens',
      status: 404,
      error_code: 'model_not_found',
    })
  })
})

describe('records', () => {
  test('are listed newest first and told by id, prefix or "last", with one for every call that got past authentication', async () => {
    const { gateway } = await policies()
    const responses = [
      await gateway.post(CHAT.path, CHAT.call('allow')),
      await gateway.post(CHAT.path, '{"model":'),
      await gateway.post(CHAT.path, CHAT.call('nobody/m')),
      await gateway.post(MESSAGES.path, MESSAGES.call('messages/m', { stream: true })),
    ]
    for (const response of responses) await response.text()
    const ids = responses.map((response) => response.headers.get('x-switchback-request-id'))
    const get = async (path: string): Promise<any> => (await fetch(`${gateway.url}${path}`)).json()
    const { traces } = await get('/v1/traces')
    expect(traces.map((trace: { request_id: string }) => trace.request_id)).toEqual(ids.toReversed())
    expect(traces.map((trace: { status: number }) => trace.status)).toEqual([200, 404, 400, 200])
    expect(await get(`/v1/traces/${ids[0]}`)).toMatchObject({
      schema: 'switchback.record/v1',
      request_id: ids[0],
      served: 'messages/m',
    })
    expect(await get(`/v1/traces/${ids[0]!.slice(0, 20)}`)).toMatchObject({ request_id: ids[0] })
    expect(await get('/v1/traces/last')).toMatchObject({ request_id: ids[3] })
    expect((await get('/v1/traces?status=404')).traces).toMatchObject([{ request_id: ids[2] }])
    expect((await get('/v1/traces?limit=1')).traces.length).toBe(1)
    expect((await fetch(`${gateway.url}/v1/traces/req_none`)).status).toBe(404)
  })
})
