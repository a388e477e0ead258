import { describe, expect, test } from 'bun:test'
import { CHAT, RESPONSES, MESSAGES } from '../../test/support/client-formats.ts'
import { codecs } from '../codecs/registry.ts'
import {
  drained,
  errorOf,
  LiveBody,
  streamOf,
  testEngine,
  type Script,
  type TestEngine,
} from '../../test/support/engine-fixture.ts'

type Json = Record<string, unknown>

const ok = (): Response => Response.json(CHAT.whole())
const failure = (status: number, type: string, code?: string, headers: HeadersInit = {}): Response =>
  Response.json(CHAT.error(type, 'no', code), { status, headers })
const never = (): Promise<Response> => new Promise(() => undefined)
const tooLong = (): Response =>
  Response.json(
    {
      error: {
        message: "This model's maximum context length is 1000 tokens.",
        type: 'invalid_request_error',
        code: 'context_length_exceeded',
      },
    },
    { status: 400 },
  )

const provider = (id: string, more: Json = {}, ...accounts: string[]): Json => ({
  id,
  type: 'openai_compatible',
  base_url: `http://127.0.0.1:9/${id}/v1`,
  accounts: accounts.map((name, index) => ({ id: name, api_key: `key-${id}-${name}`, priority: index })),
  ...more,
})

interface World {
  readonly providers: Json[]
  readonly route?: Json
  readonly server?: Json
}

function engine({ providers, route, server }: World, script: Script): TestEngine {
  const targets = providers.map(({ id }) => `${String(id)}/m`)
  return testEngine(
    {
      ...(server === undefined ? {} : { server }),
      providers,
      routes: [{ name: 'r', match: { model: 'r' }, targets, retry: { max_retries: 0 }, ...route }],
    },
    script,
  )
}

const ask = (tested: TestEngine, more: Json = {}, headers: HeadersInit = {}): ReturnType<TestEngine['call']> =>
  tested.call(CHAT, { ...CHAT.call('r'), ...more }, { headers })
const askedOf = (tested: TestEngine): (string | undefined)[] =>
  tested.sent.map((request) => request.headers['authorization']?.slice('Bearer key-'.length))

describe('when every place is locked', () => {
  const limitedFor = (seconds: number): Response =>
    failure(429, 'requests', 'rate_limit_exceeded', { 'retry-after': String(seconds) })

  test('a call waits for the first to recover, within the limit of the route, and its record tells why it took so long', async () => {
    const tested = engine(
      { providers: [provider('x', {}, 'a')], route: { retry: { max_retries: 0, max_wait_ms: 5_000 } } },
      (_request, index) => (index === 0 ? limitedFor(3) : ok()),
    )
    await ask(tested)
    const waiting = ask(tested)
    await tested.clock.advance(2_999)
    expect(tested.sent).toHaveLength(1)
    await tested.clock.advance(2)
    expect((await waiting).kind).toBe('whole')
    expect(tested.records[1]).toMatchObject({
      status: 200,
      skipped: [{ target_id: 'x/m', error_codes: ['upstream_rate_limited'], retry_after_ms: 3_000 }],
      attempts: [{ outcome: 'success', started_ms: 3_000 }],
    })
  })

  test('a recovery beyond the limit, or beyond the caller’s deadline, is not waited for', async () => {
    const tested = engine({ providers: [provider('x', {}, 'a')], route: { retry: { max_retries: 0, max_wait_ms: 5_000 } } }, () =>
      limitedFor(6),
    )
    await ask(tested)
    expect(errorOf(await ask(tested))).toMatchObject({ code: 'all_targets_rate_limited', retryAfterMs: 6_000 })
    await tested.clock.advance(2_000)
    const impatient = tested.call(CHAT, CHAT.call('r'), { hints: { deadlineMs: 3_000 } })
    expect(errorOf(await impatient)).toMatchObject({ httpStatus: 429, retryAfterMs: 4_000 })
    expect(tested.sent).toHaveLength(1)
  })

  test('a call that all refuse is told the earliest time of all, not that of the last', async () => {
    const tested = engine(
      {
        providers: [provider('x', {}, 'a'), provider('y', {}, 'b'), provider('z', {}, 'c')],
        route: { retry: { max_retries: 0 } },
      },
      (_request, index) => limitedFor([20, 60, 90][index] ?? 0),
    )
    expect(errorOf(await ask(tested))).toMatchObject({ httpStatus: 429, retryAfterMs: 20_000 })
  })

  test('a client that leaves while it waits is let go at once', async () => {
    const tested = engine({ providers: [provider('x', {}, 'a')] }, () => limitedFor(8))
    await ask(tested)
    const controller = new AbortController()
    const waiting = tested.call(CHAT, CHAT.call('r'), { signal: controller.signal })
    await tested.clock.advance(1_000)
    controller.abort()
    expect(errorOf(await waiting).code).toBe('client_closed_request')
    expect(tested.records[1]).toMatchObject({ status: 499, attempts: [] })
  })
})

