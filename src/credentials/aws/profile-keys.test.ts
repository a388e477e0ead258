import { afterEach, describe, expect, test } from 'bun:test'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expectedSignature } from '../../../test/support/aws-signature.ts'
import { ManualClock } from '../../../test/support/manual-clock.ts'
import { GatewayError } from '../../errors/gateway-error.ts'
import { asAccountId, asProviderId } from '../../ir/ids.ts'
import { Secret } from '../../lib/secret.ts'
import { runProgram } from '../../runtime/run-program.ts'
import { createMemoryLogins } from '../../state/logins/memory.ts'
import type { UnsentRequest, UpstreamRequest } from '../../transport/transport.ts'
import type { ProfileSettings } from './aws-settings.types.ts'
import { createAwsCredential } from './create-aws-credential.ts'
import type { RunProgram } from './process-keys.ts'

const OWNER = { provider: asProviderId('aws'), account: asAccountId('main') }
const REQUEST: UnsentRequest = { url: 'https://up.test/model/m/converse', method: 'POST', headers: {}, body: '{}' }
const { signal } = new AbortController()
const HOUR_MS = 3_600_000
const STATIC = { kind: 'static', accessKeyId: 'AKIAENV', secretAccessKey: new Secret('env-secret') } as const

const opened: string[] = []
afterEach(() => {
  for (const folder of opened.splice(0)) rmSync(folder, { recursive: true })
})

interface Answers {
  readonly answer?: (request: UpstreamRequest) => Response
  readonly run?: RunProgram
  readonly settings?: Partial<ProfileSettings>
}

/** An account with a profile of these files, in a home of its own. */
function world(profile: string, files: { config?: string; credentials?: string }, { answer, run, settings }: Answers = {}) {
  const home = mkdtempSync(path.join(tmpdir(), 'aws-'))
  opened.push(home)
  const clock = new ManualClock(Date.UTC(2026, 0, 2))
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(home, name), text)
  const cache = path.join(home, 'sso', 'cache')
  mkdirSync(cache, { recursive: true })
  const asked: UpstreamRequest[] = []
  const programs: { program: string; words: readonly string[] }[] = []
  const credential = createAwsCredential(
    OWNER,
    {
      kind: 'aws',
      region: 'eu-central-1',
      source: {
        kind: 'profile',
        profile,
        credentialsFile: path.join(home, 'credentials'),
        configFile: path.join(home, 'config'),
        ssoCacheFolder: cache,
        region: 'eu-central-1',
        sessionName: 'switchback',
        environment: STATIC,
        container: undefined,
        instance: { kind: 'instance', url: 'http://169.254.169.254' },
        ...settings,
      },
    },
    {
      clock,
      logins: createMemoryLogins(),
      transport: {
        async send(request) {
          asked.push(request)
          return answer?.(request) ?? new Response('', { status: 500 })
        },
      },
      run: async (program, words, timeoutMs) => {
        programs.push({ program, words })
        return (await run?.(program, words, timeoutMs)) ?? ''
      },
    },
  )
  const ask = async (): Promise<string | undefined> =>
    /Credential=([^/]+)/.exec((await credential.authorize(REQUEST, signal)).headers['authorization'] ?? '')?.[1]
  const failure = async (): Promise<GatewayError> => {
    const error = await ask().then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    if (error instanceof GatewayError) return error
    throw new Error('the request was signed')
  }
  const login = (session: string, token: unknown): void =>
    writeFileSync(path.join(cache, ssoFile(session)), JSON.stringify(token))
  return { home, clock, asked, programs, credential, ask, failure, login }
}

const ssoFile = (session: string): string => `${createHash('sha1').update(session).digest('hex')}.json`
const xml = (name: string, inner: string): string => `<${name}>${inner}</${name}>`
const roleAnswer = (id: string): Response =>
  new Response(
    xml(
      'AssumeRoleResponse',
      xml(
        'Credentials',
        xml('AccessKeyId', id) +
          xml('SecretAccessKey', 'role-secret') +
          xml('SessionToken', 'tok==') +
          xml('Expiration', '2026-01-02T01:00:00Z'),
      ),
    ),
  )
