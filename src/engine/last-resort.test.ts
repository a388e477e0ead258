import { describe, expect, test } from 'bun:test'
import { CHAT } from '../../test/support/client-formats.ts'
import { errorOf, testEngine, type Script, type TestEngine } from '../../test/support/engine-fixture.ts'

const ok = (): Response => Response.json(CHAT.whole())
const failure = (status: number, type: string, headers: HeadersInit = {}, code?: string): Response =>
  Response.json(CHAT.error(type, 'no', code), { status, headers })
const BROKEN = (): Response => failure(502, 'server_error')
const LIMITED = (seconds: string): Response => failure(429, 'requests', { 'retry-after': seconds }, 'rate_limit_exceeded')
const REFUSED = (): Response => failure(401, 'invalid_request_error', {}, 'invalid_api_key')

const provider = (id: string, ...accounts: string[]): Record<string, unknown> => ({
  id,
  type: 'openai_compatible',
  base_url: `http://127.0.0.1:9/${id}/v1`,
  accounts: accounts.map((name, index) => ({ id: name, api_key: `key-${id}-${name}`, priority: index })),
})

function engine(script: Script, accounts: Record<string, string[]>): TestEngine {
  const providers = Object.entries(accounts).map(([id, names]) => provider(id, ...names))
  const targets = Object.keys(accounts).map((id) => `${id}/m`)
  return testEngine(
    { providers, routes: [{ name: 'r', match: { model: 'r' }, targets, retry: { max_retries: 0, max_wait_ms: 0 } }] },
    script,
  )
}

const ask = (tested: TestEngine): ReturnType<TestEngine['call']> => tested.call(CHAT, CHAT.call('r'))
const keyOf = (request: { headers: Record<string, string> } | undefined): string | undefined =>
  request?.headers['authorization']?.slice(7)

