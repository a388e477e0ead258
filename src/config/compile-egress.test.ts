import { describe, expect, test } from 'bun:test'
import { loadConfigText, loaded, refused } from '../../test/support/load-config-text.ts'
import type { EgressPath } from '../transport/egress.settings.schema.ts'
import { redactedConfig } from './redact.ts'

type Options = Parameters<typeof loadConfigText>[1]

const provider = (extra = ''): string =>
  `providers: [{ id: p, type: openai_compatible, base_url: 'https://api.example/v1', auth_scheme: { kind: none }${extra} }]\n`

/** The way of the only account. */
function wayOf(text: string, options?: Options): EgressPath | undefined {
  return loaded(loadConfigText(text, options)).compiled.providers[0]?.accounts[0]?.egress
}

const problemsOf = (text: string, options?: Options): string[] =>
  refused(loadConfigText(text, options)).problems.map(({ path, message }) => `${path}: ${message}`)

describe('the way out of an account', () => {
  test('is nobody’s business where nothing was said', () => {
    expect(wayOf(provider())).toBeUndefined()
    expect(wayOf(`egress: [{ id: a, url: 'http://proxy' }]\n${provider()}`)).toBeUndefined()
  })

  test.each([
    ['http://proxy', { protocol: 'http', host: 'proxy', port: 80 }],
    ['https://proxy.example:8443/', { protocol: 'https', host: 'proxy.example', port: 8443 }],
    ['socks5://127.0.0.1', { protocol: 'socks5', host: '127.0.0.1', port: 1080 }],
    ['socks5h://[::1]:9050', { protocol: 'socks5h', host: '::1', port: 9050 }],
    ['http://me@proxy', { user: 'me', password: undefined }],
  ])('leads through %s', (url, proxy) => {
    expect(wayOf(`egress: [{ id: a, url: '${url}' }]\n${provider(', egress: a')}`)).toMatchObject({ id: 'a', proxy })
  })

  test('has user and password decoded, and shows them nowhere', () => {
    const text = `egress: [{ id: a, url: 'http://me%40x:p%3Ass%20word@proxy:1' }]\n${provider(', egress: a')}`
    const way = wayOf(text)
    expect(way?.proxy).toMatchObject({ user: 'me@x' })
    expect(typeof way?.proxy === 'object' && way.proxy.password?.reveal()).toBe('p:ss word')
    expect(Bun.inspect(way)).not.toContain('p:ss')
    expect(JSON.stringify(redactedConfig(loaded(loadConfigText(text)).config))).not.toMatch(/p%3Ass|me%40x/)
  })

  test('comes from a variable before what is written, and is closed without it', () => {
    const text = `egress: [{ id: a, url_env: P, url: 'http://written' }]\n${provider(', egress: a')}`
    expect(wayOf(text, { env: { P: 'http://named' } })).toMatchObject({ proxy: { host: 'named' } })
    expect(wayOf(text)).toMatchObject({ proxy: { host: 'written' } })
    const { compiled, warnings } = loaded(loadConfigText(`egress: [{ id: a, url_env: P }]\n${provider(', egress: a')}`))
    expect(compiled.providers[0]?.accounts[0]?.egress).toMatchObject({ closed: expect.stringContaining('has no address') })
    expect(warnings).toMatchObject([{ path: 'egress[0].url_env', message: expect.stringContaining('P is not set') }])
  })

  test('is shared by all who leave the same way, and guarded where the server says so', () => {
    const { compiled } = loaded(
      loadConfigText(
        `server: { block_private_networks: true }\n${provider(', accounts: [{ id: a, api_key: x }, { id: b, api_key: y }, { id: c, api_key: z, egress: direct }]')}`,
      ),
    )
    const [a, b, c] = compiled.providers[0]?.accounts ?? []
    expect(a?.egress).toMatchObject({ id: 'direct', proxy: 'environment', publicOnly: true })
    expect(b?.egress).toBe(a?.egress)
    expect(c?.egress).toMatchObject({ id: 'direct', proxy: undefined, publicOnly: true })
  })

  test('trusts the certificates of its egress and its provider', () => {
    const pem = (name: string): string => `-----BEGIN CERTIFICATE-----\n${name}\n-----END CERTIFICATE-----\n`
    const extraFiles = { '/etc/gateway/a.pem': pem('a'), '/etc/gateway/p.pem': pem('p') }
    const text = `egress: [{ id: a, kind: direct, ca_file: a.pem }]\n${provider(', egress: a, ca_file: p.pem')}`
    expect(wayOf(text, { extraFiles })?.trusted).toEqual([pem('a'), pem('p')])
    expect(problemsOf(text)).toEqual([
      expect.stringContaining('egress[0].ca_file: The file'),
      expect.stringContaining('providers[0].ca_file: The file'),
    ])
  })
})