const formOf = ({ body }: UpstreamRequest): Record<string, string> =>
  Object.fromEntries(new URLSearchParams(typeof body === 'string' ? body : ''))

describe('keys of a profile', () => {
  const CREDENTIALS =
    '# mine\n[default]\naws_access_key_id = AKIDEFAULT\naws_secret_access_key=s1 ; note\n\n[team]\naws_access_key_id=AKTEAM\naws_secret_access_key=a/b+c=\naws_session_token=t\n'
  const CONFIG =
    '[default]\nregion=us-east-1\n[profile team]\nregion = eu-west-1\ns3 =\n  max_concurrent_requests = 20\n[profile bare]\nregion=x\n'

  test('are read from the shared files', async () => {
    const files = { config: CONFIG, credentials: CREDENTIALS }
    expect(await world('default', files).ask()).toBe('AKIDEFAULT')
    const { credential, ask } = world('team', files)
    expect(await ask()).toBe('AKTEAM')
    expect(credential.secrets().map((secret) => secret.reveal())).toEqual(['a/b+c=', 't'])
  })

  test('are read again after a while, because other tools renew them', async () => {
    const { home, clock, ask } = world('default', { credentials: CREDENTIALS })
    await ask()
    writeFileSync(path.join(home, 'credentials'), CREDENTIALS.replace('AKIDEFAULT', 'AKNEW'))
    expect(await ask()).toBe('AKIDEFAULT')
    await clock.advance(5 * 60_000)
    await ask()
    await clock.advance(0)
    expect(await ask()).toBe('AKNEW')
  })

  test('may stand under a name in quotes, and beside settings that are left empty', async () => {
    const config = '[profile "my team"]\naws_access_key_id = AKQUOTED\naws_secret_access_key = s\naws_session_token =\n'
    const { credential, ask } = world('my team', { config })
    expect(await ask()).toBe('AKQUOTED')
    expect((await credential.authorize(REQUEST, signal)).headers).not.toHaveProperty('x-amz-security-token')
    const empty = '[default]\naws_access_key_id =\naws_secret_access_key =\n'
    expect((await world('default', { config: empty }).failure()).message).toContain('has no keys')
  })

  test('that are not there are told with what to do', async () => {
    const { code, message } = await world('nobody', { config: CONFIG }).failure()
    expect(code).toBe('credential_unavailable')
    expect(message).toContain('is neither in')
    expect((await world('bare', { config: CONFIG }).failure()).message).toContain('has no keys and leads to none')
  })
})