describe('with every account locked', () => {
  test('a single provider that met a passing fault is tried once more instead of being refused', async () => {
    let broken = true
    const tested = engine(() => (broken ? BROKEN() : ok()), { one: ['a'] })
    expect(errorOf(await ask(tested)).code).toBe('upstream_server_error')
    expect(tested.accounts.candidates('one' as never, 'm')).toEqual([])
    broken = false
    expect((await ask(tested)).kind).toBe('whole')
    expect(tested.sent.length).toBe(2)
    expect(tested.accounts.candidates('one' as never, 'm').length).toBe(1)
  })

  test('the last resort is one attempt, without retries, and its own error is told', async () => {
    const tested = testEngine(
      {
        providers: [provider('one', 'a')],
        routes: [{ name: 'r', match: { model: 'r' }, targets: ['one/m'], retry: { max_retries: 3 } }],
      },
      BROKEN,
    )
    const first = ask(tested)
    await tested.clock.advance(10_000)
    await first
    expect(tested.sent.length).toBe(4)
    const error = errorOf(await ask(tested))
    expect(tested.sent.length).toBe(5)
    expect(error.code).toBe('upstream_server_error')
    expect(tested.records[1]?.attempts).toMatchObject([{ outcome: 'failed', error_code: 'upstream_server_error' }])
  })

  test('the account that recovers first is the last resort, whichever target it belongs to', async () => {
    const waits: Record<string, string> = { 'key-x-a': '50', 'key-x-b': '40', 'key-y-c': '20', 'key-y-d': '30' }
    let phase = 0
    const tested = engine(
      (request) => (phase === 0 ? failure(503, 'overloaded', { 'retry-after': waits[keyOf(request) ?? ''] ?? '0' }) : ok()),
      { x: ['a', 'b'], y: ['c', 'd'] },
    )
    // An overloaded provider is left for the next target at once, so each of its accounts takes a round of its own to be locked.
    await ask(tested)
    await ask(tested)
    expect(tested.sent.map(keyOf)).toEqual(['key-x-a', 'key-y-c', 'key-x-b', 'key-y-d'])
    phase = 1
    expect((await ask(tested)).kind).toBe('whole')
    expect(keyOf(tested.sent[4])).toBe('key-y-c')
    expect(tested.records[2]).toMatchObject({ status: 200, served: 'y/m', decision: { selected: { target_id: 'x/m' } } })
  })

  test.each([
    ['a refused connection', () => Promise.reject(Object.assign(new Error('x'), { code: 'ECONNREFUSED' }))],
    ['an overload', () => failure(529, 'overloaded_error')],
    ['a time-out told by the upstream', () => failure(504, 'timeout')],
  ])('%s counts as passing', async (_name, fail: () => Response | Promise<Response>) => {
    let broken = true
    const tested = engine(() => (broken ? fail() : ok()), { one: ['a'] })
    await ask(tested)
    broken = false
    expect((await ask(tested)).kind).toBe('whole')
  })

  test('a limit is kept: 429 with the time until the first account is free again, and nobody is called', async () => {
    const tested = engine((request) => LIMITED(keyOf(request) === 'key-one-a' ? '41' : '17'), { one: ['a', 'b'] })
    await ask(tested)
    await tested.clock.advance(5_000)
    const error = errorOf(await ask(tested))
    expect(tested.sent.length).toBe(2)
    expect(error).toMatchObject({ code: 'all_targets_rate_limited', httpStatus: 429, retryAfterMs: 12_000 })
    expect(tested.records[1]).toMatchObject({ status: 429, error_code: 'all_targets_rate_limited', attempts: [] })
    await tested.clock.advance(11_999)
    expect(errorOf(await ask(tested)).retryAfterMs).toBe(1)
    await tested.clock.advance(1)
    await ask(tested)
    expect(keyOf(tested.sent[2])).toBe('key-one-b')
  })

  test('an exhausted quota is told as one', async () => {
    const tested = engine(() => failure(429, 'insufficient_quota', { 'retry-after': '9' }, 'insufficient_quota'), { one: ['a'] })
    await ask(tested)
    expect(errorOf(await ask(tested))).toMatchObject({
      code: 'all_targets_rate_limited',
      httpStatus: 429,
      retryAfterMs: 9_000,
      details: { targets: [{ target: 'one/m', code: 'upstream_quota_exceeded', retry_after_ms: 9_000 }] },
    })
  })

  test('a refused key is kept: 503 that says so, and nobody is called', async () => {
    const tested = engine(REFUSED, { one: ['a'] })
    await ask(tested)
    const error = errorOf(await ask(tested))
    expect(tested.sent.length).toBe(1)
    expect(error).toMatchObject({ code: 'all_targets_unavailable', httpStatus: 503, retryAfterMs: 120_000 })
    expect(error.message).toContain('upstream_authentication')
    expect(error.message).not.toContain('key-one')
  })

  test('an account that met a passing fault is the last resort even when others are limited or refused', async () => {
    let broken = true
    const tested = engine(
      (request) => {
        const key = keyOf(request)
        if (key === 'key-x-a') return LIMITED('3')
        if (key === 'key-x-b') return REFUSED()
        return broken ? BROKEN() : ok()
      },
      { x: ['a', 'b'], y: ['c'] },
    )
    await ask(tested)
    expect(tested.sent.length).toBe(3)
    broken = false
    expect((await ask(tested)).kind).toBe('whole')
    expect(keyOf(tested.sent[3])).toBe('key-y-c')
  })

  test('a passing fault on an account that is also limited does not make it a last resort', async () => {
    let answer = (): Response => LIMITED('60')
    const tested = engine(() => answer(), { one: ['a'] })
    await ask(tested)
    // A call that was already under way when the limit came fails later.
    answer = BROKEN
    const { accounts } = tested
    const { GatewayError } = await import('../errors/gateway-error.ts')
    accounts.failed('one' as never, 'a' as never, 'm', new GatewayError('upstream_server_error', 'x'))
    expect(errorOf(await ask(tested)).code).toBe('all_targets_rate_limited')
    expect(tested.sent.length).toBe(1)
  })

  test('while one target can still be used there is no last resort: the locked one is left alone', async () => {
    const tested = engine((request) => (keyOf(request) === 'key-x-a' ? BROKEN() : ok()), { x: ['a'], y: ['b'] })
    await ask(tested)
    await ask(tested)
    await ask(tested)
    expect(tested.sent.map(keyOf)).toEqual(['key-x-a', 'key-y-b', 'key-y-b', 'key-y-b'])
    expect(tested.records.map(({ decision }) => decision.selected?.target_id)).toEqual(['x/m', 'y/m', 'y/m'])
    expect(tested.records[1]?.decision.candidates).toMatchObject([
      { target_id: 'x/m', standing: 'unavailable', observed: { accounts_available: 0, recovery_ms: 30_000 } },
      { target_id: 'y/m', standing: 'healthy' },
    ])
  })
})
