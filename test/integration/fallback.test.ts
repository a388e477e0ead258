import { afterEach, describe, expect, test } from 'bun:test'
import { CHAT, CLIENT_FORMATS, MESSAGES, refusing, RESPONSES, serving, type ClientFormat } from '../support/client-formats.ts'
import type { FakeUpstream, Reply, ReplyFor } from '../support/fake-upstream.ts'
import { accountsNamed, eventually, providerAt, TestWorld, type TestGateway } from '../support/gateway-fixture.ts'
import { jsonReply, sseReply } from '../support/upstream-answers.ts'

const world = new TestWorld()
afterEach(() => world.closeAll())

const EACH = CLIENT_FORMATS.map((client): [string, ClientFormat] => [client.format, client])
const keyOf = ({ headers }: { headers: Readonly<Record<string, string>> }): string | undefined =>
  headers['authorization']?.slice(7)

interface Setup {
  readonly first: FakeUpstream
  readonly second: FakeUpstream
  readonly gateway: TestGateway
}

/** Route `r`: two accounts at a Chat upstream, then one at a Messages upstream. */
async function setup(
  first: Reply | ReplyFor,
  second: Reply | ReplyFor = serving(MESSAGES, { text: 'from the second' }),
  retries = 0,
): Promise<Setup> {
  const one = await world.upstream(first)
  const two = await world.upstream(second)
  const gateway = await world.gateway({
    providers: [
      providerAt('one', one, 'openai', accountsNamed('a', 'b')),
      providerAt('two', two, 'anthropic', accountsNamed('c')),
    ],
    routes: [{ name: 'r', match: { model: 'r' }, targets: ['one/m1', 'two/m2'], retry: { max_retries: retries } }],
  })
  return { first: one, second: two, gateway }
}