describe('circuits', () => {
  test('open after five faults in a row, let one probe through, and close when it succeeds', async () => {
    let broken = true
    const tested = engine({ providers: [provider('x', {}, 'a')], route: { retry: { max_retries: 0, max_wait_ms: 0 } } }, () =>
      broken ? failure(500, 'server_error') : ok(),
    )
    const circuit = (): string =>
      tested.health.observe({ id: 'x/m', provider: 'x', model: 'm', format: 'openai' } as never).circuit
    for (let call = 0; call < 5; call++) await ask(tested)
    expect(circuit()).toBe('open')
    expect(errorOf(await ask(tested))).toMatchObject({ code: 'all_targets_unavailable', httpStatus: 503, retryAfterMs: 30_000 })
    expect(tested.sent).toHaveLength(5)
    await tested.clock.advance(30_000)
    expect(circuit()).toBe('half_open')
    expect((await Promise.all([ask(tested), ask(tested)])).map((answer) => answer.kind)).toEqual(['error', 'error'])
    expect(tested.sent).toHaveLength(6)
    await tested.clock.advance(30_000)
    broken = false
    expect((await ask(tested)).kind).toBe('whole')
    expect(circuit()).toBe('closed')
  })
})

describe('limits told by headers', () => {
  test('an account that has nothing left is passed over before it refuses', async () => {
    const spent = {
      'x-ratelimit-limit-requests': '10',
      'x-ratelimit-remaining-requests': '0',
      'x-ratelimit-reset-requests': '20s',
    }
    const tested = engine({ providers: [provider('x', {}, 'a', 'b')] }, () => Response.json(CHAT.whole(), { headers: spent }))
    await ask(tested)
    await ask(tested)
    expect(askedOf(tested)).toEqual(['x-a', 'x-b'])
  })
})

describe('a prompt that does not fit', () => {
  const providers = [
    provider('small', { capabilities: { max_context_tokens: 1_000 } }, 'a'),
    provider('equal', { capabilities: { max_context_tokens: 1_000 } }, 'b'),
    provider('large', { capabilities: { max_context_tokens: 9_000 } }, 'c'),
  ]

  test('goes on to a larger window, past those no larger than the one that refused it', async () => {
    const tested = engine({ providers }, (request) => (request.url.includes('/large/') ? ok() : tooLong()))
    expect((await ask(tested)).kind).toBe('whole')
    expect(askedOf(tested)).toEqual(['small-a', 'large-c'])
    expect(tested.records[0]).toMatchObject({
      served: 'large/m',
      skipped: [{ target_id: 'equal/m', error_codes: ['upstream_context_too_long'] }],
    })
  })

  test('is remembered for its conversation, until it gets smaller', async () => {
    const tested = engine({ providers, route: { affinity: 'none' } }, (request) =>
      request.url.includes('/large/') ? ok() : tooLong(),
    )
    const session = { 'x-session-id': 's1' }
    const long = { messages: [{ role: 'user', content: 'long '.repeat(400) }] }
    await ask(tested, long, session)
    await ask(tested, long, session)
    expect(askedOf(tested)).toEqual(['small-a', 'large-c', 'large-c'])
    await ask(tested, {}, session)
    expect(askedOf(tested).at(3)).toBe('small-a')
    await ask(tested, long, { 'x-session-id': 's2' })
    expect(askedOf(tested).at(-2)).toBe('small-a')
  })

  test('that fits nowhere is told in the words of the client’s own vendor', async () => {
    const tested = engine({ providers }, tooLong)
    expect(errorOf(await ask(tested))).toMatchObject({ httpStatus: 400, row: { category: 'context-too-long' } })
    const session = { headers: { 'x-session-id': 's3' } }
    await tested.call(MESSAGES, MESSAGES.call('r'), session)
    const again = errorOf(await tested.call(MESSAGES, MESSAGES.call('r'), session))
    expect(again).toMatchObject({ code: 'context_window_exceeded', httpStatus: 400 })
    const { body } = codecs.anthropic.encodeError(again, 'req_1')
    expect(JSON.stringify(body)).toContain('prompt is too long')
  })
})

