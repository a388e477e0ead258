import { expect, test } from 'bun:test'
import { loadConfigText, loaded } from '../../../test/support/load-config-text.ts'
import { listProviders } from './list-providers.ts'

test('providers are listed without what in their addresses and ways out may be a secret', () => {
  const config = `
egress: [{ id: berlin, url: "http://me:canary@127.0.0.1:1" }]
providers:
  - { id: p, type: openai_compatible, base_url: "https://p.example/v1?key=canary", egress: berlin, api_key: sk-canary-000, model_hint: m }
  - { id: q, type: openai_compatible, base_url: "https://q.example/v1", accounts: [{ id: a, api_key_env: NOT_SET }] }
`
  const listed = listProviders(loaded(loadConfigText(config)))
  expect(listed.slice(0, 2)).toMatchObject([
    { id: 'p', base_url: 'https://p.example/v1', accounts: ['default'], egress: { default: 'berlin' }, model_hint: 'm' },
    { id: 'q', accounts: [], unusable: ['a'] },
  ])
  expect(JSON.stringify(listed)).not.toContain('canary')
})