describe('fallback has two levels', () => {
  test.each([
    ['a refused key', 401],
    ['a missing right', 403],
    ['an empty purse', 402],
    ['a rate limit', 429],
    ['a server error', 500],
  ])('after %s the next account of the same target is used', async (_name, status) => {
    const { first, second, gateway } = await setup((request) =>
      keyOf(request) === 'key-a' ? refusing(CHAT, status) : serving(CHAT)(request),
    )
    const response = await gateway.post(CHAT.path, CHAT.call('r'))
    expect(response.status).toBe(200)
    expect(first.requests.map(keyOf)).toEqual(['key-a', 'key-b'])
    expect(second.requests.length).toBe(0)
    expect(await gateway.recordOf(response)).toMatchObject({
      served: 'one/m1',
      attempts: [
        { account_id: 'a', outcome: 'failed', upstream_status: status, next: 'next-account' },
        { account_id: 'b', outcome: 'success' },
      ],
    })
  })

  test.each([
    ['an overload', 503, {}],
    ['an unknown model', 404, { code: 'model_not_found' }],
    ['a prompt that is too long for it', 400, { code: 'context_length_exceeded' }],
    ['a body that is too large for it', 413, {}],
  ])('after %s the other accounts are left alone and the next target is used', async (_name, status, options) => {
    const { first, second, gateway } = await setup(refusing(CHAT, status, options))
    const response = await gateway.post(CHAT.path, CHAT.call('r'))
    expect(response.status).toBe(200)
    expect(CHAT.textOf(await response.json())).toBe('from the second')
    expect([first.requests.length, second.requests.length]).toEqual([1, 1])
    expect(response.headers.get('x-switchback-route')).toBe(
      'strategy=ordered_fallback selected=one/m1 served=two/m2 fallbacks=[two/m2] rejected=0',
    )
    expect(await gateway.recordOf(response)).toMatchObject({
      attempts: [{ next: 'next-target' }, { target_id: 'two/m2', outcome: 'success' }],
    })
  })

  test.each([
    ['an invalid request', 400, { type: 'invalid_request_error' }],
    ['a filtered prompt', 400, { code: 'content_filter' }],
    ['a field nobody likes', 422, {}],
  ])('%s is the client’s own: nothing else is tried and nothing is locked', async (_name, status, options) => {
    const { first, second, gateway } = await setup(refusing(CHAT, status, { ...options, message: 'your fault' }))
    const response = await gateway.post(CHAT.path, CHAT.call('r'))
    expect(response.status).toBe(status)
    expect(CHAT.errorOf(await response.json()).message).toBe('your fault')
    await gateway.post(CHAT.path, CHAT.call('r'))
    expect(first.requests.map(keyOf)).toEqual(['key-a', 'key-a'])
    expect(second.requests.length).toBe(0)
  })

  test('a locked account is passed over by the next request', async () => {
    const { first, gateway } = await setup((request) =>
      keyOf(request) === 'key-a' ? refusing(CHAT, 401) : serving(CHAT)(request),
    )
    for (let index = 0; index < 3; index++) expect((await gateway.post(CHAT.path, CHAT.call('r'))).status).toBe(200)
    expect(first.requests.map(keyOf)).toEqual(['key-a', 'key-b', 'key-b', 'key-b'])
  })

  test('when everything fails the client gets the last error, and the record tells every attempt in order', async () => {
    const { gateway } = await setup(
      refusing(CHAT, 500),
      refusing(MESSAGES, 529, { type: 'overloaded_error', message: 'Overloaded' }),
      1,
    )
    const response = await gateway.post(CHAT.path, CHAT.call('r'))
    expect(response.status).toBe(529)
    expect(CHAT.errorOf(await response.json())).toMatchObject({ message: 'Overloaded', type: 'overloaded_error' })
    const { attempts, status, error_code } = await gateway.recordOf(response)
    expect({ status, error_code }).toEqual({ status: 529, error_code: 'upstream_overloaded' })
    expect(attempts.map(({ target_id, account_id, next }) => `${target_id} ${account_id} ${next}`)).toEqual([
      'one/m1 a retry',
      'one/m1 a next-account',
      'one/m1 b retry',
      'one/m1 b next-account',
      'two/m2 c next-target',
    ])
  })

  test('a target without a usable credential is refused in the decision, with a reason', async () => {
    const upstream = await world.upstream(serving(CHAT))
    const gateway = await world.gateway({
      providers: [
        providerAt('none', upstream, 'openai', { auth_scheme: { kind: 'bearer' }, api_key_env: 'SURELY_NOT_SET' }),
        providerAt('some', upstream, 'openai', accountsNamed('a')),
      ],
      routes: [{ name: 'r', match: { model: 'r' }, targets: ['none/m', 'some/m'] }],
    })
    const response = await gateway.post(CHAT.path, CHAT.call('r'))
    expect(response.headers.get('x-switchback-route')).toContain('rejected=1')
    expect((await gateway.recordOf(response)).decision).toMatchObject({
      selected: { target_id: 'some/m' },
      rejected: [{ target_id: 'none/m', code: 'no_accounts' }],
    })
  })
})

describe('retries', () => {
  test('a passing fault is tried again at the same account as often as the route says', async () => {
    let calls = 0
    const { first, second, gateway } = await setup(
      (request) => (++calls <= 2 ? refusing(CHAT, 500) : serving(CHAT)(request)),
      serving(MESSAGES),
      2,
    )
    expect((await gateway.post(CHAT.path, CHAT.call('r'))).status).toBe(200)
    expect(first.requests.map(keyOf)).toEqual(['key-a', 'key-a', 'key-a'])
    expect(second.requests.length).toBe(0)
  })

  test('a connection that breaks before the answer is tried again', async () => {
    let calls = 0
    const { first, gateway } = await setup(
      (request) => (++calls === 1 ? { before: [{ reset: true }] } : serving(CHAT)(request)),
      undefined,
      1,
    )
    const response = await gateway.post(CHAT.path, CHAT.call('r'))
    expect(response.status).toBe(200)
    expect(first.requests.length).toBe(2)
    const [attempt] = (await gateway.recordOf(response)).attempts
    expect(attempt).toMatchObject({ outcome: 'failed', next: 'retry' })
    expect(attempt?.upstream_status).toBeUndefined()
  })

  test('a body cut in the middle of a whole answer is tried again', async () => {
    let calls = 0
    const cut: Reply = { headers: { 'content-length': '500' }, framing: 'length', body: ['{"id":"x",', { reset: true }] }
    const { first, gateway } = await setup((request) => (++calls === 1 ? cut : serving(CHAT)(request)), undefined, 1)
    const response = await gateway.post(CHAT.path, CHAT.call('r'))
    expect(response.status).toBe(200)
    expect(first.requests.length).toBe(2)
    expect((await gateway.recordOf(response)).attempts[0]).toMatchObject({
      error_code: 'upstream_stream_interrupted',
      next: 'retry',
    })
  })
})

