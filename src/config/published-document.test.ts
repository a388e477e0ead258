import { describe, expect, test } from 'bun:test'
import { configFromObject, loadConfig, type LoadResult } from './load.ts'

const OWN = `server: { bind: "127.0.0.1:9999", workers: 1, max_json_depth: 7 }
state: { store: own.db }
ledger: { enabled: false }
vault: { path: own.age }
providers: [{ id: own, type: mock }]
`
const PUBLISHED = `# For everybody.
server: { bind: "0.0.0.0:1", max_json_depth: 9, api_key_env: GATEWAY_KEY }
state: { store: memory }
ledger: { enabled: true }
providers: [{ id: shared, type: mock }]
policy_tests: [policies.yaml]
`
const files = (own: string) => ({
  readText: (path: string): string | undefined => (path === '/etc/sb/own.yaml' ? own : undefined),
})

const published = (document: string, own = OWN, env = { GATEWAY_KEY: 'k' }): LoadResult =>
  loadConfig({
    path: '/etc/sb/own.yaml',
    cwd: '/',
    home: '/home/someone',
    env,
    files: files(own),
    published: { revision: 7, document, policyFiles: { 'policies.yaml': 'tests: []\n' } },
  })

describe('a published configuration', () => {
  test("stands in for everything but what is the gateway's own", () => {
    const result = published(PUBLISHED)
    if (!result.ok) throw new Error(JSON.stringify(result.problems))
    const { server, state, vault, providers, routing, policyTests } = result.compiled
    expect([server.host, server.port, server.maxJsonDepth, server.apiKeys.length]).toEqual(['127.0.0.1', 9999, 9, 1])
    expect([state.store, state.ledger.enabled, vault.path]).toEqual(['/etc/sb/own.db', false, '/etc/sb/own.age'])
    expect(providers.map(({ id }) => String(id))).toEqual(['shared'])
    expect(routing.revision).toBe(7)
    expect(policyTests).toEqual([{ name: 'policies.yaml', path: '/etc/sb/policies.yaml', text: 'tests: []\n' }])
    expect(result.source).toEqual({ kind: 'published', revision: 7, own: { kind: 'file', path: '/etc/sb/own.yaml' } })
  })

  test('means the same at gateways that listen and keep their state elsewhere', () => {
    const hashes = [OWN, 'server: { bind: "127.0.0.1:1" }\n', ''].map((own) => {
      const result = published(PUBLISHED, own)
      return result.ok ? result.compiled.routing.configHash : result.problems
    })
    expect(new Set(hashes).size).toBe(1)
  })

  test('needs no more of the own one than that it can be read', () => {
    expect(published(PUBLISHED, 'providers: [{ id: own, type: nonsense }]\nroutes: 7\n').ok).toBe(true)
    expect(published(PUBLISHED, 'providers: [').ok).toBe(false)
  })

  test("is refused with the place of each mistake, in itself or in what is the gateway's own", () => {
    const result = published('providers:\n  - id: a\n    type: mokc\n', 'server:\n  bind: nonsense\n')
    expect(result.ok ? [] : result.problems.map(({ file, line, path }) => [file, line, path])).toEqual([
      ['/etc/sb/own.yaml', 2, 'server.bind'],
      ['revision 7', 3, 'providers[0].type'],
    ])
  })

  test('is refused where a variable that it names is missing', () => {
    const result = published(PUBLISHED, OWN, {} as { GATEWAY_KEY: string })
    expect(result.ok ? '' : result.problems[0]?.message).toContain('GATEWAY_KEY')
  })

  test.each(['[]', '7', 'server: 7', '{ server: [] }'])('that is no mapping is refused: %s', (document) => {
    expect(published(document).ok).toBe(false)
  })

  test('stands in for what an embedding program hands over', () => {
    const result = configFromObject(
      { server: { bind: '127.0.0.1:9999' }, providers: [{ id: 'own', type: 'mock' }] },
      {
        cwd: '/',
        home: '/',
        env: {},
        published: { revision: 3, document: 'providers: [{ id: b, type: mock }]', policyFiles: {} },
      },
    )
    expect(result.ok && result.compiled.providers.map(({ id }) => String(id))).toEqual(['b'])
    expect(result.ok && result.compiled.server.port).toBe(9999)
  })
})
