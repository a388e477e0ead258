import { describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { asProviderId } from '../ir/ids.ts'
import { loadConfigText, loaded, refused } from '../../test/support/load-config-text.ts'
import { configFromObject, loadConfig } from './load.ts'
import { MOCK_CONFIG } from './mock-config.data.ts'

const surroundings = { cwd: '/srv/app', home: '/home/someone', env: {} }
const noFiles = { readText: () => undefined }
const shipped = (name: string): string => readFileSync(new URL(`../../config/${name}`, import.meta.url), 'utf8')

const only = (path: string) => ({
  readText: (wanted: string) => (wanted === path ? 'server: { bind: "127.0.0.1:1" }' : undefined),
})

describe('the place of the configuration', () => {
  test('is the named file, relative to the working directory', () => {
    const result = loaded(loadConfig({ ...surroundings, path: 'x.yaml', files: only('/srv/app/x.yaml') }))
    expect(result.source).toEqual({ kind: 'file', path: '/srv/app/x.yaml' })
    expect(result.compiled.server.port).toBe(1)
  })

  test('is switchback.yaml in the working directory, then the XDG directory', () => {
    expect(loaded(loadConfig({ ...surroundings, files: only('/srv/app/switchback.yaml') })).compiled.server.port).toBe(1)
    expect(
      loaded(loadConfig({ ...surroundings, files: only('/home/someone/.config/switchback/config.yaml') })).compiled.server.port,
    ).toBe(1)
    const env = { XDG_CONFIG_HOME: '/xdg' }
    expect(loaded(loadConfig({ ...surroundings, env, files: only('/xdg/switchback/config.yaml') })).compiled.server.port).toBe(1)
  })

  test('is an error when the named file is not there', () => {
    const { problems } = refused(loadConfig({ ...surroundings, path: 'x.yaml', files: noFiles }))
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatchObject({ file: '/srv/app/x.yaml', message: expect.stringContaining('no such file') })
  })

  test('is an error when the file cannot be read or is far too large', () => {
    const denied = {
      readText: () => {
        throw Object.assign(new Error('no'), { code: 'EACCES' })
      },
    }
    expect(refused(loadConfig({ ...surroundings, files: denied })).problems[0]?.message).toContain('EACCES')
    const huge = { readText: () => '#'.repeat(5 * 1024 * 1024) }
    expect(refused(loadConfig({ ...surroundings, files: huge })).problems[0]?.message).toContain('larger than 4 MiB')
  })

  test('is a directory only by mistake, which is told', () => {
    expect(refused(loadConfig({ ...surroundings, path: import.meta.dir })).problems[0]?.message).toContain('EISDIR')
  })
})

describe('without a file and without keys', () => {
  test('the mock answers every model name', () => {
    const { source, compiled, warnings } = loaded(loadConfig({ ...surroundings, files: noFiles }))
    expect(source).toEqual({ kind: 'builtin' })
    expect(warnings).toEqual([])
    expect(compiled.server).toMatchObject({ host: '127.0.0.1', port: 8765, apiKeys: [] })
    expect(compiled.routing.wildcard?.targets[0]?.id as string).toBe('mock/echo')
    expect(compiled.routing.modelIds).toContain('mock/echo')
  })

  test('what is served equals config/quickstart.yaml', () => {
    expect(parse(shipped('quickstart.yaml'))).toEqual(MOCK_CONFIG)
    const builtin = loaded(loadConfig({ ...surroundings, files: noFiles }))
    const { written, ...compiled } = loaded(loadConfigText(shipped('quickstart.yaml'))).compiled
    expect(builtin.compiled).toEqual({
      ...compiled,
      written: { ...written, kind: 'builtin', read: builtin.compiled.written.read },
    })
  })
})

describe('the shipped example', () => {
  test('loads without any variable set, naming every account it skips', () => {
    const { compiled, warnings } = loaded(loadConfigText(shipped('example.yaml')))
    expect(compiled.providers.map(({ id }) => id as string)).toEqual([
      'mock',
      'openai',
      'openai-responses',
      'gemini',
      'anthropic',
      'vertex',
      'azure',
      'bedrock',
      'openrouter',
      'local',
    ])
    for (const name of [
      'OPENAI_API_KEY',
      'GEMINI_API_KEY',
      'ANTHROPIC_API_KEY',
      'ANTHROPIC_API_KEY_2',
      'OPENROUTER_API_KEY',
      'SWITCHBACK_ADMIN_KEY',
      'ALERT_WEBHOOK_URL',
    ]) {
      expect(warnings.some(({ message, line }) => message.includes(name) && line !== undefined)).toBe(true)
    }
    expect(compiled.server.apiKeys).toHaveLength(1)
  })

  test('uses the keys when they are there', () => {
    const env = {
      OPENAI_API_KEY: 'k1',
      ANTHROPIC_API_KEY: 'k2',
      ANTHROPIC_API_KEY_2: 'k3',
      OPENROUTER_API_KEY: 'k4',
      SWITCHBACK_ADMIN_KEY: 'k5',
      GEMINI_API_KEY: 'k6',
      AZURE_OPENAI_API_KEY: 'k7',
      ALERT_WEBHOOK_URL: 'https://hooks.example/k6',
      OFFICE_PROXY_URL: 'socks5h://proxy.example:1080',
    }
    const { compiled, warnings } = loaded(loadConfigText(shipped('example.yaml'), { env }))
    expect(warnings).toEqual([])
    expect(compiled.routing.providers.get(asProviderId('anthropic'))?.accounts.map(({ id }) => id as string)).toEqual([
      'main',
      'spare',
    ])
    expect(compiled.server.apiKeys).toHaveLength(2)
    expect(compiled.alerts.webhooks.map(({ id }) => id)).toEqual(['on-call'])
  })
})

describe('a configuration file', () => {
  test('may be empty, which is worth a warning', () => {
    const { warnings } = loaded(loadConfigText('# nothing yet\n'))
    expect(warnings.map(({ message }) => message).join()).toContain('No provider is configured')
  })

  test('may have sections with nothing in them', () => {
    loaded(loadConfigText('server:\nproviders:\nroutes: []\n'))
  })

  test('in the shape of the published example works, key_env and unconfigured vendor included', () => {
    const text = [
      'providers:',
      '  - id: openrouter',
      '    type: openai_compatible',
      '    base_url: "https://openrouter.ai/api/v1"',
      '    accounts:',
      '      - { id: main, auth: { kind: api_key, key_env: OPENROUTER_API_KEY } }',
      'routes:',
      '  - name: default',
      '    match: { model: "*" }',
      '    targets: ["openrouter/anthropic/claude-3.5-sonnet", "anthropic/claude-3.5-sonnet"]',
    ].join('\n')
    const { compiled, warnings } = loaded(loadConfigText(text, { env: { OPENROUTER_API_KEY: 'a', ANTHROPIC_API_KEY: 'b' } }))
    expect(compiled.routing.wildcard?.targets).toMatchObject([
      {
        id: 'openrouter/anthropic/claude-3.5-sonnet',
        provider: 'openrouter',
        model: 'anthropic/claude-3.5-sonnet',
        format: 'openai',
      },
      { id: 'anthropic/claude-3.5-sonnet', provider: 'anthropic', model: 'claude-3.5-sonnet', format: 'anthropic' },
    ])
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toMatchObject({
      line: 10,
      path: 'routes[0].targets[1]',
      message: expect.stringContaining('ANTHROPIC_API_KEY'),
    })
  })

  test('is overruled by --bind', () => {
    expect(loaded(loadConfigText('server: { bind: "127.0.0.1:1" }', { bind: '0.0.0.0:9' })).compiled.server).toMatchObject({
      host: '0.0.0.0',
      port: 9,
    })
    expect(refused(loadConfigText('server: {}', { bind: 'nonsense' })).problems[0]?.message).toContain('no address to listen on')
  })
})

describe('a configuration handed over as an object', () => {
  test('is checked and compiled like a file, without places', () => {
    const result = loaded(configFromObject({ providers: [{ id: 'm', type: 'mock' }] }, surroundings))
    expect(result.source).toEqual({ kind: 'object' })
    const { problems } = refused(configFromObject({ providers: [{ id: 'm', type: 'mokc' }] }, surroundings))
    expect(problems[0]).toMatchObject({ file: undefined, line: undefined, path: 'providers[0].type', suggestion: 'mock' })
  })

  test('of another kind is refused', () => {
    for (const document of [[], 'text', 3, true])
      expect(refused(configFromObject(document, surroundings)).problems).toHaveLength(1)
  })

  test('that is no plain data is refused instead of followed', () => {
    const circle: Record<string, unknown> = {}
    circle['server'] = circle
    circle['state'] = circle
    for (const document of [circle, { server: () => 1 }, { server: { bind: 1n } }, { x: Symbol('x') }]) {
      expect(refused(configFromObject(document, surroundings)).problems[0]?.message).toContain('must be plain data')
    }
  })
})