describe('a conversation', () => {
  test('stays with the target and the account that served it', async () => {
    const tested = engine(
      {
        providers: [provider('x', { selection: 'round_robin' }, 'a', 'b'), provider('y', {}, 'c')],
        route: { strategy: 'round_robin', affinity: 'session' },
      },
      ok,
    )
    const turns = async (session: string): Promise<void> => void (await ask(tested, {}, { 'x-session-id': session }))
    await turns('one')
    await turns('two')
    await turns('one')
    await turns('two')
    await turns('one')
    const [one, two] = askedOf(tested)
    expect(one).not.toBe(two)
    expect(askedOf(tested)).toEqual([one, two, one, two, one])
    expect(tested.records[2]?.decision.reason.join('\n')).toContain('affinity')
  })
})

describe('hedging', () => {
  const hedge = { hedge: { enabled: true, delay_ms: 150 } }
  const two = [provider('slow', {}, 'a'), provider('fast', {}, 'b')]

  test('starts a second attempt beside a silent one; the first answer wins and the other is given up, visibly', async () => {
    const tested = engine({ providers: two, route: hedge }, (request) => (request.url.includes('/slow/') ? never() : ok()))
    const answer = ask(tested)
    await tested.clock.advance(149)
    expect(tested.sent).toHaveLength(1)
    await tested.clock.advance(2)
    expect((await answer).kind).toBe('whole')
    expect(tested.sent[0]?.signal.aborted).toBe(true)
    expect(tested.records[0]).toMatchObject({
      status: 200,
      served: 'fast/m',
      attempts: [
        { target_id: 'slow/m', outcome: 'cancelled', cancelled_because: 'hedge' },
        { target_id: 'fast/m', outcome: 'success' },
      ],
    })
    for (const id of ['slow', 'fast'])
      expect(tested.health.observe({ id: `${id}/m`, provider: id, model: 'm', format: 'openai' } as never).inFlight).toBe(0)
  })

  test('of streams is decided by the first part of an answer', async () => {
    const body = new LiveBody()
    const tested = engine({ providers: two, route: hedge }, (request) =>
      request.url.includes('/slow/') ? never() : body.answer(),
    )
    const answer = tested.call(CHAT, CHAT.call('r', { stream: true }))
    await tested.clock.advance(200)
    body.push(...CHAT.frames({ text: 'hello' }))
    body.end()
    const delivered = await answer
    expect(delivered.kind).toBe('stream')
    expect(CHAT.streamText(await drained(streamOf(delivered)))).toBe('hello')
    expect(tested.records[0]?.attempts).toMatchObject([{ outcome: 'cancelled' }, { outcome: 'success' }])
  })

  test('a hedge that fails leaves the first attempt running, and locks what it has to', async () => {
    let answerSlow: (response: Response) => void = () => undefined
    const tested = engine({ providers: two, route: hedge }, (request) =>
      request.url.includes('/slow/')
        ? new Promise<Response>((resolve) => {
            answerSlow = resolve
          })
        : failure(401, 'invalid_request_error', 'invalid_api_key'),
    )
    const answer = ask(tested)
    await tested.clock.advance(200)
    answerSlow(ok())
    expect((await answer).kind).toBe('whole')
    expect(tested.records[0]).toMatchObject({
      served: 'slow/m',
      attempts: [
        { target_id: 'fast/m', outcome: 'failed', error_code: 'upstream_authentication' },
        { target_id: 'slow/m', outcome: 'success' },
      ],
    })
    expect(tested.accounts.candidates('fast' as never, 'm')).toEqual([])
  })

  test('leaves the other accounts of a target in use: a failure before any second attempt goes to the next of them', async () => {
    const providers = [provider('slow', {}, 'a', 'c'), provider('fast', {}, 'b')]
    const tested = engine({ providers, route: hedge }, (_request, index) =>
      index === 0 ? failure(429, 'requests', 'rate_limit_exceeded') : ok(),
    )
    expect((await ask(tested)).kind).toBe('whole')
    expect(askedOf(tested)).toEqual(['slow-a', 'slow-c'])
    expect(tested.records[0]?.attempts).toMatchObject([{ next: 'next-account' }, { outcome: 'success' }])
  })

  test('is waiting, not work of the gateway, in what its headers tell', async () => {
    const tested = engine({ providers: two, route: hedge }, (request) => (request.url.includes('/slow/') ? never() : ok()))
    const answer = ask(tested)
    await tested.clock.advance(200)
    const overhead = (await answer).headers.find(([name]) => name === 'x-switchback-overhead-us')
    expect(Number(overhead?.[1])).toBeLessThan(1_000)
  })

  test('happens where the client itself runs the tools', async () => {
    const tested = engine({ providers: two, route: hedge }, never)
    void ask(tested, { tools: [{ type: 'function', function: { name: 'f' } }] })
    await tested.clock.advance(1_000)
    expect(askedOf(tested)).toEqual(['slow-a', 'fast-b'])
  })

  test('does not happen where the call has side effects', async () => {
    const inChat = engine({ providers: two, route: hedge }, never)
    void ask(inChat, { store: true })
    await inChat.clock.advance(1_000)
    expect(askedOf(inChat)).toEqual(['slow-a'])
    const format = { format: 'responses' }
    const tested = engine({ providers: [provider('slow', format, 'a'), provider('fast', format, 'b')], route: hedge }, never)
    const extras: readonly Json[] = [
      { store: true },
      { background: true },
      { conversation: 'conv_1' },
      { tools: [{ type: 'code_interpreter', container: { type: 'auto' } }] },
    ]
    for (const extra of extras) void tested.call(RESPONSES, RESPONSES.call('r', extra))
    await tested.clock.advance(1_000)
    expect(askedOf(tested)).toEqual(extras.map(() => 'slow-a'))
  })

  test('does not happen when the client wants no fallback', async () => {
    const tested = engine({ providers: two, route: hedge }, never)
    void tested.call(CHAT, CHAT.call('r'), { hints: { noFallback: true } })
    await tested.clock.advance(1_000)
    expect(askedOf(tested)).toEqual(['slow-a'])
  })

  test('a client that leaves ends all attempts and gives every slot back', async () => {
    const tested = engine({ providers: two, route: hedge }, never)
    const controller = new AbortController()
    const answer = tested.call(CHAT, CHAT.call('r'), { signal: controller.signal })
    await tested.clock.advance(500)
    controller.abort()
    expect(errorOf(await answer).code).toBe('client_closed_request')
    expect(tested.sent.map(({ signal }) => signal.aborted)).toEqual([true, true])
    expect(tested.records[0]).toMatchObject({
      status: 499,
      attempts: [
        { outcome: 'cancelled', cancelled_because: 'client' },
        { outcome: 'cancelled', cancelled_because: 'client' },
      ],
    })
    for (const id of ['slow', 'fast'])
      expect(tested.health.observe({ id: `${id}/m`, provider: id, model: 'm', format: 'openai' } as never).inFlight).toBe(0)
  })
})

describe('slots', () => {
  test('a target with all of them taken is passed over, and gets the next call when one is free', async () => {
    const tested = engine({ providers: [provider('x', { max_concurrency: 1 }, 'a'), provider('y', {}, 'b')] }, (request, index) =>
      request.url.includes('/x/') && index === 0 ? never() : ok(),
    )
    const controller = new AbortController()
    const first = tested.call(CHAT, CHAT.call('r'), { signal: controller.signal })
    await ask(tested)
    expect(askedOf(tested)).toEqual(['x-a', 'y-b'])
    expect(tested.records[0]?.decision).toMatchObject({
      selected: { target_id: 'y/m' },
      candidates: [{ observed: { in_flight: 1, max_concurrency: 1 } }, {}],
    })
    controller.abort()
    await first
    await ask(tested)
    expect(askedOf(tested).at(-1)).toBe('x-a')
  })
})
