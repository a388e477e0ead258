import { createHash } from 'node:crypto'
import { describe, expect, test } from 'bun:test'
import { loadConfigText, loaded, refused } from '../../test/support/load-config-text.ts'
import type { Environment } from './env.ts'

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

const load = (text: string, env: Environment = {}) =>
  loaded(loadConfigText(`providers: [{ id: mock, type: mock }]\n${text}`, { env }))

describe('keys that admit clients', () => {
  test.each(['api_key: k', 'api_key: "${MY_KEY}"', 'api_key_env: MY_KEY', 'key_env: MY_KEY', 'env: MY_KEY'])(
    'can be one for everything: %s',
    (line) => {
      const { apiKeys } = load(`server: { ${line} }`, { MY_KEY: 'k' }).compiled.server
      expect(apiKeys).toEqual([
        {
          id: `key_${sha256('k').slice(0, 8)}` as never,
          role: 'admin',
          tenant: undefined,
          project: undefined,
          sha256: sha256('k'),
        },
      ])
    },
  )

  test('can be listed, inline, from the environment and as hashes', () => {
    const text = [
      'api_keys:',
      '  - { key: a, prefix: first, tenant: t, project: p }',
      '  - { key_env: MY_KEY, role: operator }',
      `  - { key_hash: "sha256:${sha256('c')}", role: admin }`,
    ].join('\n')
    expect(load(text, { MY_KEY: 'b' }).compiled.server.apiKeys as unknown).toEqual([
      { id: 'first', role: 'client', tenant: 't', project: 'p', sha256: sha256('a') },
      { id: `key_${sha256('b').slice(0, 8)}`, role: 'operator', tenant: undefined, project: undefined, sha256: sha256('b') },
      { id: `key_${sha256('c').slice(0, 8)}`, role: 'admin', tenant: undefined, project: undefined, sha256: sha256('c') },
    ])
  })

  test('that share a prefix still have ids of their own', () => {
    const ids = load(
      'api_keys: [{ key: a, prefix: x }, { key: b, prefix: x }, { key: c, prefix: y }]',
    ).compiled.server.apiKeys.map(({ id }) => id as string)
    expect(ids).toEqual([`x-${sha256('a').slice(0, 8)}`, `x-${sha256('b').slice(0, 8)}`, 'y'])
  })

  test('are refused when two entries are the same key', () => {
    const { problems } = refused(loadConfigText(`api_keys: [{ key: a }, { key_hash: "sha256:${sha256('a')}" }]`))
    expect(problems).toMatchObject([{ path: 'api_keys[1]' }])
  })

  test.each([
    'server: { api_key_env: MISSING_KEY }',
    'server: { api_key: "${MISSING_KEY}" }',
    'server: { api_key: "" }',
    'api_keys: [{ key_env: MISSING_KEY }]',
  ])('that are configured and not there never leave the gateway open: %s', (text) => {
    const { problems } = refused(loadConfigText(text))
    expect(problems).toHaveLength(1)
    expect(problems[0]?.message).toContain('open to everybody')
  })

  test('beside one that is not there still work, with a warning', () => {
    const { compiled, warnings } = load('api_keys: [{ key_env: MISSING_KEY }, { key: a }]')
    expect(compiled.server.apiKeys).toHaveLength(1)
    expect(warnings).toMatchObject([{ path: 'api_keys[0].key_env', message: expect.stringContaining('MISSING_KEY') }])
  })
})

