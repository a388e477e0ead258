import { describe, expect, test } from 'bun:test'
import { CHAT } from '../../test/support/client-formats.ts'
import { errorOf, testEngine, type Script, type TestEngine } from '../../test/support/engine-fixture.ts'

type Json = Record<string, unknown>

const provider = (id: string, ...accounts: string[]): Json => ({
  id,
  type: 'openai_compatible',
  base_url: `http://127.0.0.1:9/${id}/v1`,
  accounts: accounts.map((name, index) => ({ id: name, api_key: `key-${name}`, priority: index })),
})

const engine = (providers: Json[], script: Script, maxWaitMs = 0): TestEngine =>
  testEngine(
    {
      providers,
      routes: [
        {
          name: 'r',
          match: { model: 'r' },
          targets: providers.map(({ id }) => `${String(id)}/m`),
          retry: { max_retries: 0, max_wait_ms: maxWaitMs },
        },
      ],
    },
    script,
  )

/** An answer after which so many tokens of 30,000 are left, all of which come back within a minute. */
const answer = (left: number): Response =>
  Response.json(CHAT.whole(), {
    headers: {
      'x-ratelimit-limit-tokens': '30000',
      'x-ratelimit-remaining-tokens': String(left),
      'x-ratelimit-reset-tokens': '1m0s',
    },
  })
/** A prompt of about so many tokens. */
const prompt = (tokens: number): Json => ({ messages: [{ role: 'user', content: 'word '.repeat(tokens) }] })
const ask = (tested: TestEngine, tokens: number): ReturnType<TestEngine['call']> =>
  tested.call(CHAT, { ...CHAT.call('r'), ...prompt(tokens) })
const askedOf = (tested: TestEngine): (string | undefined)[] =>
  tested.sent.map((request) => request.headers['authorization']?.slice('Bearer key-'.length))

describe('a request that needs more tokens than an account has left', () => {
  test('goes to another account at once, and smaller ones stay', async () => {
    const tested = engine([provider('x', 'a', 'b')], () => answer(2_000))
    await ask(tested, 10)
    await ask(tested, 20_000)
    await ask(tested, 10)
    expect(askedOf(tested)).toEqual(['a', 'b', 'a'])
  })

  test('goes to another target, and its record says why', async () => {
    const tested = engine([provider('x', 'a'), provider('y', 'b')], () => answer(2_000))
    await ask(tested, 10)
    await ask(tested, 20_000)
    expect(askedOf(tested)).toEqual(['a', 'b'])
    expect(tested.records[1]).toMatchObject({
      served: 'y/m',
      skipped: [{ target_id: 'x/m', error_codes: ['upstream_rate_limited'] }],
    })
    expect(tested.records[1]?.skipped?.[0]?.retry_after_ms).toBeWithin(10_000, 60_001)
  })

  test('waits until enough has come back, where that is soon enough', async () => {
    const tested = engine([provider('x', 'a')], () => answer(2_000), 60_000)
    await ask(tested, 10)
    const waiting = ask(tested, 20_000)
    await tested.clock.advance(5_000)
    expect(tested.sent).toHaveLength(1)
    await tested.clock.advance(55_000)
    expect((await waiting).kind).toBe('whole')
    expect(tested.sent).toHaveLength(2)
  })

  test('is sent all the same when there is nobody else: sizes are estimates, and the upstream has the word', async () => {
    const tested = engine([provider('x', 'a')], () => answer(2_000))
    await ask(tested, 10)
    expect((await ask(tested, 20_000)).kind).toBe('whole')
    expect((await ask(tested, 60_000)).kind).toBe('whole')
    expect(tested.records[2]).toMatchObject({ skipped: [{ error_codes: ['upstream_request_over_limit'] }] })
  })

  test('is told the time when its account is locked as well', async () => {
    const limited = Response.json(CHAT.error('requests', 'slow down', 'rate_limit_exceeded'), {
      status: 429,
      headers: { 'retry-after': '41' },
    })
    const tested = engine([provider('x', 'a')], (_request, index) => (index === 0 ? limited : answer(2_000)))
    await ask(tested, 10)
    expect(errorOf(await ask(tested, 20_000))).toMatchObject({ code: 'all_targets_rate_limited', retryAfterMs: 41_000 })
  })

  test('once a limit was told anew, is sent again', async () => {
    const tested = engine([provider('x', 'a'), provider('y', 'b')], (_request, index) => answer(index === 0 ? 2_000 : 29_000))
    await ask(tested, 10)
    await ask(tested, 10)
    await ask(tested, 20_000)
    expect(askedOf(tested)).toEqual(['a', 'a', 'a'])
  })
})