describe('a profile with a role', () => {
  const CREDENTIALS = '[base]\naws_access_key_id=AKBASE\naws_secret_access_key=base-secret\n'
  const CONFIG = `[profile ops]
role_arn = arn:aws:iam::1:role/ops
source_profile = base
role_session_name = night
external_id = e&x
duration_seconds = 1800
`

  test('signs for the role with the keys of its source, and again before they end', async () => {
    let count = 0
    const { clock, asked, ask } = world(
      'ops',
      { config: CONFIG, credentials: CREDENTIALS },
      { answer: () => roleAnswer(`ASIA${(count += 1)}`) },
    )
    expect(await ask()).toBe('ASIA1')
    const [request] = asked
    expect(request?.url).toBe('https://sts.eu-central-1.amazonaws.com/')
    expect(formOf(request!)).toEqual({
      Version: '2011-06-15',
      Action: 'AssumeRole',
      RoleArn: 'arn:aws:iam::1:role/ops',
      RoleSessionName: 'night',
      ExternalId: 'e&x',
      DurationSeconds: '1800',
    })
    const headers = { host: 'sts.eu-central-1.amazonaws.com', ...request?.headers }
    const { expected, found } = expectedSignature(
      { method: 'POST', path: '/', headers, body: request?.body as string },
      'base-secret',
    )
    expect(found).toBe(expected)
    expect(request?.headers['authorization']).toContain('/eu-central-1/sts/aws4_request')
    expect(await ask()).toBe('ASIA1')
    await clock.advance(HOUR_MS - 5 * 60_000)
    await ask()
    await clock.advance(0)
    expect(await ask()).toBe('ASIA2')
  })

  test('may have a source that has a role itself, or itself for a source', async () => {
    const config = `${CONFIG}[profile chained]\nrole_arn = arn:aws:iam::2:role/end\nsource_profile = ops\n[profile own]\nrole_arn = arn:aws:iam::3:role/own\nsource_profile = own\naws_access_key_id = AKOWN\naws_secret_access_key = own\n`
    const chained = world(
      'chained',
      { config, credentials: CREDENTIALS },
      { answer: (request) => roleAnswer(`ASIA-${formOf(request)['RoleArn']?.slice(-3)}`.toUpperCase()) },
    )
    expect(await chained.ask()).toBe('ASIA-END')
    expect(chained.asked.map((request) => /Credential=([^/]+)/.exec(request.headers['authorization'] ?? '')?.[1])).toEqual([
      'AKBASE',
      'ASIA-OPS',
    ])
    const own = world('own', { config }, { answer: () => roleAnswer('ASIAOWN') })
    expect(await own.ask()).toBe('ASIAOWN')
  })

  test.each([
    ['Environment', 'AKIAENV', {}],
    ['EcsContainer', undefined, {}],
    ['Ec2InstanceMetadata', 'AKINST', {}],
    ['toString', undefined, {}],
  ])('takes its keys from the credential_source %s', async (named, id) => {
    const config = `[profile placed]\nrole_arn = arn:aws:iam::1:role/placed\ncredential_source = ${named}\n`
    const { asked, ask, failure } = world(
      'placed',
      { config },
      {
        answer: ({ url }) =>
          url.includes('/api/token')
            ? new Response('session')
            : url.endsWith('/security-credentials/')
              ? new Response('machine')
              : url.includes('169.254')
                ? Response.json({
                    Code: 'Success',
                    AccessKeyId: 'AKINST',
                    SecretAccessKey: 's',
                    Token: 't',
                    Expiration: '2026-01-02T06:00:00Z',
                  })
                : roleAnswer('ASIAPLACED'),
      },
    )
    if (id === undefined) {
      expect((await failure()).message).toContain('names a `credential_source` that is none, or has nothing here')
      return
    }
    expect(await ask()).toBe('ASIAPLACED')
    expect(asked.at(-1)?.headers['authorization']).toContain(`Credential=${id}/`)
  })

  test.each([
    [
      'a circle',
      '[profile a]\nrole_arn=r\nsource_profile=b\n[profile b]\nrole_arn=r\nsource_profile=a\n',
      'is part of a circle: a → b → a',
    ],
    ['no source', '[profile a]\nrole_arn=r\n', 'without `source_profile`'],
    ['a source that is nowhere', '[profile a]\nrole_arn=r\nsource_profile=c\n', 'AWS profile c'],
    ['a device', '[profile a]\nrole_arn=r\nsource_profile=b\nmfa_serial=m\n', '`mfa_serial`'],
    ['no keys for itself', '[profile a]\nrole_arn=r\nsource_profile=a\n', 'source of its own role'],
    [
      'a long chain',
      Array.from(
        { length: 12 },
        (_none, index) => `[profile ${index === 0 ? 'a' : index}]\nrole_arn=r\nsource_profile=${index + 1}\n`,
      ).join(''),
      'more than 8 profiles',
    ],
  ])('with %s is told with what to do', async (_what, config, reason) => {
    const { failure, asked } = world('a', { config })
    const { code, message } = await failure()
    expect(code).toBe('credential_unavailable')
    expect(message).toContain(reason)
    expect(asked).toEqual([])
  })

  test('that is refused is told by its code alone', async () => {
    const { failure } = world(
      'ops',
      { config: CONFIG, credentials: CREDENTIALS },
      { answer: () => new Response(xml('Error', `${xml('Code', 'AccessDenied')}${xml('Message', 'canary')}`), { status: 403 }) },
    )
    const { code, message } = await failure()
    expect(code).toBe('credential_rejected')
    expect(message).toContain('gave no keys for arn:aws:iam::1:role/ops (HTTP 403, AccessDenied)')
    expect(message).not.toMatch(/canary|base-secret/)
  })
})

