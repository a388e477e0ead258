import { describe, expect, test } from 'bun:test'
import { loaded, refused } from '../../test/support/load-config-text.ts'
import type { Environment } from './env.ts'
import { loadConfig } from './load.ts'

const load = (env: Environment, bind?: string) =>
  loadConfig({ env, cwd: '/srv/app', home: '/home/someone', files: { readText: () => undefined }, bind })

describe('keys in the environment, without a configuration file', () => {
  test('serve their vendors; the first one takes every other name', () => {
    const { source, compiled, warnings } = loaded(
      load({ ANTHROPIC_API_KEY: 'a', OPENAI_API_KEY: 'o', XAI_API_KEY: 'x', GROQ_API_KEY: ' ' }),
    )
    expect(source).toEqual({ kind: 'environment', variables: ['OPENAI_API_KEY', 'ANTHROPIC_API_KEY', 'XAI_API_KEY'] })
    expect(warnings).toEqual([])
    expect(compiled.providers).toMatchObject([
      { id: 'openai', type: 'openai', baseUrl: 'https://api.openai.com/v1', format: 'openai' },
      { id: 'anthropic', type: 'anthropic', baseUrl: 'https://api.anthropic.com', format: 'anthropic' },
      { id: 'xai', type: 'openai_compatible', baseUrl: 'https://api.x.ai/v1' },
      { id: 'mock', type: 'mock' },
    ])
    expect(compiled.routing.defaultProvider as string).toBe('openai')
    expect(compiled.routing.wildcard).toBeUndefined()
  })

  test('send model names of a vendor to that vendor', () => {
    const { compiled } = loaded(load({ ANTHROPIC_API_KEY: 'a', OPENAI_API_KEY: 'o' }))
    const providerOf = (model: string): string | undefined =>
      compiled.routing.vendorPrefixes?.find(({ prefix }) => model.startsWith(prefix))?.provider
    expect(providerOf('claude-sonnet-4-5')).toBe('anthropic')
    expect(providerOf('gpt-5-codex')).toBe('openai')
    expect(providerOf('o3-mini')).toBe('openai')
    expect(providerOf('grok-4')).toBeUndefined()
  })

  test.each(['OPENAI', 'ANTHROPIC', 'OPENROUTER', 'GROQ', 'DEEPSEEK', 'MISTRAL', 'XAI', 'TOGETHER', 'CEREBRAS', 'FIREWORKS'])(
    '%s_API_KEY is one of them',
    (name) => {
      const { compiled } = loaded(load({ [`${name}_API_KEY`]: 'k' }))
      expect(compiled.routing.defaultProvider as string).toBe(name.toLowerCase())
      expect(compiled.providers[0]?.accounts.map(({ apiKey }) => apiKey?.reveal())).toEqual(['k'])
    },
  )

  test('go to another address when the variable of the vendor names one', () => {
    const { compiled } = loaded(load({ OPENAI_API_KEY: 'o', OPENAI_BASE_URL: 'https://proxy.example.com/v1/' }))
    expect(compiled.providers[0]?.baseUrl).toBe('https://proxy.example.com/v1')
    expect(refused(load({ OPENAI_API_KEY: 'o', OPENAI_BASE_URL: 'proxy' })).problems[0]?.message).toContain('OPENAI_BASE_URL')
  })

  test('do not follow an address variable that points at the gateway itself', () => {
    const { compiled, warnings } = loaded(load({ ANTHROPIC_API_KEY: 'a', ANTHROPIC_BASE_URL: 'http://localhost:8765' }))
    expect(compiled.providers[0]?.baseUrl).toBe('https://api.anthropic.com')
    expect(warnings[0]?.message).toContain('ANTHROPIC_BASE_URL points at this gateway itself')
    const elsewhere = loaded(load({ ANTHROPIC_API_KEY: 'a', ANTHROPIC_BASE_URL: 'http://localhost:8765' }, '127.0.0.1:9000'))
    expect(elsewhere.compiled.providers[0]?.baseUrl).toBe('http://localhost:8765')
  })
})

test('address and client key of a container can be given without a file', () => {
  const { compiled, source } = loaded(load({ SWITCHBACK_BIND: '0.0.0.0:80', SWITCHBACK_API_KEY: 'secret-key' }))
  expect(source).toEqual({ kind: 'builtin' })
  expect(compiled.server).toMatchObject({ host: '0.0.0.0', port: 80 })
  expect(compiled.server.apiKeys).toMatchObject([{ role: 'admin' }])
  expect(refused(load({ SWITCHBACK_BIND: 'nonsense' })).problems[0]?.path).toBe('server.bind')
})
