import { afterEach, describe, expect, test } from 'bun:test'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { createCredentials } from '../../src/credentials/credentials.ts'
import { asAccountId, asProviderId } from '../../src/ir/ids.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { Secret } from '../../src/lib/secret.ts'
import { createMemoryLogins } from '../../src/state/logins/memory.ts'
import { createFetchTransport } from '../../src/transport/fetch-transport.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { startFakeOAuth, type FakeOAuth } from '../support/fake-oauth.ts'
import type { FakeUpstream } from '../support/fake-upstream.ts'
import { TestWorld, type TestGateway, type TestGatewayOptions } from '../support/gateway-fixture.ts'
import { chatAnswer, jsonReply } from '../support/upstream-answers.ts'

const world = new TestWorld()
afterEach(() => world.closeAll())

/** An upstream that takes the tokens which its endpoint says hold. */
const upstreamOf = (oauth: FakeOAuth): Promise<FakeUpstream> =>
  world.upstream(({ headers }) => {
    const token = headers['authorization']?.replace('Bearer ', '') ?? ''
    return oauth.valid.has(token) ? jsonReply(chatAnswer()) : jsonReply({ error: { message: `Token ${token} has ended` } }, 401)
  })

const gatewayOf = (upstream: FakeUpstream, auth: object, options?: TestGatewayOptions): Promise<TestGateway> =>
  world.gateway(
    {
      state: { store: 'memory' },
      providers: [
        {
          id: 'p',
          type: 'openai_compatible',
          base_url: `${upstream.url}/v1`,
          accounts: [{ id: 'login', auth: { kind: 'oauth', ...auth } }],
        },
      ],
      routes: [{ name: 'all', match: { model: '*' }, targets: ['p/m'], retry: { max_retries: 0 } }],
    },
    options,
  )

const ask = (gateway: TestGateway): Promise<Response> =>
  gateway.post('/v1/chat/completions', { model: 'any', messages: [{ role: 'user', content: 'Hi' }] })

const statusesOf = async (count: number, ...gateways: TestGateway[]): Promise<Set<number>> => {
  const asked = Array.from({ length: count }, (_none, index) => ask(gateways[index % gateways.length]!))
  return new Set((await Promise.all(asked)).map(({ status }) => status))
}

function dataDir(): string {
  const folder = world.folder()
  return folder
}