describe('a profile with a program', () => {
  const config = (command: string): { config: string } => ({ config: `[profile p]\ncredential_process = ${command}\n` })
  const KEYS = { Version: 1, AccessKeyId: 'ASIAP', SecretAccessKey: 'p', SessionToken: 't', Expiration: '2026-01-02T01:00:00Z' }

  test('is asked by what the file says, without a shell, and again before its keys end', async () => {
    const { clock, programs, ask } = world('p', config('"/opt/my tool" --role "a b" $(id) && rm -rf ~ | x'), {
      run: async () => JSON.stringify(KEYS),
    })
    expect(await ask()).toBe('ASIAP')
    expect(programs).toEqual([{ program: '/opt/my tool', words: ['--role', 'a b', '$(id)', '&&', 'rm', '-rf', '~', '|', 'x'] }])
    const quoted = world('p', config(`x "a \\"b\\" \\\\c \\d" 'e \\f' g\\h ""`), { run: async () => JSON.stringify(KEYS) })
    await quoted.ask()
    expect(quoted.programs[0]?.words).toEqual(['a "b" \\c \\d', 'e \\f', 'g\\h', ''])
    await clock.advance(HOUR_MS - 5 * 60_000)
    await ask()
    expect(programs).toHaveLength(2)
    expect(
      await world('p', config('x'), {
        run: async () => JSON.stringify({ ...KEYS, Expiration: undefined, SessionToken: undefined }),
      }).ask(),
    ).toBe('ASIAP')
  })

  test('really runs it', async () => {
    const { home, ask } = world('p', config('/bin/sh keys.sh "&& touch hacked"'), { run: runProgram })
    writeFileSync(path.join(home, 'keys.sh'), `echo '${JSON.stringify({ ...KEYS, AccessKeyId: 'ASIAREAL' })}'\n`)
    writeFileSync(
      path.join(home, 'config'),
      `[profile p]\ncredential_process = /bin/sh ${path.join(home, 'keys.sh')} "&& touch ${home}/hacked"\n`,
    )
    expect(await ask()).toBe('ASIAREAL')
    expect(await Bun.file(path.join(home, 'hacked')).exists()).toBe(false)
  })

  test('that does not end is waited for half a minute', async () => {
    const { clock, failure } = world('p', config('hang'), { run: () => new Promise(() => undefined) })
    const failed = failure()
    for (let second = 0; second < 31; second++) await clock.advance(1_000)
    expect((await failed).message).toContain('took more than 30 s')
  })

  test.each([
    ['nothing', ''],
    ['no JSON', 'canary'],
    ['another version', JSON.stringify({ ...KEYS, Version: 2 })],
    ['no keys', '{"Version":1}'],
    ['no time', JSON.stringify({ ...KEYS, Expiration: 'soon' })],
    ['keys that have ended', JSON.stringify({ ...KEYS, Expiration: '2025-01-01T00:00:00Z', SecretAccessKey: 'canary' })],
    ['a list', '[1]'],
  ])('that prints %s is told, and nothing of it', async (_what, output) => {
    const { code, message } = await world('p', config('x'), { run: async () => output }).failure()
    expect(code).toBe('credential_unavailable')
    expect(message).toContain('`credential_process`')
    expect(message).not.toContain('canary')
  })

  test('whose command has an open quote is not run', async () => {
    const { programs, failure } = world('p', config('"/opt/my tool'))
    expect((await failure()).message).toContain('is not closed')
    expect(programs).toEqual([])
  })
})