describe('mistakes in ways out', () => {
  test.each([
    [`egress: [{ id: a, url: 'http://x' }]\n${provider(', egress: b')}`, 'providers[0].egress: There is no egress of this name'],
    [`server: { default_egress: nobody }\n${provider()}`, 'server.default_egress: There is no egress'],
    [provider(', accounts: [{ id: a, api_key: x, egress: b }]'), 'providers[0].accounts[0].egress: There is no egress'],
    ['egress: [{ id: direct, kind: direct }]', 'egress[0].id: '],
    ["egress: [{ id: a, url: 'http://x' }, { id: a, url: 'http://y' }]", 'egress[1].id: Two entries'],
    ['egress: [{ id: a }]', 'egress[0]: The proxy has no address'],
    ["egress: [{ id: a, url: 'ftp://proxy' }]", 'egress[0].url: The address of the proxy is none'],
    ["egress: [{ id: a, url: 'http://proxy/path' }]", 'egress[0].url: The address of the proxy is none'],
    ["egress: [{ id: a, url: 'http://%zz@proxy' }]", 'egress[0].url: The address of the proxy is none'],
    ["egress: [{ id: a, url: 'SECRET' }]", 'egress[0].url: The address of the proxy is none'],
    ['egress: [{ id: a, kind: direct, headers: { authorization: SECRET } }]', 'egress[0].headers.authorization: '],
    ['egress: [{ id: a, kind: direct, headers: { X-API-Key: SECRET } }]', 'egress[0].headers.X-API-Key: '],
    ['egress: [{ id: a, kind: direct, user_agent: "a\\r\\nx: y" }]', 'egress[0].user_agent: '],
  ])('are told: %s', (text, told) => {
    const problems = problemsOf(text)
    expect(problems).toEqual([expect.stringContaining(told)])
    expect(problems.join()).not.toContain('SECRET')
  })

  test('that would refuse every call are told as a warning', () => {
    const text = `server: { block_private_networks: true }\nproviders: [{ id: p, type: openai_compatible, base_url: 'http://127.0.0.1:1/v1', auth_scheme: { kind: none } }]`
    expect(loaded(loadConfigText(text)).warnings).toMatchObject([{ path: 'providers[0].base_url' }])
  })
})

describe('services of the operator', () => {
  const ways = (text: string): (EgressPath | undefined)[] => {
    const { telemetry, alerts } = loaded(loadConfigText(text)).compiled
    return [...telemetry.otlp, ...alerts.webhooks].map(({ egress }) => egress)
  }
  const services = (host: string): string =>
    `telemetry: { otlp: [{ endpoint: 'http://${host}' }] }\nalerts: { webhooks: [{ id: w, url: 'http://${host}/hook' }] }\n`
  const withDefault = (host: string): string =>
    `egress: [{ id: a, url: 'http://proxy.example' }]\nserver: { default_egress: a }\n${services(host)}${provider()}`

  test('are reached by the default way, webhooks on the public internet only', () => {
    expect(ways(withDefault('far.example'))).toMatchObject([
      { id: 'a', proxy: { host: 'proxy.example' }, publicOnly: false },
      { id: 'a', proxy: { host: 'proxy.example' }, publicOnly: true },
    ])
    expect(ways(`${services('far.example')}${provider()}`)).toMatchObject([
      { id: 'direct', proxy: 'environment', publicOnly: false },
      { id: 'direct', proxy: 'environment', publicOnly: true },
    ])
  })

  test.each(['127.0.0.1:4318', 'collector.internal', '10.0.0.1'])('are reached without a proxy at %s', (host) => {
    expect(ways(withDefault(host)).map((way) => way?.id)).toEqual(['direct', 'direct'])
  })
})

describe('a gateway that others reach', () => {
  const warned = (text: string): boolean =>
    loaded(loadConfigText(text)).warnings.some(({ path }) => path === 'server.block_private_networks')
  const bind = (address: string, more = ''): string =>
    `server: { bind: '${address}', allow_open_admin: true${more} }\n${provider()}`

  test('is told when its providers may lead into private networks', () => {
    expect(warned(bind('0.0.0.0:80'))).toBe(true)
    expect(warned(bind('0.0.0.0:80', ', block_private_networks: true'))).toBe(false)
    expect(warned(bind('0.0.0.0:80', ', block_private_networks: false'))).toBe(false)
    expect(warned(bind('127.0.0.1:80'))).toBe(false)
    expect(warned("server: { bind: '0.0.0.0:80', allow_open_admin: true }\nproviders: [{ id: mock, type: mock }]\n")).toBe(false)
  })
})
