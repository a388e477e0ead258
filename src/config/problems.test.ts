import { describe, expect, test } from 'bun:test'
import { loadConfigText, loaded, refused } from '../../test/support/load-config-text.ts'
import { formatProblem } from './problem.ts'

const PROVIDER = 'providers:\n  - { id: mock, type: mock }\n'

/** The only problem of a refused configuration. */
function soleProblem(text: string) {
  const { problems } = refused(loadConfigText(text))
  expect(problems.map(formatProblem)).toHaveLength(1)
  return problems[0]
}

describe('a problem', () => {
  test('names file, line, column, path, what was expected and what was found', () => {
    expect(soleProblem('server:\n  timeouts:\n    connect_ms: soon\n')).toEqual({
      file: '/etc/gateway/switchback.yaml',
      line: 3,
      column: 17,
      path: 'server.timeouts.connect_ms',
      message: 'Expected a whole number of milliseconds, found "soon".',
      expected: 'a whole number of milliseconds',
      found: '"soon"',
      suggestion: undefined,
    })
  })

  test('is one line of text', () => {
    const { problems } = refused(loadConfigText('server:\n  bidn: "x"\n'))
    expect(problems.map(formatProblem)).toEqual([
      '/etc/gateway/switchback.yaml:2:3: server.bidn: Unknown key "bidn". Did you mean bind?',
    ])
  })

  test.each([
    ['server: { bidn: "127.0.0.1:1" }', 'server.bidn', 'bind'],
    ['server: { port: 80 }', 'server.port', 'bind'],
    ['server: { timeouts: { idle_ms: 5 } }', 'server.timeouts.idle_ms', 'read_ms'],
    ['provider: []', 'provider', 'providers'],
    ['providers: [{ id: a, type: openai, apiKey: x }]', 'providers[0].apiKey', 'api_key'],
    ['providers: [{ id: a, type: openai_compatible, url: "https://x.example.com" }]', 'providers[0].url', 'base_url'],
    [
      'providers: [{ id: a, type: mock, accounts: [{ id: b, auth: { keyenv: X } }] }]',
      'providers[0].accounts[0].auth.keyenv',
      'key_env',
    ],
    [
      'providers: [{ id: a, type: mock, quirks: { max_token_field: max_tokens } }]',
      'providers[0].quirks.max_token_field',
      'max_tokens_field',
    ],
    ['providers: [{ id: a, type: mock, models: [{ name: x, delay: 3 }] }]', 'providers[0].models[0].delay', 'delay_ms'],
    [`${PROVIDER}routes: [{ name: x, match: { model: y }, target: [mock/echo] }]`, 'routes[0].target', 'targets'],
    [`${PROVIDER}routes: [{ name: x, match: { modle: y }, targets: [mock/echo] }]`, 'routes[0].match.modle', 'model'],
    ['bind: "127.0.0.1:1"', 'bind', 'server.bind'],
    ['wholly_unknown: 1', 'wholly_unknown', undefined],
  ])('about an unknown key suggests the valid one: %s', (text, path, suggestion) => {
    expect(soleProblem(text)).toMatchObject({ path, suggestion })
  })

  test.each([
    ['providers: [{ id: a, type: mokc }]', 'providers[0].type', 'mock'],
    ['providers: [{ id: a, type: openai, format: respones }]', 'providers[0].format', 'responses'],
    ['server: { translation: strikt }', 'server.translation', 'strict'],
  ])('about an unknown value suggests the valid one: %s', (text, path, suggestion) => {
    expect(soleProblem(text)).toMatchObject({ path, suggestion })
  })

  test.each([
    ['server: 3', 'server'],
    ['server: { bind: localhost }', 'server.bind'],
    ['server: { bind: "127.0.0.1:99999" }', 'server.bind'],
    ['server: { bind: "[nonsense]:1" }', 'server.bind'],
    ['server: { timeouts: { connect_ms: 0 } }', 'server.timeouts.connect_ms'],
    ['server: { timeouts: { read_ms: 99999999999 } }', 'server.timeouts.read_ms'],
    ['server: { max_request_bytes: 1.5 }', 'server.max_request_bytes'],
    ['server: { max_json_depth: .inf }', 'server.max_json_depth'],
    ['server: { retry: { max_retries: 11 } }', 'server.retry.max_retries'],
    ['server: { base_path: gateway }', 'server.base_path'],
    ['server: { public_url: example.com }', 'server.public_url'],
    ['server: { cors: { origins: ["*"] } }', 'server.cors.origins[0]'],
    ['server: { cors: { origins: ["https://x.example.com/path"] } }', 'server.cors.origins[0]'],
    ['server: { trusted_proxies: [10.0.0.0/33] }', 'server.trusted_proxies[0]'],
    ['server: { trusted_proxies: [proxy.local] }', 'server.trusted_proxies[0]'],
    ['server: { tls: { cert_file: a.pem } }', 'server.tls.key_file'],
    ['server: { allow_open_admin: "yes" }', 'server.allow_open_admin'],
    ['providers: { mock: {} }', 'providers'],
    ['providers: [text]', 'providers[0]'],
    ['providers: [{ type: mock }]', 'providers[0].id'],
    ['providers: [{ id: a/b, type: mock }]', 'providers[0].id'],
    ['providers: [{ id: combo, type: mock }]', 'providers[0].id'],
    ['providers: [{ id: a }]', 'providers[0].type'],
    ['providers: [{ id: a, type: openai_compatible }]', 'providers[0]'],
    ['providers: [{ id: a, type: openai_compatible, base_url: "localhost:8000/v1" }]', 'providers[0].base_url'],
    ['providers: [{ id: a, type: mock, auth_scheme: { kind: header } }]', 'providers[0].auth_scheme.name'],
    ['providers: [{ id: a, type: mock, headers: { "bad name": x } }]', 'providers[0].headers["bad name"]'],
    ['providers: [{ id: a, type: mock, headers: { x: "a\\nb" } }]', 'providers[0].headers.x'],
    ['providers: [{ id: a, type: mock, headers: { X-Api-Key: b } }]', 'providers[0].headers.X-Api-Key'],
    ['providers: [{ id: a, type: mock, models: [{ text: x }] }]', 'providers[0].models[0]'],
    ['providers: [{ id: a, type: openai, models: [{ name: x, text: y }] }]', 'providers[0].models[0]'],
    ['providers: [{ id: a, type: mock, capabilities: { vision_in: maybe } }]', 'providers[0].capabilities.vision_in'],
    ['providers: [{ id: a, type: mock }, { id: a, type: mock }]', 'providers[1].id'],
    ['providers: [{ id: a, type: mock, accounts: [{ id: b }, { id: b }] }]', 'providers[0].accounts[1].id'],
    ['providers: [{ id: a, type: mock, accounts: [{ id: b, auth: { kind: api_key } }] }]', 'providers[0].accounts[0].auth'],
    [
      'providers: [{ id: a, type: mock, accounts: [{ id: b, auth: { kind: none, key_env: X } }] }]',
      'providers[0].accounts[0].auth.key_env',
    ],
    [
      'providers: [{ id: a, type: mock, accounts: [{ id: b, key_env: X, auth: { key_env: X } }] }]',
      'providers[0].accounts[0].key_env',
    ],
    ['providers: [{ id: a, type: mock, api_key_env: X, key_env: Y }]', 'providers[0].api_key_env'],
    [`${PROVIDER}routes: [{ name: x, targets: [mock/echo] }]`, 'routes[0].match'],
    [`${PROVIDER}routes: [{ name: x, match: { model: y }, targets: [] }]`, 'routes[0].targets'],
    [`${PROVIDER}routes: [{ name: x, match: { model: y }, targets: [echo] }]`, 'routes[0].targets[0]'],
    [`${PROVIDER}routes: [{ name: x, match: { model: y }, targets: [mokc/echo] }]`, 'routes[0].targets[0]'],
    [`${PROVIDER}server: { default_provider: nobody }`, 'server.default_provider'],
    ['api_keys: [{ prefix: x }]', 'api_keys[0]'],
    ['api_keys: [{ key: abc, key_env: X }]', 'api_keys[0]'],
    ['api_keys: [{ key_hash: "sha256:12" }]', 'api_keys[0].key_hash'],
    ['api_keys: [{ key: abc, role: god }]', 'api_keys[0].role'],
    ['api_keys: [{ key: abc, tenant: b }]\ntenants: [{ id: a }]', 'api_keys[0].tenant'],
    ['tenants: [{ id: a }, { id: a }]', 'tenants[1].id'],
    ['state: { coordination: redis }', 'state.coordination'],
    ['retention: { requests: 30 }', 'retention.requests'],
    ['retention: { requests: 0d }', 'retention.requests'],
    ['providers: [{ id: a, type: vertex, project: x }]', 'providers[0]'],
    ['providers: [{ id: a, type: azure }]', 'providers[0]'],
    ['providers: [{ id: a, type: openai, region: x }]', 'providers[0].region'],
    ['providers: [{ id: a, type: mock, accounts: [{ id: b, auth: { kind: ouath } }] }]', 'providers[0].accounts[0].auth.kind'],
    ['__proto__: { a: 1 }', '__proto__'],
    ['providers: [{ id: a, type: mock, headers: { __proto__: x } }]', 'providers[0].headers.__proto__'],
    ['providers: [{ id: a, type: mock, constructor: { prototype: 1 } }]', 'providers[0].constructor'],
    ['server: { public_url: "${NOPE}" }', 'server.public_url'],
    ['server: { base_path: "/${x" }', 'server.base_path'],
  ])('is found in %s', (text, path) => {
    expect(refused(loadConfigText(text)).problems.map((problem) => problem.path)).toContain(path)
  })

  test('about a duplicate key or broken syntax has a line', () => {
    expect(soleProblem('server: {}\nserver: {}\n')).toMatchObject({ line: 2, message: expect.stringContaining('stands twice') })
    expect(soleProblem('server: {}\n\tx: 1\n')).toMatchObject({ line: 2, message: expect.stringContaining('tabs') })
  })
})

