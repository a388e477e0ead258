import { describe, expect, test } from 'bun:test'
import { inspect } from 'node:util'
import { loadConfigText, loaded } from '../../test/support/load-config-text.ts'
import { formatProblem } from './problem.ts'
import { redactedConfig } from './redact.ts'
import { describeFound, looksSecret, showText, showVariable } from './secrecy.ts'

const CANARY = 'sk-canary-9f8e7d6c5b4a39281706'

/** Everything a caller could print of a result. */
function everythingShown(text: string, env = {}): string {
  const result = loadConfigText(text, { env })
  const notes = [...(result.ok ? [] : result.problems), ...result.warnings]
  return [
    notes.map(formatProblem).join('\n'),
    JSON.stringify(result),
    inspect(result, { depth: 20 }),
    result.ok ? JSON.stringify(redactedConfig(result.config)) : '',
  ].join('\n')
}

describe('a secret never shows', () => {
  test.each([
    `server: { api_key: "${CANARY}" }`,
    `server: { api_key: ["${CANARY}"] }`,
    `server: { api_key_env: "${CANARY}" }`,
    `server: { bind: "${CANARY}" }`,
    `server: { translation: "${CANARY}" }`,
    `server: "api_key:${CANARY}"`,
    `server: { "${CANARY}": 1 }`,
    `${CANARY}: x`,
    `"${CANARY}`,
    `api_keys: [{ key: "${CANARY}", role: god }]`,
    `api_keys: [{ key: "${CANARY}", key_hash: "${CANARY}" }]`,
    `api_keys: ["${CANARY}"]`,
    `api_keys: [{ key: a, tenant: "${CANARY}" }]\ntenants: [{ id: x }]`,
    `providers: [{ id: p, type: openai, api_key: "${CANARY}" }]`,
    `providers: [{ id: p, type: openai, api_key: "${CANARY} ${CANARY}" }]`,
    `providers: [{ id: p, type: openai, key_env: "${CANARY}" }]`,
    `providers: [{ id: p, type: openai, accounts: [{ id: a, auth: { inline: "${CANARY}" } }] }]`,
    `providers: [{ id: p, type: openai, accounts: [{ id: a, auth: "${CANARY}" }] }]`,
    `providers: [{ id: p, type: openai, headers: { X-Team: "${CANARY}" } }]`,
    `providers: [{ id: p, type: openai, headers: { Authorization: "Bearer ${CANARY}" } }]`,
    `providers: [{ id: p, type: openai, base_url: "https://user:${CANARY}@example.com" }]`,
    `providers: [{ id: "${CANARY}/x", type: openai }]`,
    `routes: [{ name: r, match: { model: x }, targets: ["${CANARY}/x"] }]`,
    `egress: [{ id: a, url: "http://u:${CANARY}@proxy:x" }]`,
    `egress: [{ id: a, url: "ftp://u:${CANARY}@proxy" }]`,
    `egress: [{ id: a, url: ["http://u:${CANARY}@proxy"] }]`,
    `egress: [{ id: a, url_env: "${CANARY}" }]`,
    `server: { default_egress: "${CANARY}" }`,
    `state: { store: "postgres://u:${CANARY}@db/x", coordination: "redis://:${CANARY}@r" }`,
    `state: { store: "postgres://u:canary@db/x?sslmode=no", coordination: "redis://:canary@r/no" }`,
    `state: { store: "postgres:/u:can/ary-canary@db/x", coordination: "rediss//:canary@r" }`,
    `state: { store: "mysql://u:canary@db/x", coordination: "redis://:canary@r" }`,
  ])('in %s', (text) => {
    // Settings that hold a value on purpose (headers, addresses) may be inspected by code; what is told to people may not.
    const shown = text.includes('headers: { X-Team') ? everythingShown(text).split('\n')[0] : everythingShown(text)
    expect(shown).not.toContain('canary')
  })

  test('when it comes from the environment', () => {
    const text =
      'server: { api_key: "${K}", base_path: "${K}" }\nproviders: [{ id: p, type: openai, key_env: K, base_url: "${K}" }]'
    expect(everythingShown(text, { K: CANARY })).not.toContain('canary')
  })

  test('although a name that looks like one is hidden as well', () => {
    expect(showVariable('OPENAI_API_KEY')).toBe('OPENAI_API_KEY')
    expect(showVariable('abc123def')).toContain('hidden')
  })
})

describe('what is found', () => {
  test.each([
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, 'Infinity'],
    [5, '5'],
    [true, 'true'],
    [null, 'an empty value'],
  ])('%p is told as %s', (value, words) => {
    expect(describeFound(value, ['server', 'budget', 'daily_usd'])).toBe(words)
  })
})

describe('texts that might be secrets', () => {
  test.each([
    'sk-ant-api03-abcdefgh',
    'gsk_abcdefghij',
    'AIzaSyA-123',
    'Bearer abc',
    'https://u:p@host',
    '0123456789abcdef0123456789abcdef',
    'aB3dE5gH7jK9mN1pQ3sT5',
  ])('hide %s', (text) => {
    expect(looksSecret(text)).toBe(true)
  })

  test.each([
    'claude-sonnet-4-5-20250929',
    'openrouter/anthropic/claude-3.5-sonnet',
    'https://api.groq.com/openai/v1',
    'respones',
    'task-router',
  ])('show %s', (text) => {
    expect(looksSecret(text)).toBe(false)
  })

  test('are shortened and kept on one line', () => {
    expect(showText('a\nb\u0000c')).toBe('"a b c"')
    expect(showText('word '.repeat(50)).length).toBeLessThan(70)
  })
})

describe('the redacted configuration', () => {
  test('keeps names of variables and hides values', () => {
    const { config } = loaded(
      loadConfigText(
        [
          'server: { api_key: plain }',
          `api_keys: [{ key_hash: "sha256:${'ab'.repeat(32)}", prefix: ci }]`,
          'providers:',
          '  - { id: a, type: openai, api_key_env: MY_KEY, headers: { X-Team: blue }, base_url: "https://x.example.com/v1?code=1" }',
          '  - { id: b, type: openai, api_key: "${MY_KEY:-fallback}" }',
          '  - { id: c, type: openai, api_key: "x${MY_KEY}" }',
        ].join('\n'),
      ),
    )
    const redacted = redactedConfig(config)
    expect(redacted).toMatchObject({
      server: { api_key: '[redacted]', bind: '127.0.0.1:8765' },
      api_keys: [{ key_hash: 'sha256:[redacted]', prefix: 'ci' }],
      providers: [
        { api_key_env: 'MY_KEY', headers: { 'X-Team': '[redacted]' }, base_url: 'https://x.example.com/v1?[redacted]' },
        { api_key: '${MY_KEY:-[redacted]}' },
        { api_key: '[redacted]' },
      ],
    })
  })
})
