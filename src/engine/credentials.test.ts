import { describe, expect, test } from 'bun:test'
import { GatewayError } from '../errors/gateway-error.ts'
import type { Credential } from '../credentials/credential.types.ts'
import { Secret } from '../lib/secret.ts'
import { CHAT } from '../../test/support/client-formats.ts'
import { testEngine, type Script } from '../../test/support/engine-fixture.ts'
import { chatAnswer } from '../../test/support/upstream-answers.ts'

const CONFIG = {
  providers: [
    {
      id: 'p',
      type: 'openai_compatible',
      base_url: 'http://up.test/v1',
      accounts: [
        { id: 'login', key_file: '/nowhere' },
        { id: 'fixed', api_key: 'fixed-key', priority: 1 },
      ],
    },
  ],
  routes: [{ name: 'all', match: { model: '*' }, targets: ['p/m'], retry: { max_retries: 0 } }],
}

const BODY = { model: 'any', messages: [{ role: 'user', content: 'Hi' }] }

/** Tokens `t0`, `t1`, …; each renewal gives the next one. */
class Tokens implements Credential {
  renewals = 0
  private readonly last: number
  constructor(last = Number.POSITIVE_INFINITY) {
    this.last = last
  }

  async authorize(request: Parameters<Credential['authorize']>[0]) {
    return { ...request, headers: { ...request.headers, authorization: `Bearer t${this.renewals}` } }
  }

  async renew() {
    if (this.renewals >= this.last) return false
    this.renewals++
    return true
  }

  secrets = () => [new Secret(`t${this.renewals}`)]
}

/** Takes only these tokens. */
const taking =
  (...tokens: string[]): Script =>
  ({ headers }) =>
    tokens.includes(headers['authorization'] ?? '')
      ? Response.json(chatAnswer())
      : Response.json({ error: { message: `Bad token ${headers['authorization']}` } }, { status: 401 })

const sentTokens = (world: ReturnType<typeof testEngine>) => world.sent.map(({ headers }) => headers['authorization'])

describe('an account that logs in', () => {
  test('sends what its credential gives', async () => {
    const world = testEngine(CONFIG, taking('Bearer t0'), { credentials: () => new Tokens() })
    expect((await world.call(CHAT, BODY)).kind).toBe('whole')
    expect(sentTokens(world)).toEqual(['Bearer t0'])
  })

  test('renews a refused token once, in the same attempt, and locks nothing', async () => {
    const world = testEngine(CONFIG, taking('Bearer t1'), { credentials: () => new Tokens() })
    expect((await world.call(CHAT, BODY)).kind).toBe('whole')
    expect(sentTokens(world)).toEqual(['Bearer t0', 'Bearer t1'])
    expect(world.records[0]?.attempts).toMatchObject([{ account_id: 'login', outcome: 'success' }])
    expect(world.accounts.snapshot().every(({ healthy }) => healthy)).toBe(true)
  })

  test('is locked when the new token is refused too, and the next account serves', async () => {
    const world = testEngine(CONFIG, taking('Bearer fixed-key'), { credentials: () => new Tokens() })
    expect((await world.call(CHAT, BODY)).kind).toBe('whole')
    expect(sentTokens(world)).toEqual(['Bearer t0', 'Bearer t1', 'Bearer fixed-key'])
    expect(world.accounts.snapshot()[0]).toMatchObject({ id: 'login', locks: [{ error_code: 'upstream_authentication' }] })
  })

  test('is not tried again where there is no other token', async () => {
    const world = testEngine(CONFIG, taking('Bearer fixed-key'), { credentials: () => new Tokens(0) })
    expect((await world.call(CHAT, BODY)).kind).toBe('whole')
    expect(sentTokens(world)).toEqual(['Bearer t0', 'Bearer fixed-key'])
  })

  test('sends nothing when it cannot log in: the next account serves, and the attempt has cost nothing', async () => {
    const failing = Object.assign(new Tokens(), {
      authorize: () => Promise.reject(new GatewayError('credential_unavailable', 'The token endpoint does not answer.')),
    })
    const world = testEngine(CONFIG, taking('Bearer fixed-key'), { credentials: () => failing })
    expect((await world.call(CHAT, BODY)).kind).toBe('whole')
    expect(sentTokens(world)).toEqual(['Bearer fixed-key'])
    expect(world.records[0]?.attempts).toMatchObject([
      { account_id: 'login', error_code: 'credential_unavailable', next: 'next-account' },
      { account_id: 'fixed', outcome: 'success' },
    ])
    expect(world.accounts.snapshot()[0]).toMatchObject({
      locks: [{ error_code: 'credential_unavailable', retry_after_ms: 30_000 }],
    })
  })

  test('ends with the time limits of its attempt', async () => {
    const silent: Credential = {
      authorize: (_request, signal) =>
        new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
      secrets: () => [],
    }
    const world = testEngine(CONFIG, taking('Bearer fixed-key'), { credentials: () => silent })
    const answer = world.call(CHAT, BODY)
    await world.clock.advance(600_000)
    expect((await answer).kind).toBe('whole')
    expect(world.records[0]?.attempts).toMatchObject([
      { account_id: 'login', error_code: 'upstream_timeout' },
      { account_id: 'fixed' },
    ])
  })
})
