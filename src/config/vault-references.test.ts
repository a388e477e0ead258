import { describe, expect, test } from 'bun:test'
import { loadConfigText, loaded, refused } from '../../test/support/load-config-text.ts'
import { Secret } from '../lib/secret.ts'
import type { VaultView } from './vault-view.ts'

const holding = (entries: Record<string, string>): VaultView => ({
  kind: 'open',
  entries: new Map(Object.entries(entries).map(([name, value]) => [name, new Secret(value)])),
})

/** Keys of the accounts of a provider `p`, whose body is given. */
function keysOf(provider: string, vault: VaultView, env: Record<string, string> = {}): (string | undefined)[] {
  const { compiled } = loaded(loadConfigText(`providers:\n  - { id: p, type: openai, ${provider} }\n`, { vault, env }))
  return compiled.providers.flatMap(({ accounts }) => accounts.map(({ apiKey }) => apiKey?.reveal()))
}

describe('a key in the vault', () => {
  const vault = holding({ main: 'sk-main', 'team/spare': 'sk-spare' })

  test.each([
    ['api_key_vault: main', ['sk-main']],
    [
      'accounts: [{ id: a, auth: { vault: main } }, { id: b, auth: { kind: api_key, vault: team/spare } }]',
      ['sk-main', 'sk-spare'],
    ],
    ['accounts: [{ id: a, api_key_vault: main }]', ['sk-main']],
    ['api_key_vault: main, accounts: [{ id: a }, { id: b, key_env: K }]', ['sk-main', 'sk-env']],
  ])('is found by its name: %s', (provider, keys) => {
    expect(keysOf(provider, vault, { K: 'sk-env' })).toEqual(keys)
  })

  test('goes before a variable and a written key', () => {
    expect(keysOf('api_key_vault: main, key_env: K, api_key: sk-written', vault, { K: 'sk-env' })).toEqual(['sk-main'])
  })

  test('that is not there is a problem at its place, however many other keys there are', () => {
    const text =
      'providers:\n  - id: p\n    type: openai\n    key_env: K\n    accounts:\n      - { id: a, auth: { vault: mian } }\n'
    const { problems } = refused(loadConfigText(text, { vault, env: { K: 'sk-env' } }))
    expect(problems).toMatchObject([{ line: 6, path: 'providers[0].accounts[0].auth.vault' }])
    expect(problems[0]?.message).toContain('switchback vault set mian')
  })

  test('of a vault that cannot be opened is a problem with the reason', () => {
    const shut: VaultView = { kind: 'shut', reason: 'Its key is another one.' }
    const { problems } = refused(loadConfigText('providers: [{ id: p, type: openai, api_key_vault: main }]', { vault: shut }))
    expect(problems).toMatchObject([
      { path: 'providers[0].api_key_vault', message: expect.stringContaining('Its key is another') },
    ])
  })

  test('leaves its account out without a word while nobody has opened the vault', () => {
    const { compiled, warnings } = loaded(loadConfigText('providers: [{ id: p, type: openai, api_key_vault: main }]'))
    expect(compiled.providers[0]?.accounts).toEqual([])
    expect(warnings).toEqual([])
  })

  test('that no header could carry is a problem', () => {
    const { problems } = refused(
      loadConfigText('providers: [{ id: p, type: openai, api_key_vault: k }]', { vault: holding({ k: 'a\nb-canary' }) }),
    )
    expect(problems).toMatchObject([{ path: 'providers[0].api_key_vault' }])
    expect(JSON.stringify(problems)).not.toContain('canary')
  })

  test.each(['sk-canary-0123456789abcdef', 'sk canary', '../canary', '${canary}'])(
    'is named and not written in its place: %s',
    (name) => {
      const result = refused(loadConfigText(`providers: [{ id: p, type: openai, api_key_vault: "${name}" }]`, { vault }))
      expect(result.problems).toHaveLength(1)
      expect(JSON.stringify(result)).not.toContain('sk-canary-0123')
    },
  )
})

describe('where the vault is', () => {
  test('is told with the names of logins too', () => {
    const auth = '{ kind: oauth, refresh_vault: r, token_url: "https://id.example/token", client_id: c, client_secret_vault: s }'
    const text = `providers: [{ id: p, type: openai, accounts: [{ id: x, auth: ${auth} }] }]`
    expect([...loaded(loadConfigText(text)).compiled.vault.names].sort()).toEqual(['r', 's'])
  })

  const vaultOf = (text: string) => loaded(loadConfigText(text)).compiled.vault

  test('is told by the configuration, from its own place on', () => {
    expect(vaultOf('vault: { path: keys/vault.age, keychain_service: team }')).toEqual({
      path: '/etc/gateway/keys/vault.age',
      keychainService: 'team',
      names: [],
    })
    expect(vaultOf('vault: { path: ~/v.age }').path).toBe('/home/someone/v.age')
    expect(vaultOf('').path).toBe('/home/someone/.config/switchback/vault.age')
  })

  test('is told with every name once, also by a configuration with problems', () => {
    const text =
      'providers: [{ id: p, type: openai, api_key_vault: a, accounts: [{ id: x, auth: { vault: a } }, { id: y, auth: { vault: b } }] }]'
    expect(vaultOf(text).names).toEqual(['a', 'b'])
    expect(
      refused(loadConfigText(`${text}\nroutes: [{ name: r, match: { model: r }, targets: [nobody/x] }]`)).vault?.names,
    ).toEqual(['a', 'b'])
  })
})