describe('a profile with a login in a browser', () => {
  const SESSION = '[sso-session corp]\nsso_start_url = https://corp.awsapps.com/start\nsso_region = eu-west-1\n'
  const ROLE = 'sso_account_id = 123456789012\nsso_role_name = Dev Ops\n'
  const WITH_SESSION = { config: `[profile p]\nsso_session = corp\n${ROLE}${SESSION}` }
  const LEGACY = { config: `[profile p]\nsso_start_url = https://corp.awsapps.com/start\nsso_region = eu-west-1\n${ROLE}` }
  const answer = (): Response =>
    Response.json({
      roleCredentials: { accessKeyId: 'ASIASSO', secretAccessKey: 's', sessionToken: 't', expiration: Date.UTC(2026, 0, 2, 1) },
    })

  test.each([
    [WITH_SESSION, 'corp', '2026-01-02T08:00:00Z'],
    [LEGACY, 'https://corp.awsapps.com/start', '2026-01-02T08:00:00UTC'],
  ])('signs with the keys of its role, by the token that is kept', async (files, session, expiresAt) => {
    const { asked, ask, login } = world('p', files, { answer })
    login(session, { accessToken: 'sso-token', expiresAt })
    expect(await ask()).toBe('ASIASSO')
    expect(asked.map(({ url, method, headers }) => [url, method, headers['x-amz-sso_bearer_token']])).toEqual([
      [
        'https://portal.sso.eu-west-1.amazonaws.com/federation/credentials?role_name=Dev+Ops&account_id=123456789012',
        'GET',
        'sso-token',
      ],
    ])
  })

  describe('that has ended and can be refreshed', () => {
    const LOGIN = {
      accessToken: 'old-token',
      expiresAt: '2026-01-02T00:00:30Z',
      refreshToken: 'refresh-1',
      clientId: 'client',
      clientSecret: 'client-secret',
      registrationExpiresAt: '2026-03-01T00:00:00Z',
    }
    const TOKEN_URL = 'https://oidc.eu-west-1.amazonaws.com/token'
    const refreshes = (asked: readonly UpstreamRequest[]): unknown[] =>
      asked.filter(({ url }) => url === TOKEN_URL).map(({ body }) => JSON.parse(body as string) as unknown)

    test('is, with the refresh token of its file and then with each that came since', async () => {
      let count = 0
      const hour = Date.UTC(2026, 0, 2)
      const { asked, ask, clock, home, login } = world('p', WITH_SESSION, {
        answer: ({ url }) =>
          url === TOKEN_URL
            ? Response.json({ accessToken: `token-${++count}`, expiresIn: 3_600, refreshToken: `refresh-${count + 1}` })
            : Response.json({
                roleCredentials: {
                  accessKeyId: `ASIA${count}`,
                  secretAccessKey: 's',
                  sessionToken: 't',
                  expiration: hour + count * HOUR_MS,
                },
              }),
      })
      login('corp', LOGIN)
      const file = (): string => readFileSync(path.join(home, 'sso', 'cache', ssoFile('corp')), 'utf8')
      const before = file()
      expect(await ask()).toBe('ASIA1')
      expect(asked[0]).toMatchObject({ method: 'POST', headers: { 'content-type': 'application/json' } })
      await clock.advance(HOUR_MS)
      expect(await ask()).toBe('ASIA2')
      const asks = { clientId: 'client', clientSecret: 'client-secret', grantType: 'refresh_token' }
      expect(refreshes(asked)).toEqual([
        { ...asks, refreshToken: 'refresh-1' },
        { ...asks, refreshToken: 'refresh-2' },
      ])
      expect(asked.filter(({ url }) => url !== TOKEN_URL).map(({ headers }) => headers['x-amz-sso_bearer_token'])).toEqual([
        'token-1',
        'token-2',
      ])
      expect(file()).toBe(before)
      // Somebody has logged in anew: what was refreshed before does not count any more.
      login('corp', { ...LOGIN, refreshToken: 'refresh-new' })
      await clock.advance(HOUR_MS)
      await ask()
      expect(refreshes(asked)[2]).toMatchObject({ refreshToken: 'refresh-new' })
    })

    test('is not refreshed for keys while its token holds', async () => {
      const { asked, ask, clock, login } = world('p', WITH_SESSION, { answer })
      login('corp', { ...LOGIN, expiresAt: '2026-01-02T08:00:00Z' })
      await ask()
      await clock.advance(HOUR_MS)
      await ask()
      expect(asked).toHaveLength(2)
      expect(refreshes(asked)).toEqual([])
    })

    test.each([
      ['its registration has ended', { registrationExpiresAt: '2026-01-01T00:00:00Z' }, 200, 'credential_rejected', 0],
      ['it has no secret', { clientSecret: undefined }, 200, 'credential_rejected', 0],
      ['it is refused', {}, 400, 'credential_rejected', 1],
      ['nobody answers', {}, 503, 'credential_unavailable', 1],
      ['there are too many', {}, 429, 'credential_unavailable', 1],
      ['the answer is no token', {}, 200, 'credential_unavailable', 1],
      ['the answer says no end', {}, 201, 'credential_unavailable', 1],
    ])('says what to do where %s, and repeats no secret', async (...[, fields, status, code, refreshed]) => {
      const { asked, failure, login } = world('p', WITH_SESSION, {
        answer: () => Response.json({ error: 'canary', accessToken: 'can ary', expiresIn: 1 }, { status }),
      })
      login('corp', { ...LOGIN, ...fields })
      const error = await failure()
      expect(error.code).toBe(code as never)
      expect(error.message).toContain('profile p')
      expect(JSON.stringify([error.message, error.details])).not.toMatch(/canary|can ary|client-secret|refresh-1|old-token/)
      expect(refreshes(asked)).toHaveLength(refreshed)
    })
  })

  test.each([
    ['nobody has logged in', undefined, answer, 'has no login in'],
    ['the login has ended', { accessToken: 'canary', expiresAt: '2026-01-02T00:00:30Z' }, answer, 'has a login that has ended'],
    ['its file is no login', { accessToken: 'two words\n', expiresAt: '2026-02-02T00:00:30Z' }, answer, 'has no login in'],
    [
      'the login was taken back',
      { accessToken: 'canary', expiresAt: '2026-02-01T00:00:00Z' },
      () => Response.json({ message: 'canary' }, { status: 401 }),
      'is logged out. Run "aws sso login --profile p"',
    ],
    [
      'the role is not given',
      { accessToken: 'canary', expiresAt: '2026-02-01T00:00:00Z' },
      () => Response.json({ message: 'canary' }, { status: 403 }),
      'Check sso_account_id',
    ],
  ])('says what to do when %s', async (_what, token, reply, reason) => {
    const { failure, login } = world('p', WITH_SESSION, { answer: reply })
    if (token !== undefined) login('corp', token)
    const { code, message } = await failure()
    expect(code).toBe('credential_rejected')
    expect(message).toContain(reason)
    expect(message).not.toContain('canary')
  })

  test.each([
    ['[profile p]\nsso_session = none\nsso_account_id=1\nsso_role_name=r\n', 'lacks part of it'],
    [
      '[profile p]\nsso_start_url = x\nsso_region = evil.example/\nsso_account_id=1\nsso_role_name=r\n',
      'an sso_region that is none',
    ],
  ])('that is not whole calls nobody: %j', async (config, reason) => {
    const { asked, failure } = world('p', { config }, { answer })
    expect((await failure()).message).toContain(reason)
    expect(asked).toEqual([])
  })
})