const HALF: Reply = { headers: { 'content-length': '500' }, framing: 'length', body: ['{', { close: true }] }

describe('a call with side effects', () => {
  const stored = { store: true }
  async function storing(first: Reply | ReplyFor): Promise<{ one: FakeUpstream; two: FakeUpstream; gateway: TestGateway }> {
    const one = await world.upstream(first)
    const two = await world.upstream(serving(RESPONSES))
    const gateway = await world.gateway({
      providers: [providerAt('one', one, 'responses', accountsNamed('a', 'b')), providerAt('two', two, 'responses')],
      routes: [{ name: 'r', match: { model: 'r' }, targets: ['one/m', 'two/m'], retry: { max_retries: 2 } }],
    })
    return { one, two, gateway }
  }

  test.each([
    ['store', stored],
    ['background', { background: true }],
    ['a conversation', { conversation: 'conv_1' }],
    ['a tool the provider runs', { tools: [{ type: 'code_interpreter', container: { type: 'auto' } }] }],
  ])('(%s) is never repeated once the upstream may have acted on it', async (_name, extra) => {
    const { one, two, gateway } = await storing({ before: [{ reset: true }] })
    const response = await gateway.post(RESPONSES.path, RESPONSES.call('r', extra))
    expect(response.status).toBe(502)
    expect([one.requests.length, two.requests.length]).toEqual([1, 0])
    expect((await gateway.recordOf(response)).attempts).toMatchObject([{ next: 'stop' }])
  })

  test.each([
    ['a server error', refusing(RESPONSES, 500), 500],
    ['a gateway time-out', refusing(RESPONSES, 504), 504],
    ['half an answer', HALF, 502],
    ['an answer that is no JSON', { body: ['<html>'], headers: { 'content-type': 'text/html' } }, 502],
  ])('is not repeated after %s', async (_name, reply, status) => {
    const { one, two, gateway } = await storing(reply)
    const response = await gateway.post(RESPONSES.path, RESPONSES.call('r', stored))
    expect(response.status).toBe(status)
    expect([one.requests.length, two.requests.length]).toEqual([1, 0])
  })

  test.each([
    ['a rate limit', refusing(RESPONSES, 429), 2],
    ['a refused key', refusing(RESPONSES, 401), 2],
    ['an overload', refusing(RESPONSES, 503), 1],
  ])('goes on after %s: the upstream has plainly refused it', async (_name, reply, tries) => {
    const { one, two, gateway } = await storing(reply)
    expect((await gateway.post(RESPONSES.path, RESPONSES.call('r', stored))).status).toBe(200)
    expect([one.requests.length, two.requests.length]).toEqual([tries, 1])
  })

  test('goes on when the connection could not be made', async () => {
    const two = await world.upstream(serving(RESPONSES))
    const gateway = await world.gateway({
      providers: [providerAt('one', { url: 'http://127.0.0.1:1' }, 'responses'), providerAt('two', two, 'responses')],
      routes: [{ name: 'r', match: { model: 'r' }, targets: ['one/m', 'two/m'] }],
    })
    expect((await gateway.post(RESPONSES.path, RESPONSES.call('r', stored))).status).toBe(200)
  })

  test('without them the same faults go to the next target', async () => {
    const { one, two, gateway } = await storing({ before: [{ reset: true }] })
    expect((await gateway.post(RESPONSES.path, RESPONSES.call('r', { store: false }))).status).toBe(200)
    // The fifth fault in a row opens the circuit, before the five retries are used up.
    expect([one.requests.length, two.requests.length]).toEqual([5, 1])
  })
})