describe('accounts that log in by OAuth', () => {
  test('100 requests at once fetch one token, and one more when it is refused', async () => {
    const oauth = world.keep(await startFakeOAuth({ refreshToken: 'configured' }))
    const upstream = await upstreamOf(oauth)
    const gateway = await gatewayOf(upstream, {
      token_url: oauth.url,
      refresh: 'configured',
      client_id: 'me',
      client_secret: 'mine',
    })
    expect(await statusesOf(100, gateway)).toEqual(new Set([200]))
    expect(oauth.forms.map((form) => Object.fromEntries(form))).toEqual([
      { grant_type: 'refresh_token', refresh_token: 'configured', client_id: 'me', client_secret: 'mine' },
    ])
    oauth.revoke()
    expect(await statusesOf(100, gateway)).toEqual(new Set([200]))
    expect(oauth.forms).toHaveLength(2)
    for (const { attempts } of await gateway.records()) expect(attempts).toMatchObject([{ outcome: 'success' }])
  })

  test('two processes with one data directory use one login, also when its refresh token changes with each use', async () => {
    const folder = dataDir()
    const oauth = world.keep(await startFakeOAuth({ refreshToken: 'configured', rotates: true }))
    const upstream = await upstreamOf(oauth)
    const auth = { token_url: oauth.url, refresh: 'configured' }
    const gateways = [0, 1].map((worker) => gatewayOf(upstream, auth, { dataDir: folder, worker }))
    const [left, right] = (await Promise.all(gateways)) as [TestGateway, TestGateway]
    expect(await statusesOf(40, left, right)).toEqual(new Set([200]))
    expect(oauth.forms).toHaveLength(1)
    oauth.revoke()
    expect(await statusesOf(40, left, right)).toEqual(new Set([200]))
    expect(oauth.forms.map((form) => form.get('refresh_token'))).toEqual(['configured', 'refresh-1'])
  })

  test('a login is kept over a restart, for its owner alone, and dropped when another one is configured', async () => {
    const folder = dataDir()
    const oauth = world.keep(await startFakeOAuth({ refreshToken: 'configured', rotates: true }))
    const upstream = await upstreamOf(oauth)
    const first = await gatewayOf(upstream, { token_url: oauth.url, refresh: 'configured' }, { dataDir: folder })
    expect((await ask(first)).status).toBe(200)
    await first.close()

    const kept = join(folder, 'logins')
    const [file = ''] = readdirSync(kept).filter((name) => name.endsWith('.json'))
    expect(statSync(kept).mode & 0o777).toBe(0o700)
    expect(statSync(join(kept, file)).mode & 0o777).toBe(0o600)
    expect(readFileSync(join(kept, file), 'utf8')).toContain('refresh-1')

    const second = await gatewayOf(upstream, { token_url: oauth.url, refresh: 'configured' }, { dataDir: folder })
    expect((await ask(second)).status).toBe(200)
    expect(oauth.forms).toHaveLength(1)
    oauth.revoke()
    expect((await ask(second)).status).toBe(200)
    await second.close()

    oauth.revoke()
    const third = await gatewayOf(upstream, { token_url: oauth.url, refresh: 'another' }, { dataDir: folder })
    expect((await ask(third)).status).toBe(401)
    expect(oauth.forms.map((form) => form.get('refresh_token'))).toEqual(['configured', 'refresh-1', 'another'])
  })

  test('health tells what an account logs in with and until when, and nothing of the token', async () => {
    const oauth = world.keep(await startFakeOAuth({ refreshToken: 'configured', expiresIn: 600 }))
    const gateway = await gatewayOf(await upstreamOf(oauth), { token_url: oauth.url, refresh: 'configured' })
    const health = async (): Promise<string> => (await fetch(`${gateway.url}/v1/health/targets`)).text()
    expect(JSON.parse(await health()).providers[0].accounts[0].login).toEqual({ kind: 'oauth' })
    await ask(gateway)
    const text = await health()
    const { kind, expires_ms: expiresMs } = JSON.parse(text).providers[0].accounts[0].login
    expect(kind).toBe('oauth')
    expect(expiresMs).toBeGreaterThan(500_000)
    expect(expiresMs).toBeLessThanOrEqual(600_000)
    expect(text).not.toContain('access-1')
  })

  test('tokens that hold for a moment only are used for half of it', async () => {
    const clock = new ManualClock()
    const oauth = world.keep(await startFakeOAuth({ expiresIn: 30 }))
    const credential = createCredentials({
      transport: createFetchTransport({ clock: systemClock }),
      clock,
      logins: createMemoryLogins(),
      run: async () => '',
    })({
      provider: asProviderId('p'),
      account: asAccountId('a'),
      settings: { kind: 'oauth', tokenUrl: oauth.url, clientId: 'me', clientSecret: new Secret('mine') },
      scheme: { kind: 'bearer' },
    })
    const request = { url: 'http://up.test/', method: 'POST', headers: {}, body: '' }
    const { signal } = new AbortController()
    const tokens: (string | undefined)[] = []
    for (let second = 0; second < 30; second += 10) {
      tokens.push((await credential.authorize(request, signal)).headers['authorization'])
      await clock.advance(10_000)
    }
    expect(tokens).toEqual(['Bearer access-1', 'Bearer access-1', 'Bearer access-2'])
  })

  test('a client without a refresh token logs in by its own id and secret', async () => {
    const oauth = world.keep(await startFakeOAuth())
    const gateway = await gatewayOf(await upstreamOf(oauth), {
      token_url: oauth.url,
      client_id: 'me',
      client_secret: 'mine',
      scope: 'a b',
    })
    expect(await statusesOf(20, gateway)).toEqual(new Set([200]))
    expect(oauth.forms.map((form) => Object.fromEntries(form))).toEqual([
      { grant_type: 'client_credentials', client_id: 'me', client_secret: 'mine', scope: 'a b' },
    ])
  })

  test('a token of the configuration is used until it is refused', async () => {
    const oauth = world.keep(await startFakeOAuth({ refreshToken: 'configured' }))
    oauth.valid.add('given')
    const gateway = await gatewayOf(await upstreamOf(oauth), { token: 'given', token_url: oauth.url, refresh: 'configured' })
    expect((await ask(gateway)).status).toBe(200)
    expect(oauth.forms).toHaveLength(0)
    oauth.revoke()
    expect(await statusesOf(10, gateway)).toEqual(new Set([200]))
    expect(oauth.forms).toHaveLength(1)
  })

  test('a token of the configuration that is older than the login that was kept is not tried again', async () => {
    const folder = dataDir()
    const oauth = world.keep(await startFakeOAuth({ refreshToken: 'configured', rotates: true }))
    const upstream = await upstreamOf(oauth)
    const auth = { token: 'old', token_url: oauth.url, refresh: 'configured' }
    const first = await gatewayOf(upstream, auth, { dataDir: folder })
    expect((await ask(first)).status).toBe(200)
    expect(upstream.requests).toHaveLength(2)
    await first.close()
    const second = await gatewayOf(upstream, auth, { dataDir: folder })
    expect((await ask(second)).status).toBe(200)
    expect(upstream.requests).toHaveLength(3)
    expect(oauth.forms).toHaveLength(1)
  })

  test('a login that is no longer accepted is told to the client, without what it was or what the endpoint said', async () => {
    const oauth = world.keep(await startFakeOAuth({ refreshToken: 'other' }))
    const upstream = await upstreamOf(oauth)
    const gateway = await gatewayOf(upstream, { token_url: `${oauth.url}/token`, refresh: 'zq7secret' })
    const answer = await ask(gateway)
    const text = await answer.text()
    expect(answer.status).toBe(401)
    expect(text).toContain('credential_rejected')
    expect(text).toContain('HTTP 400, invalid_grant')
    expect(text + JSON.stringify(await gateway.records())).not.toContain('zq7secret')
    expect(upstream.requests).toHaveLength(0)
  })

  test.each([
    ['an error', jsonReply({ error: 'server_error' }, 503)],
    ['no token', jsonReply({ hello: 'there' })],
    ['a token that no header can carry', jsonReply({ access_token: 'a\r\nb: c' })],
    ['a page', { headers: { 'content-type': 'text/html' }, body: ['<html>'] }],
    ['a redirect', { status: 302, headers: { location: 'http://elsewhere.test/' }, body: [] }],
    ['nothing', { raw: [{ reset: true as const }] }],
  ])('an endpoint that gives %s leaves the account without a token for now', async (_what, reply) => {
    const oauth = world.keep(await startFakeOAuth({ refreshToken: 'configured' }))
    oauth.enqueue(reply)
    const gateway = await gatewayOf(await upstreamOf(oauth), { token_url: oauth.url, refresh: 'configured' })
    const answer = await ask(gateway)
    expect(answer.status).toBe(503)
    expect(await answer.text()).toContain('credential_unavailable')
  })
})
