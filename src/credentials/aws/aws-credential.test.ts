import { afterEach, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { GatewayError } from '../../errors/gateway-error.ts'
import { asAccountId, asProviderId } from '../../ir/ids.ts'
import { Secret } from '../../lib/secret.ts'
import { createMemoryLogins } from '../../state/logins/memory.ts'
import type { UnsentRequest, UpstreamRequest } from '../../transport/transport.ts'
import { ManualClock } from '../../../test/support/manual-clock.ts'
import { AwsCredential } from './aws-credential.ts'
import { KEY_SKEW_MS } from './aws-keys.ts'
import type { AwsSettings } from './aws-settings.types.ts'
import { createAwsCredential } from './create-aws-credential.ts'

const OWNER = { provider: asProviderId('aws'), account: asAccountId('main') }
const REQUEST: UnsentRequest = { url: 'https://up.test/model/m/converse', method: 'POST', headers: {}, body: '{}' }
const { signal } = new AbortController()
const HOUR_MS = 3_600_000
const KEYS = { AccessKeyId: 'ASIAROLE', SecretAccessKey: 's', Token: 't', Expiration: '2099-01-01T00:00:00Z' }

const keyIn = ({ headers }: UnsentRequest): string | undefined => /Credential=([^/]+)/.exec(headers['authorization'] ?? '')?.[1]

const opened: string[] = []
afterEach(() => {
  for (const folder of opened.splice(0)) rmSync(folder, { recursive: true })
})

function fileWith(name: string, text: string): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'aws-'))
  opened.push(folder)
  writeFileSync(path.join(folder, name), text)
  return path.join(folder, name)
}

/** A credential of this source, whose requests for keys are answered as told. */
function world(
  source: AwsSettings['source'],
  answer: (request: UpstreamRequest) => Response = () => new Response('', { status: 500 }),
) {
  const clock = new ManualClock()
  const asked: UpstreamRequest[] = []
  const transport = {
    async send(request: UpstreamRequest): Promise<Response> {
      asked.push(request)
      return answer(request)
    },
  }
  const credential = createAwsCredential(
    OWNER,
    { kind: 'aws', region: 'eu-central-1', source },
    { transport, clock, run: async () => '', logins: createMemoryLogins() },
  )
  const failure = async (): Promise<GatewayError> => {
    try {
      await credential.authorize(REQUEST, signal)
    } catch (error) {
      if (error instanceof GatewayError) return error
      throw error
    }
    throw new Error('the request was signed')
  }
  return { clock, asked, credential, failure, ask: async () => keyIn(await credential.authorize(REQUEST, signal)) }
}

describe('keys that end', () => {
  function counting() {
    const clock = new ManualClock()
    let count = 0
    const credential = new AwsCredential({
      clock,
      scope: { region: 'us-east-1', service: 'bedrock' },
      source: {
        async obtain() {
          count++
          const secretAccessKey = new Secret(`secret-${count}`)
          return {
            accessKeyId: `AKID${count}`,
            secretAccessKey,
            sessionToken: new Secret('t'),
            expiresAt: clock.wall() + HOUR_MS,
          }
        },
      },
    })
    return { clock, credential, ask: async () => keyIn(await credential.authorize(REQUEST, signal)), count: () => count }
  }

  test('are fetched once for all who want them, and again before they end', async () => {
    const { clock, ask, count } = counting()
    expect(new Set(await Promise.all(Array.from({ length: 100 }, ask)))).toEqual(new Set(['AKID1']))
    await clock.advance(HOUR_MS - KEY_SKEW_MS - 1)
    expect(await ask()).toBe('AKID1')
    await clock.advance(1)
    expect(await Promise.all([ask(), ask()])).toEqual(['AKID1', 'AKID1'])
    await clock.advance(0)
    expect(await ask()).toBe('AKID2')
    expect(count()).toBe(2)
  })

  test('that are about to end are used on where no others can be had, until they have ended', async () => {
    const keys = { ...KEYS, Expiration: new Date(new ManualClock().wall() + HOUR_MS).toISOString() }
    let isAway = false
    const { clock, ask, failure } = world({ kind: 'container', url: 'http://agent.test/' }, () =>
      isAway ? new Response('', { status: 503 }) : Response.json(keys),
    )
    expect(await ask()).toBe('ASIAROLE')
    isAway = true
    await clock.advance(HOUR_MS - KEY_SKEW_MS)
    expect(await ask()).toBe('ASIAROLE')
    await clock.advance(KEY_SKEW_MS)
    expect((await failure()).code).toBe('credential_unavailable')
  })

  test('that are refused are fetched once more, unless others have come since', async () => {
    const { credential, count } = counting()
    const refused = await credential.authorize(REQUEST, signal)
    expect(await Promise.all([credential.renew(refused, signal), credential.renew(refused, signal)])).toEqual([true, true])
    expect(count()).toBe(2)
    expect(await credential.renew(refused, signal)).toBe(true)
    expect(count()).toBe(2)
    expect(credential.secrets().map((secret) => secret.reveal())).toEqual(['secret-2', 't', 'secret-1', 't'])
  })

  test('of which the source only ever gives short-lived ones are used for half their life', async () => {
    let count = 0
    const clock = new ManualClock()
    const keys = (): Response =>
      Response.json({ ...KEYS, AccessKeyId: `ASIA${++count}`, Expiration: new Date(clock.wall() + 120_000).toISOString() })
    const { ask } = world({ kind: 'container', url: 'http://agent.test/' }, keys)
    expect(await ask()).toBe('ASIA1')
    expect(await ask()).toBe('ASIA1')
    expect(count).toBe(1)
  })

  test('are not waited for by a request that is given up', async () => {
    const gone = new AbortController()
    gone.abort(new Error('gone'))
    expect(counting().credential.authorize(REQUEST, gone.signal)).rejects.toThrow('gone')
  })
})

