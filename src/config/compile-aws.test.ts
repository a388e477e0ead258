import { describe, expect, test } from 'bun:test'
import { loadConfigText, loaded, refused } from '../../test/support/load-config-text.ts'
import { Secret } from '../lib/secret.ts'

const textOf = (provider: string, auth?: string): string =>
  `providers: [{ id: p, type: bedrock, ${provider}${auth === undefined ? '' : `, accounts: [{ id: a, auth: { ${auth} } }]`} }]`

const compiled = (text: string, env: Record<string, string> = {}) => loaded(loadConfigText(text, { env })).compiled.providers[0]
const sourceOf = (text: string, env: Record<string, string> = {}): unknown => {
  const credential = compiled(text, env)?.accounts[0]?.credential
  return credential?.kind === 'aws' ? credential.source : credential
}
const problemOf = (text: string, env: Record<string, string> = {}): string =>
  refused(loadConfigText(text, { env }))
    .problems.map(({ message }) => message)
    .join('\n')

const KEYS = { AWS_ACCESS_KEY_ID: 'AKID', AWS_SECRET_ACCESS_KEY: 's3cret' }
const OFF = { AWS_EC2_METADATA_DISABLED: 'true' }
const STATIC = { kind: 'static', accessKeyId: 'AKID', secretAccessKey: new Secret('s3cret') }

describe('a provider of type bedrock', () => {
  test.each([
    ['region: eu-west-1', {}, 'https://bedrock-runtime.eu-west-1.amazonaws.com', 'eu-west-1'],
    ['models: []', { AWS_REGION: 'us-west-2' }, 'https://bedrock-runtime.us-west-2.amazonaws.com', 'us-west-2'],
    ['region: cn-north-1', {}, 'https://bedrock-runtime.cn-north-1.amazonaws.com.cn', 'cn-north-1'],
    [
      'base_url: "https://vpce-1.bedrock-runtime.ap-southeast-2.vpce.amazonaws.com/"',
      { AWS_REGION: 'us-west-2' },
      'https://vpce-1.bedrock-runtime.ap-southeast-2.vpce.amazonaws.com',
      'ap-southeast-2',
    ],
  ])('is found in its region: %s', (provider, env, address, region) => {
    const settings = compiled(textOf(provider), { ...env, ...KEYS })
    expect(settings?.baseUrl).toBe(address)
    expect(settings?.accounts[0]?.credential).toMatchObject({ kind: 'aws', region })
  })

  test('speaks Converse, or Messages where that is asked for', () => {
    expect(compiled(textOf('region: us-east-1'), KEYS)?.format).toBe('bedrock_converse')
    expect(compiled(textOf('region: us-east-1, format: bedrock_anthropic'), KEYS)?.format).toBe('anthropic')
    expect(problemOf(textOf('region: us-east-1, format: gemini'), KEYS)).toContain('do not speak gemini')
  })

  test('is refused without a region, and its keys elsewhere', () => {
    expect(problemOf(textOf('models: []'), KEYS)).toContain('need `region`')
    expect(problemOf('providers: [{ id: p, type: openai, region: us-east-1 }]')).toContain(
      'Only providers of type vertex or bedrock',
    )
    for (const format of ['bedrock_converse', 'bedrock_anthropic'])
      expect(
        problemOf(`providers: [{ id: p, type: openai_compatible, base_url: "https://u.test/v1", format: ${format} }]`),
      ).toContain(`Only providers of type bedrock speak ${format}`)
  })

  test('without accounts uses a key that is named, then that of the usual variable, then what AWS signs with', () => {
    const text = textOf('region: us-east-1')
    expect(compiled(textOf('region: us-east-1, api_key_env: K'), { K: 'k', ...KEYS })?.accounts[0]?.apiKey).toEqual(
      new Secret('k'),
    )
    expect(compiled(text, { AWS_BEARER_TOKEN_BEDROCK: 'b', ...KEYS })?.accounts[0]?.apiKey).toEqual(new Secret('b'))
    expect(sourceOf(text, KEYS)).toEqual(STATIC)
    const named = textOf('region: us-east-1, access_key_env: MY_ID, secret_key_env: MY_SECRET')
    expect(sourceOf(named, { MY_ID: 'AKID', MY_SECRET: 's3cret', AWS_BEARER_TOKEN_BEDROCK: 'b' })).toEqual(STATIC)
    expect(problemOf(named, { MY_ID: 'AKID' })).toContain('MY_SECRET is not set')
  })
})

