import { describe, expect, test } from 'bun:test'
import { CHAT, MESSAGES } from '../../../test/support/client-formats.ts'
import {
  drained,
  errorOf,
  LiveBody,
  streamOf,
  testEngine,
  type EngineTestOptions,
  type Script,
  type TestEngine,
} from '../../../test/support/engine-fixture.ts'
import { GatewayError } from '../../errors/gateway-error.ts'

type Json = Record<string, unknown>

const PRICES = { 'first/m': { input: 1, output: 2 }, 'second/m': { input: 10, output: 20 } }
const ok = (): Response => Response.json(CHAT.whole())
const never = (): Promise<Response> => new Promise(() => undefined)
const refusal = (status: number): Response => Response.json(CHAT.error('server_error', 'no'), { status })

const provider = (id: string, more: Json = {}): Json => ({
  id,
  type: 'openai_compatible',
  base_url: `http://127.0.0.1:9/${id}/v1`,
  auth_scheme: { kind: 'none' },
  ...more,
})

function engine(
  script: Script,
  { route = {}, providers, ...options }: EngineTestOptions & { route?: Json; providers?: Json[] } = {},
): TestEngine {
  const all = providers ?? [provider('first'), provider('second')]
  return testEngine(
    {
      providers: all,
      routes: [
        {
          name: 'r',
          match: { model: 'r' },
          targets: all.map(({ id }) => `${String(id)}/m`),
          retry: { max_retries: 0 },
          ...route,
        },
      ],
    },
    script,
    { prices: PRICES, ...options },
  )
}

const ask = (
  tested: TestEngine,
  more: Json = {},
  options: Parameters<TestEngine['call']>[2] = {},
): ReturnType<TestEngine['call']> => tested.call(CHAT, { ...CHAT.call('r'), ...more }, options)
const REQUEST = `req_${'1'.padStart(32, '0')}`

describe('an attempt', () => {
  test('that answered is settled once, with who asked, when, and by which price', async () => {
    const tested = engine(ok)
    await ask(tested, {}, { headers: { 'x-session-id': 'talk-1' } })
    expect(tested.settled).toMatchObject([
      {
        id: `${REQUEST}.0`,
        at: 1_700_000_000_000,
        party: { provider: 'first', model: 'm', account: 'default' },
        session: 'talk-1',
        purpose: 'answer',
        outcome: 'success',
        usage: { inputTokens: 12, outputTokens: 4 },
        complete: true,
        nanos: 20_000,
        lines: [
          ['input', 12, 1_000_000_000],
          ['output', 4, 2_000_000_000],
        ],
      },
    ])
    expect(JSON.stringify(tested.settled)).not.toContain('prompt_tokens')
  })

  test('that was refused cost nothing, and the one that served is the second', async () => {
    const tested = engine((request) => (request.url.includes('/first/') ? refusal(500) : ok()))
    await ask(tested)
    expect(tested.settled).toMatchObject([
      {
        id: `${REQUEST}.0`,
        party: { provider: 'first' },
        outcome: 'failed',
        error_code: 'upstream_server_error',
        nanos: 0,
        complete: true,
      },
      { id: `${REQUEST}.1`, party: { provider: 'second' }, outcome: 'success', nanos: 200_000 },
    ])
  })

  test('that reached nobody cost nothing', async () => {
    const tested = engine((request) => {
      if (request.url.includes('/second/')) return ok()
      throw new GatewayError('upstream_connect_failed', 'nobody there')
    })
    await ask(tested)
    expect(tested.settled).toMatchObject([
      { outcome: 'failed', error_code: 'upstream_connect_failed', nanos: 0 },
      { outcome: 'success' },
    ])
  })

  test('that timed out after the request was sent may have cost something: unknown', async () => {
    const tested = engine((request) => (request.url.includes('/first/') ? never() : ok()), {
      route: { timeouts: { first_token_ms: 50, read_ms: 50 } },
    })
    const asked = ask(tested)
    await tested.clock.advance(30_000)
    await asked
    expect(tested.settled).toMatchObject([
      { outcome: 'failed', error_code: 'upstream_timeout', complete: false },
      { outcome: 'success' },
    ])
    expect(tested.settled[0]).toMatchObject({ nanos: undefined, usage: undefined })
  })

  test('of a model without a price has an unknown cost and its usage', async () => {
    const tested = engine(ok, { prices: {} })
    await ask(tested)
    expect(tested.settled).toMatchObject([{ nanos: undefined, price: undefined, usage: { inputTokens: 12 } }])
  })
})

