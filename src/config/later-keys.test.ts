import { describe, expect, test } from 'bun:test'
import { loadConfigText, loaded, refused } from '../../test/support/load-config-text.ts'
import { LATER_KEYS, LATER_PROVIDER_TYPES } from './later-keys.data.ts'

const PROVIDER = 'providers:\n  - { id: mock, type: mock }\n'

describe('keys of features this version does not have', () => {
  test.each([
    ['catalog: { models: [{ id: x }] }', 'catalog'],
    ['harnesses: [{ name: x }]', 'harnesses'],
    ['local_executors: [{ name: mock }]', 'local_executors'],
    ['client_profiles: [{ id: codex, kind: codex, enabled: true }]', 'client_profiles'],
    ['server: { state_store: ./x.sqlite }', 'server.state_store'],
  ])('are accepted with a warning: %s', (text, path) => {
    const { warnings } = loaded(loadConfigText(PROVIDER + text))
    expect(warnings).toMatchObject([{ path, message: expect.stringContaining('does not support this key; it is ignored') }])
    expect(warnings[0]?.line).toBe(3)
  })

  test.each([
    ['plugins: [{ type: model_blocklist, models: [x] }]', 'plugins'],
    ['client_profiles: [{ id: codex, enabled: false }]', 'client_profiles[0].enabled'],
  ])('are refused where silence would be unsafe: %s', (text, path) => {
    const { problems } = refused(loadConfigText(text))
    expect(problems).toMatchObject([{ path, message: expect.stringContaining('does not support this key, and') }])
  })

  test.each([
    'egress: []',
    'plugins: []',
    'combos: {}',
    'server: { budget: { max_usd: null, per_provider_usd: {} } }',
    'server: { hedge: { enabled: false, delay_ms: 150 }, circuit_breaker: { enabled: false }, block_private_networks: false, egress_enabled: true }',
    'server: { privacy_mode: metadata_only, cost_aware: false, trace_sample: 1.0 }',
    'tenants: [{ id: t, allowed_routes: [], budget_usd: null }]',
  ])('pass without a word when they ask for what is done anyway: %s', (text) => {
    expect(loaded(loadConfigText(PROVIDER + text)).warnings).toEqual([])
  })

  test('are each listed once', () => {
    const paths = LATER_KEYS.map(({ path }) => path)
    expect(new Set(paths).size).toBe(paths.length)
  })
})

test('providers of later types get one problem each, whatever keys they have', () => {
  const entries = Object.keys(LATER_PROVIDER_TYPES).map(
    (type, index) => `  - { id: p${index}, type: ${type}, region: x, project: y }`,
  )
  const { problems } = refused(loadConfigText(`providers:\n${entries.join('\n')}`))
  expect(problems.map(({ line, path }) => [line, path])).toEqual(
    entries.map((_entry, index) => [index + 2, `providers[${index}].type`]),
  )
})
