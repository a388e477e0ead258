import { describe, expect, test } from 'bun:test'
import { loadConfigText, loaded, refused } from '../../test/support/load-config-text.ts'
import type { Environment } from './env.ts'

/** The one provider of a file whose `providers` hold just this entry. */
function provider(entry: string, env: Environment = {}) {
  const { compiled, warnings } = loaded(loadConfigText(`providers: [{ id: p, ${entry} }]`, { env }))
  const [settings] = compiled.providers
  if (settings === undefined) throw new Error('no provider')
  const facts = compiled.routing.providers.get(settings.id)
  return { settings, facts, warnings: warnings.map(({ message }) => message) }
}

const keysOf = (settings: { accounts: readonly { apiKey: { reveal(): string } | undefined }[] }) =>
  settings.accounts.map(({ apiKey }) => apiKey?.reveal())

describe('addresses of providers', () => {
  test.each([
    ['type: openai', 'https://api.openai.com/v1', 'openai'],
    ['type: openai, format: responses', 'https://api.openai.com/v1', 'responses'],
    ['type: openai, base_url: "https://proxy.example.com"', 'https://proxy.example.com/v1', 'openai'],
    ['type: anthropic', 'https://api.anthropic.com', 'anthropic'],
    ['type: anthropic, base_url: "https://api.anthropic.com/v1/"', 'https://api.anthropic.com', 'anthropic'],
    ['type: anthropic, base_url: "https://api.anthropic.com/v1/messages"', 'https://api.anthropic.com', 'anthropic'],
    ['type: anthropic, format: openai', 'https://api.anthropic.com/v1', 'openai'],
    ['type: openai_compatible, base_url: "https://api.deepseek.com/"', 'https://api.deepseek.com', 'openai'],
    ['type: openai_compatible, base_url: "http://localhost:8000/v1/chat/completions"', 'http://localhost:8000/v1', 'openai'],
    [
      'type: openai_compatible, format: anthropic, base_url: "https://x.example.com/anthropic"',
      'https://x.example.com/anthropic',
      'anthropic',
    ],
    [
      'type: openai_compatible, base_url: "https://x.example.com/v1?api-version=1"',
      'https://x.example.com/v1?api-version=1',
      'openai',
    ],
    ['type: mock', '', 'openai'],
  ] as const)('of {%s} are %s, speaking %s', (entry, baseUrl, format) => {
    const { settings } = provider(entry)
    expect(settings.baseUrl).toBe(baseUrl)
    expect(settings.format).toBe(format)
  })

  test('decide whether the vendor itself is behind them', () => {
    expect(provider('type: openai').facts?.firstParty).toBe(true)
    expect(provider('type: openai, base_url: "https://eu.api.openai.com/v1"').facts?.firstParty).toBe(true)
    expect(provider('type: anthropic').facts?.firstParty).toBe(true)
    expect(provider('type: openai, base_url: "https://proxy.example.com/v1"').facts?.firstParty).toBe(false)
    expect(provider('type: openai, base_url: "https://api.openai.com.evil.example/v1"').facts?.firstParty).toBe(false)
    expect(provider('type: anthropic, format: openai').facts?.firstParty).toBe(false)
    expect(provider('type: openai_compatible, base_url: "https://api.openai.com/v1"').facts?.firstParty).toBe(true)
    const declared = provider('type: anthropic, base_url: "https://proxy.example.com", quirks: { first_party: true }')
    expect(declared.facts?.firstParty).toBe(true)
    expect(declared.settings.quirks).toEqual({ firstParty: true })
  })

  test('that lead back to the gateway are refused', () => {
    for (const url of ['http://127.0.0.1:8765/v1', 'http://localhost:8765', 'http://[::1]:8765/v1']) {
      const { problems } = refused(loadConfigText(`providers: [{ id: p, type: openai_compatible, base_url: "${url}" }]`))
      expect(problems[0]).toMatchObject({ path: 'providers[0].base_url', message: expect.stringContaining('round for ever') })
    }
    loaded(loadConfigText('providers: [{ id: p, type: openai_compatible, base_url: "http://127.0.0.1:8766/v1" }]'))
    loaded(loadConfigText('providers: [{ id: p, type: openai_compatible, base_url: "http://192.168.1.2:8765/v1" }]'))
  })
})