describe('server settings', () => {
  test('have their documented defaults', () => {
    expect(load('').compiled.server).toEqual({
      host: '127.0.0.1',
      port: 8765,
      egressEnabled: true,
      apiKeys: [],
      allowOpenAdmin: false,
      maxRequestBytes: 67_108_864,
      maxResponseBytes: 134_217_728,
      maxBufferedBytes: 1_073_741_824,
      maxJsonDepth: 200,
      maxJsonNodes: 1_000_000,
      stream: { commitAfterMs: 15_000, pingMs: 15_000, holdBytes: 262_144 },
      drainMs: 30_000,
      workers: 1,
      trustedProxies: [],
      publicUrl: undefined,
      basePath: '',
      tls: undefined,
      corsOrigins: [],
      idempotency: { leaseMs: 600_000, ttlMs: 86_400_000, maxKeys: 100_000, keepsAnswers: false },
      media: {
        hosts: [],
        maxBytes: 20_971_520,
        timeoutMs: 15_000,
        egress: { id: 'direct', proxy: 'environment', closed: undefined, publicOnly: true, trusted: [], headers: {} },
      },
    })
    expect(load('server: { media: { inline_urls: false } }').compiled.server.media).toBeUndefined()
  })

  test('are normalised', () => {
    const { server } = load(
      'server: { bind: "[::1]:80", max_request_bytes: null, base_path: /gw/, public_url: "https://x.example.com/gw/", cors: { origins: ["https://A.example.com"] }, trusted_proxies: ["10.0.0.0/8", "::1"] }',
    ).compiled
    expect(server).toMatchObject({
      host: '::1',
      port: 80,
      maxRequestBytes: undefined,
      basePath: '/gw',
      publicUrl: 'https://x.example.com/gw',
      corsOrigins: ['https://a.example.com'],
      trustedProxies: ['10.0.0.0/8', '::1'],
    })
    expect(load('server: { base_path: / }').compiled.server.basePath).toBe('')
  })

  test('may come from the environment, numbers and truth values included', () => {
    const text =
      'server: { bind: "${HOST:-127.0.0.1}:${PORT:-1}", max_json_depth: "${DEPTH:-7}", allow_open_admin: "${OPEN:-false}", timeouts: { total_ms: "${TOTAL:-null}" } }'
    expect(load(text).compiled.server).toMatchObject({ port: 1, maxJsonDepth: 7, allowOpenAdmin: false })
    expect(load(text, { PORT: '9', DEPTH: '8', OPEN: 'true', TOTAL: '5' }).compiled).toMatchObject({
      server: { port: 9, maxJsonDepth: 8, allowOpenAdmin: true },
      routing: { defaults: { timeouts: { totalMs: 5 } } },
    })
    expect(refused(loadConfigText(text, { env: { DEPTH: 'deep' } })).problems).toMatchObject([
      { path: 'server.max_json_depth', found: '"${DEPTH:-7}"' },
    ])
  })
})

describe('TLS files', () => {
  const text = 'server: { tls: { cert_file: tls/cert.pem, key_file: ~/key.pem } }'
  const cert = '-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n'
  const key = '-----BEGIN EC PRIVATE KEY-----\ncanary\n-----END EC PRIVATE KEY-----\n'

  test('are read beside the configuration, or below the home directory', () => {
    const extraFiles = { '/etc/gateway/tls/cert.pem': cert, '/home/someone/key.pem': key }
    const { tls } = loaded(loadConfigText(text, { extraFiles })).compiled.server
    expect(tls?.cert).toBe(cert)
    expect(tls?.key.reveal()).toBe(key)
    expect(JSON.stringify(tls)).not.toContain('canary')
  })

  test('that are missing or swapped are refused', () => {
    expect(refused(loadConfigText(text)).problems).toMatchObject([
      { path: 'server.tls.cert_file', message: expect.stringContaining('ENOENT') },
      { path: 'server.tls.key_file', message: expect.stringContaining('ENOENT') },
    ])
    const swapped = { '/etc/gateway/tls/cert.pem': key, '/home/someone/key.pem': cert }
    const { problems } = refused(loadConfigText(text, { extraFiles: swapped }))
    expect(problems).toHaveLength(2)
    expect(JSON.stringify(problems)).not.toContain('canary')
  })
})

test('state lives in memory, in a named file, or in the usual place', () => {
  expect(load('').compiled.state).toEqual({
    store: undefined,
    shared: undefined,
    retentionMs: 30 * 86_400_000,
    auditRetentionMs: 365 * 86_400_000,
    ledger: { enabled: true, required: false, keepEntriesMs: 400 * 86_400_000, keepRollupsMs: 400 * 86_400_000 },
  })
  expect(load('state: { store: memory }\nretention: { requests: forever, audit: forever }').compiled.state).toMatchObject({
    store: 'memory',
    shared: undefined,
    retentionMs: undefined,
    auditRetentionMs: undefined,
  })
  expect(load('state: { store: data/x.db }\nretention: { requests: 12h }').compiled.state).toMatchObject({
    store: '/etc/gateway/data/x.db',
    shared: undefined,
    retentionMs: 12 * 3_600_000,
    auditRetentionMs: 365 * 86_400_000,
  })
  expect(load('ledger: { required: true }\nretention: { ledger: 2w, rollups: forever }').compiled.state.ledger).toEqual({
    enabled: true,
    required: true,
    keepEntriesMs: 14 * 86_400_000,
    keepRollupsMs: undefined,
  })
  expect(load('state: { store: ~/x.db }').compiled.state.store).toBe('/home/someone/x.db')
})
