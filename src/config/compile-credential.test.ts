import { describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { loadConfigText, loaded, refused } from '../../test/support/load-config-text.ts'
import { Secret } from '../lib/secret.ts'

const textOf = (auth: string, server = ''): string =>
  `${server}\nproviders: [{ id: p, type: openai_compatible, base_url: "https://up.test/v1", accounts: [{ id: a, auth: { ${auth} } }] }]`

const credentialOf = (auth: string, env: Record<string, string> = {}, server?: string) =>
  loaded(loadConfigText(textOf(auth, server), { env })).compiled.providers[0]?.accounts[0]?.credential

describe('what an account logs in with', () => {
  test.each<[string, Record<string, string>, object]>([
    ['key_file: secrets/key', {}, { kind: 'key_file', path: '/etc/gateway/secrets/key' }],
    ['kind: api_key, key_file: ~/key', {}, { kind: 'key_file', path: '/home/someone/key' }],
    [
      'kind: oauth, token_url: "https://t.test/token", refresh_env: R, client_id: me, client_secret: "${S}"',
      { R: 'r', S: 's' },
      {
        kind: 'oauth',
        tokenUrl: 'https://t.test/token',
        refreshToken: new Secret('r'),
        clientId: 'me',
        clientSecret: new Secret('s'),
      },
    ],
    ['kind: oauth, token_env: T', { T: 't' }, { kind: 'oauth', token: new Secret('t') }],
    [
      'kind: entra, tenant_id: dir, client_id: app, client_secret_env: S',
      { S: 's' },
      {
        kind: 'oauth',
        tokenUrl: 'https://login.microsoftonline.com/dir/oauth2/v2.0/token',
        clientId: 'app',
        clientSecret: new Secret('s'),
        scope: 'https://cognitiveservices.azure.com/.default',
      },
    ],
    [
      'kind: service_account, key_file: robot.json',
      {},
      {
        kind: 'service_account',
        key: { path: '/etc/gateway/robot.json' },
        scope: 'https://www.googleapis.com/auth/cloud-platform',
      },
    ],
    [
      'kind: service_account',
      { GOOGLE_APPLICATION_CREDENTIALS: '/keys/robot.json' },
      {
        kind: 'service_account',
        key: { path: '/keys/robot.json' },
        scope: 'https://www.googleapis.com/auth/cloud-platform',
      },
    ],
    [
      'kind: google_metadata',
      {},
      {
        kind: 'google_metadata',
        url: 'http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token',
      },
    ],
    [
      'kind: codex_oauth',
      { CODEX_ACCOUNT_ID: 'acc' },
      { kind: 'codex_oauth', path: '/home/someone/.codex/auth.json', pointer: '/tokens/access_token', loginId: 'acc' },
    ],
    [
      'kind: claude_code_oauth, token_file: "$${HOME}/c.json"',
      { CLAUDE_CODE_OAUTH_TOKEN: 't' },
      { kind: 'claude_code_oauth', token: new Secret('t'), path: '/home/someone/c.json', pointer: '/claudeAiOauth/accessToken' },
    ],
  ])('is read: %s', (auth, env, expected) => {
    expect(JSON.parse(JSON.stringify(revealed(credentialOf(auth, env))))).toEqual(JSON.parse(JSON.stringify(revealed(expected))))
  })

  test.each<[string, string]>([
    ['kind: oauth', 'nothing to get a token with'],
    ['kind: oauth, refresh: r', 'nothing to get a token with'],
    ['kind: oauth, token: t, refresh: r', 'of no use without `token_url`'],
    ['kind: oauth, token_url: "https://t.test/", refresh_env: UNSET', 'UNSET is not set'],
    ['kind: entra, tenant_id: d, client_id: c', 'needs `client_secret_env`'],
    ['kind: service_account', 'needs `key_file`, the variable GOOGLE_APPLICATION_CREDENTIALS, `key_env`'],
    ['kind: codex_oauth, access_token_pointer: tokens', 'a JSON pointer'],
    ['kind: oauth, key_env: X', 'Unknown key'],
    ['kind: ouath', 'Expected'],
  ])('is refused where it cannot work: %s', (auth, message) => {
    const { problems } = refused(loadConfigText(textOf(auth)))
    expect(problems.map((problem) => problem.message).join('\n')).toContain(message)
  })

  test('of one person is refused where others reach the gateway, unless it is allowed', () => {
    const open = 'server: { bind: "0.0.0.0:8765", api_key: k }'
    for (const kind of ['codex_oauth', 'claude_code_oauth']) {
      const { problems } = refused(loadConfigText(textOf(`kind: ${kind}`, open)))
      expect(problems).toMatchObject([
        { path: 'providers[0].accounts[0].auth.kind', message: expect.stringContaining('one person') },
      ])
      expect(credentialOf(`kind: ${kind}, allow_other_users: true`, {}, open)).toMatchObject({ kind })
      // `serve --bind` counts like the file.
      refused(loadConfigText(textOf(`kind: ${kind}`), { bind: '0.0.0.0:1' }))
    }
  })
})

/** With secrets in the open, to be compared. */
function revealed(value: unknown): unknown {
  if (value instanceof Secret) return `secret ${value.reveal()}`
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, revealed(inner)]))
}

test('the guide shows configurations that are valid', () => {
  const guide = readFileSync(new URL('../../docs/guides/credentials.md', import.meta.url), 'utf8')
  const examples = [...guide.matchAll(/^```yaml\n(.*?)^```$/gms)].map((match) => match[1] ?? '')
  const variables = guide.match(/\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b/g) ?? []
  const env = Object.fromEntries(variables.map((name) => [name, 'value']))
  expect(examples.length).toBeGreaterThan(3)
  for (const example of examples) expect(loaded(loadConfigText(example, { env })).warnings).toEqual([])
})
