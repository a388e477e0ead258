import { describe, expect, test } from 'bun:test'
import { generateKeyPairSync, verify } from 'node:crypto'
import { asAccountId, asProviderId } from '../ir/ids.ts'
import { Secret } from '../lib/secret.ts'
import type { UpstreamRequest } from '../transport/transport.ts'
import { ManualClock } from '../../test/support/manual-clock.ts'
import { MetadataServer } from './metadata-server.ts'
import { ServiceAccount } from './service-account.ts'

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const KEY = {
  type: 'service_account',
  client_email: 'robot@project.iam.gserviceaccount.com',
  private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
  private_key_id: 'key-1',
  token_uri: 'https://tokens.test/token',
}
const OWNER = { provider: asProviderId('google'), account: asAccountId('robot') }
const SCOPE = 'https://www.googleapis.com/auth/cloud-platform'

/** A token endpoint that notes what it was sent. */
function endpoint() {
  const sent: UpstreamRequest[] = []
  const send = async (request: UpstreamRequest): Promise<Response> => {
    sent.push(request)
    return Response.json({ access_token: 'ya29.token', expires_in: 3599, token_type: 'Bearer' })
  }
  const clock = new ManualClock()
  return { sent, clock, deps: { transport: { send }, clock } }
}

const partsOf = (jwt: string): unknown[] =>
  jwt
    .split('.')
    .slice(0, 2)
    .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()) as unknown)

describe('a service account of Google', () => {
  test('signs who asks, for what and until when, and gets a token for it', async () => {
    const { sent, clock, deps } = endpoint()
    const json = new Secret(JSON.stringify(KEY))
    const token = await new ServiceAccount(OWNER, { kind: 'service_account', key: { json }, scope: SCOPE }, deps).obtain(
      undefined,
    )
    expect(token.secret.reveal()).toBe('ya29.token')
    expect(token.expiresAt).toBe(clock.wall() + 3_599_000)

    expect(sent[0]).toMatchObject({ url: KEY.token_uri, method: 'POST' })
    const form = new URLSearchParams(sent[0]?.body as string)
    expect(form.get('grant_type')).toBe('urn:ietf:params:oauth:grant-type:jwt-bearer')
    const assertion = form.get('assertion') ?? ''
    const issued = clock.wall() / 1000
    expect(partsOf(assertion)).toEqual([
      { alg: 'RS256', typ: 'JWT', kid: 'key-1' },
      { iss: KEY.client_email, scope: SCOPE, aud: KEY.token_uri, iat: issued, exp: issued + 3600 },
    ])
    const [header, claims, signature = ''] = assertion.split('.')
    const isGenuine = verify('RSA-SHA256', Buffer.from(`${header}.${claims}`), publicKey, Buffer.from(signature, 'base64url'))
    expect(isGenuine).toBe(true)
  })

  test.each([
    ['no JSON', 'hello'],
    ['no private key', JSON.stringify({ ...KEY, private_key: 'zq7secret' })],
    ['no address', JSON.stringify({ ...KEY, client_email: undefined })],
  ])('whose key is %s says so, without showing it', async (_what, text) => {
    const { sent, deps } = endpoint()
    const source = new ServiceAccount(OWNER, { kind: 'service_account', key: { json: new Secret(text) }, scope: SCOPE }, deps)
    const failure: unknown = await source.obtain(undefined).catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: 'credential_unavailable' })
    expect((failure as Error).message).toContain('account robot of provider google')
    expect((failure as Error).message).not.toContain('zq7secret')
    expect(sent).toEqual([])
  })
})

test('a machine of Google Cloud asks its metadata server, with the header that keeps others out', async () => {
  const { sent, deps } = endpoint()
  const token = await new MetadataServer(OWNER, { kind: 'google_metadata', url: 'http://metadata.test/token' }, deps).obtain()
  expect(token.secret.reveal()).toBe('ya29.token')
  expect(sent[0]).toMatchObject({ url: 'http://metadata.test/token', method: 'GET', headers: { 'metadata-flavor': 'Google' } })
})

test.each([
  [400, 'credential_rejected'],
  [401, 'credential_rejected'],
  [408, 'credential_unavailable'],
  [429, 'credential_unavailable'],
  [500, 'credential_unavailable'],
])('a token endpoint that answers with %p rejects the login only where it judges it', async (status, code) => {
  const transport = { send: async () => Response.json({ error: 'invalid_grant' }, { status }) }
  const server = new MetadataServer(
    OWNER,
    { kind: 'google_metadata', url: 'http://metadata.test/token' },
    { ...endpoint().deps, transport },
  )
  expect(await server.obtain().catch((error: unknown) => error)).toMatchObject({
    code,
    message: expect.stringContaining(`HTTP ${status}, invalid_grant`),
  })
})

test('an endpoint that does not answer is given up', async () => {
  const { clock } = endpoint()
  let signal: AbortSignal | undefined
  const send = (request: UpstreamRequest): Promise<Response> => {
    signal = request.signal
    return new Promise(() => undefined)
  }
  const server = new MetadataServer(
    OWNER,
    { kind: 'google_metadata', url: 'http://metadata.test/token' },
    { transport: { send }, clock },
  )
  const asked = server.obtain().catch((error: unknown) => error)
  await clock.advance(30_000)
  expect(await asked).toMatchObject({ code: 'credential_unavailable', message: expect.stringContaining('30 s') })
  expect(signal?.aborted).toBe(true)
})