describe('credentials of providers', () => {
  test('are sent the way the vendor expects unless something else is said', () => {
    expect(provider('type: openai').settings.authScheme).toEqual({ kind: 'bearer' })
    expect(provider('type: anthropic').settings.authScheme).toEqual({ kind: 'header', name: 'x-api-key' })
    expect(provider('type: anthropic, format: openai').settings.authScheme).toEqual({ kind: 'bearer' })
    expect(provider('type: mock').settings.authScheme).toEqual({ kind: 'none' })
    expect(provider('type: openai, auth_scheme: { kind: query, name: key }').settings.authScheme).toEqual({
      kind: 'query',
      name: 'key',
    })
  })

  test.each([
    'api_key_env: MY_KEY',
    'key_env: MY_KEY',
    'env: MY_KEY',
    'api_key: "${MY_KEY}"',
    'accounts: [{ id: a, auth: { kind: api_key, key_env: MY_KEY } }]',
    'accounts: [{ id: a, auth: { kind: api_key, env: MY_KEY } }]',
    'accounts: [{ id: a, auth: { api_key_env: MY_KEY } }]',
    'accounts: [{ id: a, auth: { inline: "${MY_KEY}" } }]',
    'accounts: [{ id: a, key_env: MY_KEY }]',
    'api_key_env: MY_KEY, accounts: [{ id: a }]',
    'api_key_env: MY_KEY, env: MY_KEY',
  ])('can be named as %s', (entry) => {
    expect(keysOf(provider(`type: openai, ${entry}`, { MY_KEY: ' k-1\n' }).settings)).toEqual(['k-1'])
  })

  test('that are not in the environment skip their account, loudly, and nothing else', () => {
    const { settings, warnings } = provider(
      'type: openai, accounts: [{ id: a, key_env: MISSING_KEY }, { id: b, key_env: MY_KEY }]',
      { MY_KEY: 'k' },
    )
    expect(keysOf(settings)).toEqual(['k'])
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toContain('Account a of provider p is skipped: the environment variable MISSING_KEY is not set')
  })

  test('that are missing altogether leave a provider without accounts, and the gateway starts', () => {
    const { compiled, warnings } = loaded(
      loadConfigText(
        'providers: [{ id: p, type: openai, key_env: MISSING_KEY }]\nroutes: [{ name: d, match: { model: "*" }, targets: [p/x] }]',
      ),
    )
    expect(compiled.providers[0]?.accounts).toEqual([])
    expect(compiled.routing.wildcard?.targets).toHaveLength(1)
    expect(warnings).toHaveLength(1)
  })

  test('of a vendor have a usual variable, used only at the address of the vendor', () => {
    expect(keysOf(provider('type: anthropic', { ANTHROPIC_API_KEY: 'k' }).settings)).toEqual(['k'])
    expect(provider('type: anthropic').warnings[0]).toContain('ANTHROPIC_API_KEY is not set')
    expect(
      keysOf(provider('type: anthropic, base_url: "https://proxy.example.com"', { ANTHROPIC_API_KEY: 'k' }).settings),
    ).toEqual([undefined])
  })

  test('are not needed by servers of your own', () => {
    const { settings, warnings } = provider('type: openai_compatible, base_url: "http://localhost:8000/v1"')
    expect(keysOf(settings)).toEqual([undefined])
    expect(warnings).toEqual([])
    expect(
      keysOf(provider('type: openai_compatible, base_url: "http://localhost:8000/v1", api_key: "${NOPE:-}"').settings),
    ).toEqual([undefined])
  })

  test('prefer the variable to the written text', () => {
    const entry = 'type: openai, api_key: written, api_key_env: MY_KEY'
    expect(keysOf(provider(entry, { MY_KEY: 'from-variable' }).settings)).toEqual(['from-variable'])
    expect(keysOf(provider(entry).settings)).toEqual(['written'])
  })

  test('with characters no header can carry are refused', () => {
    const { problems } = refused(loadConfigText('providers: [{ id: p, type: openai, key_env: K }]', { env: { K: 'two words' } }))
    expect(problems[0]?.message).toContain('no header can carry')
  })

  test('that nobody uses, and that travel in the clear, are worth a warning', () => {
    expect(provider('type: openai, api_key: a, accounts: [{ id: x, api_key: b }]').warnings[0]).toContain('used by none')
    expect(provider('type: openai, base_url: "http://far.example.com/v1", api_key: a').warnings[0]).toContain('plain HTTP')
    for (const near of ['http://localhost:1/v1', 'http://10.1.2.3/v1', 'http://vllm:8000/v1', 'http://x.internal/v1']) {
      expect(provider(`type: openai, base_url: "${near}", api_key: a`).warnings).toEqual([])
    }
  })
})

