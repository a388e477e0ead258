import { describe, expect, test } from 'bun:test'
import { loadConfigText, loaded } from '../../test/support/load-config-text.ts'

const routingOf = (text: string) =>
  loaded(loadConfigText(`providers: [{ id: mock, type: mock, models: [{ name: s }] }]\n${text}`)).compiled.routing

describe('routes', () => {
  test('are found by their model name and by every alias', () => {
    const { routes, wildcard } = routingOf(
      'routes: [{ name: r, match: { model: fast }, aliases: [quick, "a/b"], targets: [mock/echo, mock/x/y] }]',
    )
    expect([...routes.keys()]).toEqual(['fast', 'quick', 'a/b'])
    expect(routes.get('quick')).toBe(routes.get('fast'))
    expect(routes.get('fast')?.targets).toMatchObject([
      { id: 'mock/echo', provider: 'mock', model: 'echo', format: 'openai' },
      { id: 'mock/x/y', model: 'x/y' },
    ])
    expect(wildcard).toBeUndefined()
  })

  test('inherit what they do not say themselves', () => {
    const { routes, defaults } = routingOf(
      [
        'server: { timeouts: { read_ms: 1, total_ms: 5 }, retry: { max_retries: 3 }, translation: strict }',
        'routes:',
        '  - { name: a, match: { model: a }, targets: [mock/echo] }',
        '  - { name: b, match: { model: b }, targets: [mock/echo], timeouts: { first_token_ms: 2, total_ms: null }, retry: { max_retries: 0 },',
        '      translation: allow, response_model: served, require: { min_context_tokens: 9 } }',
      ].join('\n'),
    )
    expect(defaults).toMatchObject({
      timeouts: { connectMs: 10_000, firstTokenMs: 120_000, idleMs: 1, totalMs: 5 },
      maxRetries: 3,
      translation: 'strict',
      responseModel: 'requested',
    })
    expect(routes.get('a')).toMatchObject({ ...defaults, requirements: { minContextTokens: undefined } })
    expect(routes.get('b')).toMatchObject({
      timeouts: { connectMs: 10_000, firstTokenMs: 2, idleMs: 1, totalMs: undefined },
      maxRetries: 0,
      translation: 'allow',
      responseModel: 'served',
      requirements: { minContextTokens: 9 },
    })
  })

  test('try a repeated target once', () => {
    const result = loaded(
      loadConfigText(
        'providers: [{ id: mock, type: mock }]\nroutes: [{ name: r, match: { model: a }, targets: [mock/x, mock/x] }]',
      ),
    )
    expect(result.compiled.routing.routes.get('a')?.targets).toHaveLength(1)
    expect(result.warnings).toMatchObject([{ path: 'routes[0].targets[1]' }])
  })

  test('called __proto__ or constructor are ordinary names', () => {
    const { routes } = routingOf(
      'routes: [{ name: r, match: { model: constructor }, aliases: [__proto__], targets: [mock/echo] }]',
    )
    expect([...routes.keys()]).toEqual(['constructor', '__proto__'])
    expect(routes.get('toString')).toBeUndefined()
  })
})

test('the model list holds names, targets and models of providers, each once and in this order', () => {
  const { modelIds } = routingOf(
    [
      'routes:',
      '  - { name: d, match: { model: "*" }, targets: [mock/echo] }',
      '  - { name: f, match: { model: fast }, aliases: [quick], targets: [mock/z, mock/echo] }',
    ].join('\n'),
  )
  expect(modelIds).toEqual([
    'mock/echo',
    'fast',
    'quick',
    'mock/z',
    'mock/s',
    'mock/tool',
    'mock/reasoning',
    'mock/slow',
    'mock/flaky',
    'mock/cut',
    'mock/fail-503',
  ])
})

test('the default provider is kept, and may be a vendor that is not configured', () => {
  expect(routingOf('server: { default_provider: mock }').defaultProvider as string | undefined).toBe('mock')
  const implied = loaded(loadConfigText('server: { default_provider: groq }', { env: { GROQ_API_KEY: 'k' } }))
  expect(implied.compiled.routing.defaultProvider as string | undefined).toBe('groq')
  expect(implied.compiled.providers).toMatchObject([{ id: 'groq', baseUrl: 'https://api.groq.com/openai/v1' }])
  expect(implied.warnings).toHaveLength(1)
})

const hashOf = (text: string): string => loaded(loadConfigText(text)).compiled.routing.configHash

describe('the hash of a configuration', () => {
  test('does not depend on the order of keys, on comments or on secrets', () => {
    const hash = hashOf('providers: [{ id: p, type: openai, api_key: one }]')
    expect(hash).toMatch(/^sha256:[0-9a-f]{64}$/)
    expect(hashOf('# hello\nproviders: [{ api_key: two, type: openai, id: p }]')).toBe(hash)
    expect(hashOf('server: { bind: "127.0.0.1:8765" }\nproviders: [{ id: p, type: openai, api_key: one }]')).toBe(hash)
  })

  test('changes with everything that matters', () => {
    const hash = hashOf('providers: [{ id: p, type: openai }]')
    expect(hashOf('providers: [{ id: q, type: openai }]')).not.toBe(hash)
    expect(hashOf('providers: [{ id: p, type: openai, base_url: "https://other.example/v1" }]')).not.toBe(hash)
  })
})