describe('all problems of a file', () => {
  test('are told at once, in the order of the file', () => {
    const text = [
      'server:', // 1
      '  bidn: "127.0.0.1:1"',
      '  timeouts: { connect_ms: 0, raed_ms: 5 }', // 3
      'server: {}',
      'providers:', // 5
      '  - { type: openai }',
      '  - { id: a/b, type: mock, accounts: [{ id: x }, { id: x }] }', // 7
      '  - { id: or, type: openai_compatible, base_ulr: "ftp://x" }',
      '  - just text', // 9
      '  - { id: last, type: comfyui }',
      'routes:', // 11
      '  - { name: r, match: { model: "*" }, targets: [mokc/echo, last/x] }',
      '  - { name: r, match: { model: "*" }, targets: [oops], translation: no }', // 13
      'api_keys: [{ key_hash: short }]',
      'state: { store: ["x"] }', // 15
    ].join('\n')
    const { problems } = refused(loadConfigText(text))
    expect(problems.map(({ line, path }) => [line, path])).toEqual([
      [4, ''],
      [6, 'providers[0].id'],
      [7, 'providers[1].id'],
      [7, 'providers[1].accounts[1].id'],
      [8, 'providers[2].base_ulr'],
      [9, 'providers[3]'],
      [10, 'providers[4].type'],
      [12, 'routes[0].targets[0]'],
      [13, 'routes[1].name'],
      [13, 'routes[1].match.model'],
      [13, 'routes[1].targets[0]'],
      [13, 'routes[1].translation'],
      [14, 'api_keys[0].key_hash'],
      [15, 'state.store'],
    ])
  })

  test('do not name a target wrong because its provider could not be read', () => {
    const text = 'providers: [{ id: a, type: mokc }]\nroutes: [{ name: r, match: { model: x }, targets: [a/b] }]'
    expect(soleProblem(text)).toMatchObject({ path: 'providers[0].type' })
  })

  test('do not repeat what a mistyped key explains already', () => {
    expect(soleProblem('providers: [{ id: a, type: openai_compatible, base_urll: "https://x.example.com/v1" }]')).toMatchObject({
      suggestion: 'base_url',
    })
    expect(soleProblem('api_keys: [{ key_hsah: "sha256:12" }]')).toMatchObject({ suggestion: 'key_hash' })
  })
})

test('provider formats are read in any case', () => {
  const { compiled } = loaded(
    loadConfigText('providers: [{ id: a, type: openai_compatible, format: Anthropic, base_url: "https://x.example.com" }]'),
  )
  expect(compiled.providers[0]?.format).toBe('anthropic')
})