describe.each(EACH)('for %s clients, before anything of an answer was seen', (_name, client) => {
  const early = client.frames({ text: 'never shown' }).slice(0, client.format === 'responses' ? 2 : 1)

  test.each([
    ['an error inside the stream', [...early, client.errorFrame('overloaded_error', 'Overloaded')]],
    ['a stream that ends without its end', early],
    ['a stream that holds nothing', []],
    ['a connection that breaks', [...early, { reset: true } as const]],
    ['a frame that is no JSON', [...early, 'data: {not json\n\n']],
  ])('%s leads to the next target, and nothing of it reaches the client', async (_what, steps) => {
    const one = await world.upstream(sseReply(steps))
    const two = await world.upstream(serving(client, { text: 'good answer' }))
    const gateway = await world.gateway({
      providers: [providerAt('one', one, client.format), providerAt('two', two, client.format)],
      routes: [{ name: 'r', match: { model: 'r' }, targets: ['one/m', 'two/m'], retry: { max_retries: 0 } }],
    })
    const response = await gateway.post(client.path, client.call('r', { stream: true }))
    expect(response.status).toBe(200)
    const stream = await response.text()
    expect(client.streamText(stream)).toBe('good answer')
    expect(client.hasEnd(stream)).toBe(true)
    expect(client.inBandError(stream)).toBeUndefined()
    expect(response.headers.get('x-switchback-route')).toContain('selected=one/m served=two/m')
    expect((await gateway.recordOf(response)).attempts).toMatchObject([
      { outcome: 'failed', next: expect.stringMatching(/^next-/) },
      { outcome: 'success' },
    ])
  })

  test('an in-band error of the only target becomes a proper error answer, with its status', async () => {
    const upstream = await world.upstream(
      sseReply([...early, client.errorFrame('rate_limit_error', 'Slow down', 'rate_limit_exceeded')]),
    )
    const gateway = await world.gateway({ providers: [providerAt('one', upstream, client.format)] })
    const response = await gateway.post(client.path, client.call('one/m', { stream: true }))
    expect(response.status).toBe(429)
    expect(response.headers.get('content-type')).toBe('application/json')
    expect(client.errorOf(await response.json()).message).toBe('Slow down')
  })
})

test('an upstream that told its failure and does not hang up is let go, before and after the beginning of an answer', async () => {
  const failure = CHAT.errorFrame('overloaded_error', 'Overloaded')
  const one = await world.upstream(sseReply([failure, { stall: true }]))
  const two = await world.upstream(sseReply([...CHAT.frames().slice(0, 3), failure, { stall: true }]))
  const gateway = await world.gateway({
    providers: [providerAt('one', one, 'openai'), providerAt('two', two, 'openai')],
    routes: [{ name: 'r', match: { model: 'r' }, targets: ['one/m', 'two/m'], retry: { max_retries: 0 } }],
  })
  const stream = await (await gateway.post(CHAT.path, CHAT.call('r', { stream: true }))).text()
  expect(CHAT.inBandError(stream)?.message).toBe('Overloaded')
  for (const upstream of [one, two]) await eventually(() => upstream.requests[0]?.aborted === true, 'the connection is let go')
})

test('an upstream that answers a streaming call with an error object and status 200 is no answer', async () => {
  const one = await world.upstream(jsonReply(CHAT.error('server_error', 'broken')))
  const two = await world.upstream(serving(CHAT))
  const gateway = await world.gateway({
    providers: [providerAt('one', one, 'openai'), providerAt('two', two, 'openai')],
    routes: [{ name: 'r', match: { model: 'r' }, targets: ['one/m', 'two/m'], retry: { max_retries: 0 } }],
  })
  for (const stream of [true, false])
    expect((await gateway.post(CHAT.path, CHAT.call('r', { stream }))).headers.get('x-switchback-route')).toContain(
      'served=two/m',
    )
})