describe('a stream', () => {
  test('that the client left is settled with what was told until then and an estimate of the rest, as incomplete', async () => {
    const body = new LiveBody()
    const tested = engine(() => body.answer(), { providers: [provider('first', { format: 'anthropic' })] })
    const abort = new AbortController()
    const [start = '', ...frames] = MESSAGES.frames({ inputTokens: 100 })
    body.push(start, ...frames.slice(0, 4))
    const answer = await tested.call(MESSAGES, MESSAGES.call('r', { stream: true }), { signal: abort.signal })
    await streamOf(answer).next()
    abort.abort()
    expect(tested.settled).toMatchObject([
      {
        outcome: 'cancelled',
        cancelled_because: 'client',
        complete: false,
        usage: { inputTokens: 100, outputTokens: 3 },
        nanos: 106_000,
      },
    ])
  })

  test('that broke after it began is settled once, as failed', async () => {
    const body = new LiveBody()
    const tested = engine(() => body.answer())
    body.push(...CHAT.frames().slice(0, 2))
    const stream = streamOf(await ask(tested, { stream: true }))
    body.break()
    await drained(stream)
    expect(tested.settled).toMatchObject([
      { outcome: 'failed', error_code: 'upstream_stream_interrupted', complete: false, usage: { outputTokens: 2 } },
    ])
  })
})

describe('a race', () => {
  const hedge = { hedge: { enabled: true, delay_ms: 100 } }

  test('settles the loser too, with its purpose and why it was given up', async () => {
    const tested = engine((request) => (request.url.includes('/first/') ? never() : ok()), { route: hedge })
    const asked = ask(tested)
    await tested.clock.advance(150)
    await asked
    expect(tested.settled).toMatchObject([
      {
        id: `${REQUEST}.0`,
        purpose: 'answer',
        outcome: 'cancelled',
        cancelled_because: 'hedge',
        nanos: undefined,
        complete: false,
      },
      { id: `${REQUEST}.1`, purpose: 'hedge', outcome: 'success', nanos: 200_000 },
    ])
  })
})

describe('where the ledger is required', () => {
  const lost = new GatewayError('usage_persistence_failed', 'not kept')

  test('a whole answer waits until what it cost is kept', async () => {
    let keep = (): void => undefined
    const kept = new Promise<void>((resolve) => (keep = resolve))
    const tested = engine(ok, { ledger: { required: true, durable: () => kept } })
    let isAnswered = false
    const asked = ask(tested).then((answer) => {
      isAnswered = true
      return answer
    })
    await tested.clock.advance(1_000)
    expect(isAnswered).toBe(false)
    keep()
    expect((await asked).kind).toBe('whole')
  })

  test('a whole answer whose cost cannot be kept is not given', async () => {
    const tested = engine(ok, { ledger: { required: true, durable: () => Promise.reject(lost) } })
    const error = errorOf(await ask(tested))
    expect([error.code, error.httpStatus]).toEqual(['usage_persistence_failed', 500])
  })

  test('a stream ends when its cost is kept, and is counted when that failed', async () => {
    let failed = 0
    const tested = engine(() => new Response(CHAT.frames().join(''), { headers: { 'content-type': 'text/event-stream' } }), {
      ledger: { required: true, durable: () => Promise.reject(lost), postCommitFailed: () => void (failed += 1) },
    })
    const text = await drained(streamOf(await ask(tested, { stream: true })))
    expect(text).toContain('[DONE]')
    expect(failed).toBe(1)
  })

  test('no call begins while nothing can be kept, and it leaves a record', async () => {
    const tested = engine(ok, { ledger: { required: true, isKeeping: false } })
    const error = errorOf(await ask(tested))
    expect([error.code, error.httpStatus]).toEqual(['usage_store_unavailable', 503])
    expect(tested.sent).toEqual([])
    expect(tested.records).toMatchObject([{ status: 503, error_code: 'usage_store_unavailable' }])
  })

  test('otherwise calls go on whatever the ledger does', async () => {
    const tested = engine(ok, { ledger: { isKeeping: false, durable: () => Promise.reject(lost) } })
    expect((await ask(tested)).kind).toBe('whole')
  })
})
