import { describe, expect, test } from 'bun:test'
import { CHAT, RESPONSES } from '../../test/support/client-formats.ts'
import { drained, errorOf, streamOf, testEngine, type Script, type TestEngine } from '../../test/support/engine-fixture.ts'

type Json = Record<string, unknown>

const provider = (id: string, format: string, ...accounts: string[]): Json => ({
  id,
  type: 'openai_compatible',
  format,
  base_url: `http://127.0.0.1:9/${id}/v1`,
  accounts: accounts.map((name) => ({ id: name, api_key: `key-${name}` })),
})

const engine = (script: Script, route: Json = {}): TestEngine =>
  testEngine(
    {
      providers: [provider('x', 'responses', 'a', 'b'), provider('y', 'responses', 'c')],
      routes: [{ name: 'r', match: { model: 'r' }, targets: ['x/m', 'y/m'], retry: { max_retries: 0 }, ...route }],
    },
    script,
  )

const accountsOf = (tested: TestEngine): (string | undefined)[] =>
  tested.sent.map((request) => request.headers['authorization']?.slice('Bearer key-'.length))
const ask = (tested: TestEngine, more: Json = {}): ReturnType<TestEngine['call']> =>
  tested.call(RESPONSES, RESPONSES.call('r', more))
const limited = (seconds: number): Response =>
  Response.json(RESPONSES.error('requests', 'slow down', 'rate_limit_exceeded'), {
    status: 429,
    headers: { 'retry-after': String(seconds) },
  })
const answer = (): Response => Response.json(RESPONSES.whole())
const CONTINUED = { previous_response_id: 'resp_test' }

describe('a call that continues an answer', () => {
  test('waits for the account that keeps the turns, although others are free', async () => {
    const tested = engine((_request, index) => (index === 1 ? limited(3) : answer()))
    await ask(tested)
    // The first refusal is told by the upstream: it locks the account, and nobody else may serve.
    expect(errorOf(await ask(tested, CONTINUED))).toMatchObject({ code: 'upstream_rate_limited' })
    const waiting = ask(tested, CONTINUED)
    await tested.clock.advance(2_999)
    expect(tested.sent).toHaveLength(2)
    await tested.clock.advance(2)
    expect((await waiting).kind).toBe('whole')
    expect(accountsOf(tested)).toEqual(['a', 'a', 'a'])
    expect(tested.records[2]).toMatchObject({ status: 200, served: 'x/m' })
  })

  test('is not hedged to whoever does not keep the turns', async () => {
    const tested = engine((_request, index) => (index === 1 ? new Promise<Response>(() => undefined) : answer()), {
      hedge: { enabled: true, delay_ms: 100 },
    })
    await ask(tested)
    const client = new AbortController()
    const slow = tested.call(RESPONSES, RESPONSES.call('r', CONTINUED), { signal: client.signal })
    await tested.clock.advance(5_000)
    expect(tested.sent).toHaveLength(2)
    client.abort()
    expect(errorOf(await slow).code).toBe('client_closed_request')
  })

  test('finds an answer whose stream told its id only at the end', async () => {
    const late = RESPONSES.frames().filter((frame) => !/event: response\.(created|in_progress)\n/.test(frame))
    const tested = engine(() => new Response(late.join(''), { headers: { 'content-type': 'text/event-stream' } }))
    const stream = streamOf(await ask(tested, { stream: true }))
    expect(await drained(stream)).toContain('resp_test')
    await ask(tested, CONTINUED)
    expect(tested.records.at(-1)?.decision.inputs.origin).toEqual({ target_id: 'x/m', account_id: 'a' })
  })

  test('finds an answer the client left in the middle of', async () => {
    const tested = engine(() => new Response(RESPONSES.frames().join(''), { headers: { 'content-type': 'text/event-stream' } }))
    const client = new AbortController()
    const stream = streamOf(await tested.call(RESPONSES, RESPONSES.call('r', { stream: true }), { signal: client.signal }))
    await stream.next()
    client.abort()
    await ask(tested, CONTINUED)
    expect(tested.records.at(-1)?.decision.inputs.origin).toEqual({ target_id: 'x/m', account_id: 'a' })
  })
})

test('clients of other formats have no answers to continue', async () => {
  const tested = testEngine(
    {
      providers: [provider('x', 'openai', 'a')],
      routes: [{ name: 'r', match: { model: 'r' }, targets: ['x/m'] }],
    },
    () => Response.json(CHAT.whole()),
  )
  await tested.call(CHAT, CHAT.call('r'))
  expect(tested.records[0]?.session_id).toBeUndefined()
  expect(tested.records[0]?.decision.inputs.origin).toBeUndefined()
})