describe('accounts', () => {
  test('stand in the order of their priority', () => {
    const { settings, facts } = provider('type: mock, accounts: [{ id: c, priority: 5 }, { id: a }, { id: b, priority: -1 }]')
    expect(settings.accounts.map(({ id }) => id as string)).toEqual(['b', 'a', 'c'])
    expect(facts?.accounts.map(({ id }) => id as string)).toEqual(['b', 'a', 'c'])
  })

  test('of a kind that needs no key have none, also beside a key of the provider', () => {
    expect(keysOf(provider('type: openai, api_key: a, accounts: [{ id: x, auth: { kind: none } }, { id: y }]').settings)).toEqual(
      [undefined, 'a'],
    )
  })
})

test('capabilities, quirks and scripted models keep their meaning under new names', () => {
  const { settings } = provider(
    'type: mock, capabilities: { vision_in: false, max_context_tokens: 10 }, quirks: { max_tokens_field: max_tokens, developer_role: true }, ' +
      'models: [plain, { name: s, fail_status: 503, fail_times: 2, cut_after_chunks: 1 }]',
  )
  expect(settings.capabilities).toMatchObject({ visionIn: false, maxContextTokens: 10, audioIn: undefined })
  expect(settings.quirks).toEqual({ maxTokensField: 'max_tokens', developerRole: true, firstParty: false })
  expect(settings.mockModels).toMatchObject([{ name: 's', failStatus: 503, failTimes: 2, cutAfterChunks: 1 }])
})

describe('formats that are not named', () => {
  const entry = (text: string): string => `providers: [{ id: p, type: openai_compatible, auth_scheme: { kind: none }, ${text} }]`

  test.each([
    ['base_url: "https://x.example.com/anthropic"', 'anthropic'],
    ['base_url: "https://x.example.com/v1/messages"', 'anthropic'],
    ['base_url: "https://x.example.com/v1/responses/"', 'responses'],
    ['base_url: "https://generativelanguage.googleapis.com/v1beta"', 'gemini'],
  ])('are told where the address looks like another one: %s', (text, likely) => {
    expect(loaded(loadConfigText(entry(text))).warnings).toMatchObject([
      { path: 'providers[0].base_url', message: expect.stringContaining(`format: ${likely}`) },
    ])
  })

  test.each([
    'base_url: "https://x.example.com/v1"',
    'base_url: "https://generativelanguage.googleapis.com/v1beta/openai"',
    'base_url: "https://x.example.com/anthropic", format: openai',
    'base_url: "https://x.example.com/anthropic", format: auto',
    'base_url: "https://anthropic.example.com/v1"',
  ])('are Chat Completions without a word elsewhere: %s', (text) => {
    expect(loaded(loadConfigText(entry(text))).warnings).toEqual([])
  })

  test('are looked for with auto, in any case, of providers without a vendor', () => {
    const { compiled } = loaded(loadConfigText(entry('base_url: "https://x.example.com/v1", format: Auto')))
    expect(compiled.providers[0]).toMatchObject({ format: 'openai', findsFormat: true })
    expect(compiled.routing.findsFormats).toBe(true)
    expect(refused(loadConfigText('providers: [{ id: p, type: anthropic, format: auto, api_key: x }]')).problems).toMatchObject([
      { path: 'providers[0].format' },
    ])
  })
})