test('keys that were told stay, and cannot be renewed', async () => {
  const { credential, ask } = world({ kind: 'static', accessKeyId: 'AKID', secretAccessKey: new Secret('s') })
  expect(await ask()).toBe('AKID')
  expect(await credential.renew(await credential.authorize(REQUEST, signal), signal)).toBe(false)
})

describe('keys for a web identity', () => {
  const settings = (): AwsSettings['source'] => ({
    kind: 'web_identity',
    roleArn: 'arn:aws:iam::1:role/r',
    sessionName: 'switchback',
    tokenFile: fileWith('token', 'the.identity.token\n'),
    url: 'https://sts.test/',
  })
  const xml = (name: string, inner: string): string => `<${name}>${inner}</${name}>`

  test('are asked of the token service with what is in the file', async () => {
    const keys = [
      xml('AccessKeyId', 'ASIAWEB'),
      xml('SecretAccessKey', 'web/secret'),
      xml('SessionToken', 'tok=='),
      xml('Expiration', '2099-01-01T00:00:00Z'),
    ].join('')
    const { asked, ask } = world(
      settings(),
      () => new Response(xml('AssumeRoleWithWebIdentityResponse', xml('Credentials', keys))),
    )
    expect(await ask()).toBe('ASIAWEB')
    const body = asked[0]?.body
    const form = new URLSearchParams(typeof body === 'string' ? body : '')
    expect(Object.fromEntries(form)).toEqual({
      Action: 'AssumeRoleWithWebIdentity',
      Version: '2011-06-15',
      RoleArn: 'arn:aws:iam::1:role/r',
      RoleSessionName: 'switchback',
      WebIdentityToken: 'the.identity.token',
    })
  })

  test.each([
    [403, 'credential_rejected'],
    [400, 'credential_rejected'],
    [429, 'credential_unavailable'],
    [500, 'credential_unavailable'],
    [200, 'credential_unavailable'],
  ])('that are not given (%p) are told without the token', async (status, code) => {
    const body = xml('ErrorResponse', `${xml('Code', 'AccessDenied')}${xml('Message', 'the.identity.token is bad')}`)
    const error = await world(settings(), () => new Response(body, { status })).failure()
    expect(error.code).toBe(code as never)
    expect(error.message).toContain('AccessDenied')
    expect(error.message).not.toContain('the.identity.token')
  })
})

describe('keys of the machine', () => {
  test('are asked for straight, whatever way requests of the account leave', async () => {
    const { asked, ask } = world({ kind: 'container', url: 'http://agent.test/' }, () => Response.json(KEYS))
    await ask()
    expect(asked[0]?.egress).toMatchObject({ proxy: undefined, publicOnly: false })
  })

  test('come from the metadata service within a session', async () => {
    const { asked, ask } = world({ kind: 'instance', url: 'http://imds.test' }, ({ url, method }) =>
      method === 'PUT' ? new Response('session') : url.endsWith('/role') ? Response.json(KEYS) : new Response('role\n'),
    )
    expect(await ask()).toBe('ASIAROLE')
    expect(asked.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'PUT http://imds.test/latest/api/token',
      'GET http://imds.test/latest/meta-data/iam/security-credentials/',
      'GET http://imds.test/latest/meta-data/iam/security-credentials/role',
    ])
    expect(asked.slice(1).map(({ headers }) => headers['x-aws-ec2-metadata-token'])).toEqual(['session', 'session'])
  })

  test('come from the agent of a container, which is shown what it asks for', async () => {
    const authorization = { path: fileWith('token', 'pod-token\n') }
    const { asked, ask } = world({ kind: 'container', url: 'http://agent.test/v1/credentials', authorization }, () =>
      Response.json(KEYS),
    )
    expect(await ask()).toBe('ASIAROLE')
    expect(asked[0]?.headers['authorization']).toBe('pod-token')
  })

  test.each([
    ['a page of something else', () => new Response('<html>')],
    ['a refusal', () => new Response('', { status: 404 })],
    [
      'a lost connection',
      (): never => {
        throw new TypeError('fetch failed')
      },
    ],
  ])('that are not given (%s) are told with what to do', async (_what, answer) => {
    const { code, message } = await world({ kind: 'instance', url: 'http://imds.test' }, answer).failure()
    expect(code).toBe('credential_unavailable')
    expect(message).toContain('account main of provider aws')
  })
})
