import { describe, expect, test } from 'bun:test'
import { GatewayError } from '../errors/gateway-error.ts'
import { Secret } from '../lib/secret.ts'
import type { UnsentRequest } from '../transport/transport.ts'
import { ManualClock } from '../../test/support/manual-clock.ts'
import { EXPIRY_SKEW_MS, TokenCredential } from './token-credential.ts'
import type { Token } from './token.types.ts'

const REQUEST: UnsentRequest = { url: 'http://up.test/', method: 'POST', headers: { 'x-beta': 'a' }, body: '{}' }
const HOUR_MS = 3_600_000

/** A login whose tokens `t1`, `t2`, … hold for an hour, and come when the test lets them. */
function world(headers?: Token['headers']) {
  const clock = new ManualClock()
  const refused: (string | undefined)[] = []
  let release = Promise.withResolvers<GatewayError | undefined>()
  const credential = new TokenCredential({
    clock,
    source: {
      async obtain(old) {
        refused.push(old?.reveal())
        const failure = await release.promise
        release = Promise.withResolvers()
        if (failure !== undefined) throw failure
        return { secret: new Secret(`t${refused.length}`), expiresAt: clock.wall() + HOUR_MS, headers }
      },
    },
  })
  const { signal } = new AbortController()
  return {
    clock,
    refused,
    credential,
    signal,
    ask: async (own: AbortSignal = signal) => (await credential.authorize(REQUEST, own)).headers['authorization'],
    give: (failure?: GatewayError) => release.resolve(failure),
  }
}

describe('a token', () => {
  test('is fetched once for all who want it, used until it is about to end, and fetched again then', async () => {
    const { ask, give, refused, clock } = world()
    const asked = Array.from({ length: 100 }, () => ask())
    give()
    expect(new Set(await Promise.all(asked))).toEqual(new Set(['Bearer t1']))
    await clock.advance(HOUR_MS - EXPIRY_SKEW_MS - 1)
    expect(await ask()).toBe('Bearer t1')
    await clock.advance(1)
    expect(await Promise.all([ask(), ask()])).toEqual(['Bearer t1', 'Bearer t1'])
    give()
    await clock.advance(0)
    expect(await ask()).toBe('Bearer t2')
    expect(refused).toEqual([undefined, undefined])
  })

  test('that is about to end is waited for by nobody while its source does not answer, until it has all but ended', async () => {
    const { ask, give, clock, refused, credential, signal } = world()
    const first = ask()
    give()
    await first
    await clock.advance(HOUR_MS - 10_001)
    expect(credential.authorize(REQUEST, signal)).not.toBeInstanceOf(Promise)
    await clock.advance(1)
    const last = ask()
    give()
    expect(await last).toBe('Bearer t2')
    expect(refused).toHaveLength(2)
  })

  test('that has all but ended is not used by a request that was given up while it waited for another', async () => {
    const { ask, give, clock } = world()
    const first = ask()
    give()
    await first
    await clock.advance(HOUR_MS - 1)
    const gone = new AbortController()
    const left = ask(gone.signal)
    gone.abort(new GatewayError('client_closed_request', 'gone'))
    expect(await left.catch((error: unknown) => error)).toMatchObject({ code: 'client_closed_request' })
    give()
  })

  test('whose source fails early is asked for again after a pause', async () => {
    const { ask, give, clock, refused } = world()
    const first = ask()
    give()
    await first
    await clock.advance(HOUR_MS - EXPIRY_SKEW_MS)
    await ask()
    give(new GatewayError('credential_unavailable', 'away'))
    await clock.advance(0)
    await ask()
    expect(refused).toHaveLength(2)
    await clock.advance(5_000)
    await ask()
    expect(refused).toHaveLength(3)
  })

  test('that is about to end is used on where no other can be had, until it has ended', async () => {
    const { ask, give, clock } = world()
    const first = ask()
    give()
    await first
    const away = new GatewayError('credential_unavailable', 'away')
    await clock.advance(HOUR_MS - 1)
    const last = ask()
    give(away)
    expect(await last).toBe('Bearer t1')
    await clock.advance(1)
    const late = ask()
    give(away)
    expect(await late.catch((error: unknown) => error)).toBe(away)
  })

  test('is at hand without waiting', async () => {
    const { ask, give, credential, signal } = world()
    const first = ask()
    give()
    await first
    expect(credential.authorize(REQUEST, signal)).not.toBeInstanceOf(Promise)
  })

  test('that is refused is fetched once more, however many requests were refused', async () => {
    const { ask, give, credential, signal, refused } = world()
    const first = ask()
    give()
    await first
    const sent = { ...REQUEST, headers: { authorization: 'Bearer t1' } }
    const renewals = Array.from({ length: 100 }, () => credential.renew(sent, signal))
    give()
    expect(new Set(await Promise.all(renewals))).toEqual(new Set([true]))
    expect(await credential.renew(sent, signal)).toBe(true)
    expect(refused).toEqual([undefined, 't1'])
    expect(credential.secrets().map((secret) => secret.reveal())).toEqual(['t2', 't1'])
  })

  test('goes with its headers, joined to those of the request', async () => {
    const { give, credential, signal } = world({ 'x-beta': 'b', 'x-id': 'c' })
    const asked = credential.authorize(REQUEST, signal)
    give()
    expect((await asked).headers).toEqual({ 'x-beta': 'a,b', 'x-id': 'c', authorization: 'Bearer t1' })
    expect(REQUEST.headers).toEqual({ 'x-beta': 'a' })
  })

  test('that cannot be fetched fails all who wait, and is fetched anew for the next', async () => {
    const { ask, give } = world()
    const asked = [ask(), ask()]
    give(new GatewayError('credential_unavailable', 'no answer'))
    expect(await Promise.allSettled(asked)).toMatchObject([
      { status: 'rejected', reason: { code: 'credential_unavailable' } },
      { status: 'rejected', reason: { code: 'credential_unavailable' } },
    ])
    const next = ask()
    give()
    expect(await next).toBe('Bearer t2')
  })

  test('is still fetched for the others when one stops waiting', async () => {
    const { ask, give, refused } = world()
    const gone = new AbortController()
    const left = ask(gone.signal)
    const stays = ask()
    gone.abort(new GatewayError('client_closed_request', 'gone'))
    expect(await left.catch((error: unknown) => error)).toMatchObject({ code: 'client_closed_request' })
    give()
    expect(await stays).toBe('Bearer t1')
    expect(refused).toHaveLength(1)
  })
})
