import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { stringify } from 'yaml'
import { parseYaml } from './yaml-document.ts'
import { withoutPlainSecrets, writtenOf } from './written-config.ts'

const KEY = 'sk-proj-aB3dE5fG7hI9jK1lM3nO5pQ7'

const places = (text: string): string[] => withoutPlainSecrets(text, 'telling').secrets.map(({ path, line }) => `${path}:${line}`)

describe('a configuration as it is kept', () => {
  test('stays as it was written where it holds no secret', () => {
    const text = `# Who serves what.
server: { bind: 127.0.0.1:8765, api_key_env: GATEWAY_KEY }
api_keys:
  - { key_hash: "sha256:${'0123456789abcdef'.repeat(4)}", prefix: team } # by hash
providers:
  - id: openai
    type: openai
    base_url: https://api.openai.com/v1
    headers: { x-team: blue, authorization: "Bearer \${TOKEN}" }
    accounts:
      - { id: one, inline: "\${OPENAI_API_KEY}" }
      - { id: two, vault: openai-two }
      - { id: three, api_key_env: TOKEN_OF_THE_TEAM }
    models: [{ id: Qwen3-235B-A22B-Instruct-2507-FP8 }, { id: sk-small }]
routes: [{ name: token-heavy-work, match: { model: key-accounts-2025 }, targets: [openai/DeepSeek-R1-Distill-Qwen-32B] }]
capture: { recipients: [age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p] }
egress: [{ id: out, url: "socks5://proxy:1080" }]
`
    expect(withoutPlainSecrets(text, 'telling')).toEqual({ document: text, secrets: [] })
    expect(withoutPlainSecrets(text)).toEqual({
      document: text.replace('x-team: blue', 'x-team: "[redacted]"'),
      secrets: [{ path: 'providers[0].headers.x-team', line: 9 }],
    })
  })

  test.each([
    [`providers:\n  - id: a\n    api_key: ${KEY}\n`, ['providers[0].api_key:3']],
    [`providers:\n  - { id: a, accounts: [{ id: b, inline: '${KEY}' }] }\n`, ['providers[0].accounts[0].inline:2']],
    [`server:\n  api_key: 123456\n`, ['server.api_key:2']],
    [`providers:\n  - id: a\n    headers:\n      authorization: Bearer ${KEY}\n`, ['providers[0].headers.authorization:4']],
    [`providers:\n  - id: a\n    headers: { x-plain: ${KEY} }\n`, ['providers[0].headers.x-plain:3']],
    [`egress:\n  - id: a\n    url: socks5://me:hunter2@proxy:1080\n`, ['egress[0].url:3']],
    [`alerts:\n  webhooks:\n    - url: https://hooks.example.com/T0/B0/x\n`, ['alerts.webhooks[0].url:3']],
    [`providers:\n  - { id: a, base_url: "https://x.example/v1?key=abc" }\n`, ['providers[0].base_url:2']],
    [`providers:\n  - { id: a, api_key_env: ${KEY} }\n`, ['providers[0].api_key_env:2']],
    [`providers:\n  - { id: a, api_key: "\${KEY:-${KEY}}" }\n`, ['providers[0].api_key:2']],
    [`routes:\n  - { name: ${KEY} }\n`, ['routes[0].name:2']],
    [`providers:\n  - id: a\n    api_key: |\n      ${KEY}\n      more\n    type: openai\n`, ['providers[0].api_key:3']],
    [`providers:\n  - { id: &k ${KEY}, api_key: *k }\n`, ['providers[0].id:2', 'providers[0].api_key:2']],
  ])('loses its secrets, and says where they stood: %#', (text, found) => {
    const written = withoutPlainSecrets(text, 'telling')
    expect(written.document).not.toMatch(/sk-proj|hunter2|T0\/B0|123456|key=abc|more/)
    expect(written.document).toContain('[redacted]')
    expect(parseYaml(written.document).problems).toEqual([])
    expect(places(text)).toEqual(found)
  })

  test('loses secrets of what is its own too, without being less whole', () => {
    const text = 'state: { store: "postgres://sb:hunter2@db/sb" }\n'
    expect(withoutPlainSecrets(text)).toEqual({ document: 'state: { store: "[redacted]" }\n', secrets: [] })
  })

  test('loses comments that look like a secret, and keeps the others', () => {
    const text = `# api_key: oldpassword\nproviders: [] # was ${KEY}\nroutes: [] # none yet\n`
    const written = withoutPlainSecrets(text)
    expect(written.document).toBe('# [redacted]\nproviders: [] # [redacted]\nroutes: [] # none yet\n')
    expect(written.secrets).toEqual([])
  })

  test('is written down where it never was', () => {
    const made = { providers: [{ id: 'a', api_key: KEY }], routes: [{ name: 'r' }] }
    const { document, secrets } = writtenOf(made)
    expect(parseYaml(document).value).toEqual({ providers: [{ id: 'a', api_key: '[redacted]' }], routes: [{ name: 'r' }] })
    expect(secrets).toEqual([{ path: 'providers[0].api_key', line: 3 }])
  })

  test('never holds a secret, however it was written, and stays what it was besides', () => {
    const secret = fc.string({ minLength: 12, maxLength: 60, unit: 'grapheme' }).map((text) => `${KEY}${text}`)
    const style = fc.constantFrom(
      {},
      { lineWidth: 20 },
      { defaultStringType: 'QUOTE_DOUBLE' },
      { defaultStringType: 'BLOCK_LITERAL' },
      { collectionStyle: 'flow' },
    )
    fc.assert(
      fc.property(secret, fc.stringMatching(/^[a-z][a-z \-']{0,12}$/), style, (key, name, options) => {
        const config = {
          providers: [
            { id: name, api_key: key },
            { id: 'b', headers: { authorization: key } },
          ],
          routes: [{ name }],
        }
        const { document } = withoutPlainSecrets(stringify(config, options as object))
        expect(document).not.toContain('sk-proj')
        const hidden = expect.stringMatching(/^\[redacted\]\s*$/) as string
        expect(parseYaml(document).value).toEqual({
          providers: [
            { id: name, api_key: hidden },
            { id: 'b', headers: { authorization: hidden } },
          ],
          routes: [{ name }],
        })
      }),
      { numRuns: 300 },
    )
  })
})
