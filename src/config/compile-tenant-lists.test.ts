import { describe, expect, test } from 'bun:test'
import { loadConfigText, loaded, refused } from '../../test/support/load-config-text.ts'

const WORLD = `
providers: [{ id: a, type: mock, accounts: [{ id: main }, { id: spare }] }, { id: b, type: mock }]
routes: [{ name: fast, match: { model: fast }, targets: [a/m] }]
`

test('a tenant is confined to what its lists name, and empty lists restrict nothing', () => {
  const { compiled } = loaded(
    loadConfigText(`${WORLD}
tenants:
  - id: t
    allowed_models: [gpt-*]
    allowed_routes: [fast, direct, combo/x, 'default:b']
    allowed_providers: [a]
    allowed_accounts: [a/main]
  - { id: free, allowed_providers: [] }
api_keys: [{ key: secret-key-1, tenant: t }, { key: secret-key-2, tenant: free }, { key: secret-key-3 }]`),
  )
  const lists = {
    models: ['gpt-*'],
    routes: ['fast', 'direct', 'combo/x', 'default:b'],
    providers: ['a'],
    accounts: ['a/main'],
  }
  expect([...compiled.tenantLists]).toEqual([['t', lists]])
  expect(compiled.server.apiKeys.map(({ allowed }) => allowed)).toEqual([lists, undefined, undefined])
})

describe('a name that nothing has is refused:', () => {
  test.each([
    ['allowed_routes: [fats]', 'tenants[0].allowed_routes[0]', 'Did you mean fast?'],
    ['allowed_providers: [a, c9]', 'tenants[0].allowed_providers[1]', 'Take it out of the list'],
    ['allowed_accounts: [a/mian]', 'tenants[0].allowed_accounts[0]', 'Did you mean a/main?'],
    ['allowed_models: ["gpt-4", ""]', 'tenants[0].allowed_models[1]', ''],
    ['allowed_accounts: a/main', 'tenants[0].allowed_accounts', ''],
  ])('%s', (text, path, message) => {
    const { problems } = refused(loadConfigText(`${WORLD}\ntenants: [{ id: t, ${text} }]`))
    expect(problems).toMatchObject([{ path, message: expect.stringContaining(message) }])
  })
})