describe('what an account signs with', () => {
  const account = (auth: string): string => textOf('region: us-east-1', auth)
  const profile = (name: string, environment?: object) => ({
    kind: 'profile',
    profile: name,
    credentialsFile: '/home/someone/.aws/credentials',
    configFile: '/home/someone/.aws/config',
    ssoCacheFolder: '/home/someone/.aws/sso/cache',
    region: 'us-east-1',
    sessionName: 'switchback',
    environment,
    instance: { kind: 'instance', url: 'http://169.254.169.254' },
  })
  const web = {
    kind: 'web_identity',
    roleArn: 'arn:aws:iam::1:role/r',
    tokenFile: '/var/token',
    sessionName: 'switchback',
    url: 'https://sts.us-east-1.amazonaws.com/',
  }

  test.each<[string, Record<string, string>, object]>([
    ['kind: aws, access_key: AKID, secret_key_env: S', { S: 's3cret' }, STATIC],
    [
      'kind: aws_sig_v4, access_key_env: A, secret_key_env: S, session_token_env: T',
      { A: 'AKID', S: 's3cret', T: 't' },
      { ...STATIC, sessionToken: new Secret('t') },
    ],
    ['kind: aws_sig_v4', KEYS, STATIC],
    ['kind: aws', { ...KEYS, AWS_PROFILE: 'x' }, STATIC],
    ['kind: aws, profile: team', KEYS, profile('team', STATIC)],
    ['kind: aws', { AWS_PROFILE: 'x' }, profile('x')],
    ['kind: aws, source: profile', KEYS, profile('default', STATIC)],
    ['kind: aws, role_arn: "arn:aws:iam::1:role/r", token_file: /var/token', KEYS, web],
    ['kind: aws', { AWS_ROLE_ARN: 'arn:aws:iam::1:role/r', AWS_WEB_IDENTITY_TOKEN_FILE: '/var/token' }, web],
    ['kind: aws', { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/v2/x' }, { kind: 'container', url: 'http://169.254.170.2/v2/x' }],
    [
      'kind: aws, source: container',
      { AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://[fd00::23]/x', AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: '/var/t', ...KEYS },
      { kind: 'container', url: 'http://[fd00::23]/x', authorization: { path: '/var/t' } },
    ],
    ['kind: aws', {}, { kind: 'instance', url: 'http://169.254.169.254' }],
    ['kind: aws, source: instance, metadata_url: "http://m.test"', KEYS, { kind: 'instance', url: 'http://m.test' }],
  ])('%s', (auth, env, source) => {
    expect(sourceOf(account(auth), env)).toEqual(source)
  })

  test.each<[string, Record<string, string>, string]>([
    ['kind: aws', OFF, 'No credentials of AWS are known here'],
    ['kind: aws, source: environment', {}, 'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY'],
    ['kind: aws, source: web_identity', KEYS, 'Add `role_arn` and `token_file`'],
    ['kind: aws, access_key: AKID', KEYS, 'An access key has two halves'],
    ['kind: aws_sig_v4, access_key_env: A', {}, 'A is not set'],
    ['kind: aws, session_name: "a b"', KEYS, '2 to 64 letters'],
  ])('is refused: %s', (auth, env, message) => {
    expect(problemOf(account(auth), env)).toContain(message)
  })
})
