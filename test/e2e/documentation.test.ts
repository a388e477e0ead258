import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { OFFERS } from '../../src/ir/endpoint.ts'
import { CommandLine, type Served } from '../support/command-line.ts'

const ROOT = resolve(import.meta.dir, '../..')
const readme = readFileSync(join(ROOT, 'README.md'), 'utf8')
const guide = readFileSync(join(ROOT, 'docs/guides/getting-started.md'), 'utf8')

/** Fenced blocks of a language. */
const blocksOf = (page: string, language: string): string[] =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map((match) => match[1] ?? '')

describe('the README', () => {
  const home = new CommandLine()
  let gateway: Served
  beforeAll(async () => {
    gateway = await home.serve()
  })
  afterAll(() => home.dispose())

  test('begins with the two commands', () => {
    expect(blocksOf(readme, 'sh')[0]).toBe('npm install\nnpm start\n')
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: Record<string, string> }
    expect(scripts['start']).toEndWith('bin/switchback serve')
  })

  test('shows calls that work as they stand', () => {
    const script = blocksOf(readme, 'sh')[1] ?? ''
    const calls = script.replaceAll('\\\n', '').match(/^curl .+$/gm) ?? []
    expect(calls).toHaveLength(4)
    for (const call of calls) {
      const { stdout } = Bun.spawnSync({ cmd: ['sh', '-c', call.replaceAll('http://127.0.0.1:8765', gateway.url)] })
      expect(stdout.toString()).toContain('echo: hi')
    }
  })

  test('lists the commands there are', async () => {
    const { stdout } = await home.run(['--help'])
    for (const name of ['serve', 'explain', 'route-preview', 'config']) {
      expect(readme).toContain(`switchback ${name}`)
      expect(stdout).toContain(name)
    }
  })
})

describe('the guide', () => {
  test('shows configurations that are valid', async () => {
    const variables = Object.fromEntries(
      ['ANTHROPIC_API_KEY', 'OPENROUTER_API_KEY', 'SWITCHBACK_KEY_ALICE', 'SWITCHBACK_KEY_ADMIN'].map((name) => [
        name,
        `value-of-${name}`,
      ]),
    )
    const home = new CommandLine(variables)
    try {
      const [whole = '', ...parts] = blocksOf(guide, 'yaml')
      const providers = whole.slice(whole.indexOf('providers:'))
      expect(parts).not.toBeEmpty()
      for (const example of [whole, ...parts.map((part) => `${part}\n${providers}`)]) {
        writeFileSync(join(home.home, 'switchback.yaml'), example)
        const result = await home.run(['config', 'validate', '--json'])
        expect(JSON.parse(result.stdout)).toMatchObject({ ok: true, warnings: [] })
      }
    } finally {
      await home.dispose()
    }
  })

  test('names mock models that there are', async () => {
    const home = new CommandLine()
    try {
      for (const [model] of guide.matchAll(/mock\/[a-z0-9-]+/g)) {
        const { exitCode } = await home.run(['route-preview', '--model', model])
        expect(exitCode).toBe(0)
      }
    } finally {
      await home.dispose()
    }
  })
})

describe('the guide to other endpoints', () => {
  const page = readFileSync(join(ROOT, 'docs/guides/endpoints.md'), 'utf8')

  test('names everything that a provider can offer', () => {
    for (const offer of OFFERS) expect(page).toContain(`\`${offer}\``)
  })

  test('shows configurations that are valid, and a call that works as it stands', async () => {
    const home = new CommandLine()
    try {
      for (const example of blocksOf(page, 'yaml')) {
        writeFileSync(join(home.home, 'switchback.yaml'), example)
        const result = await home.run(['config', 'validate', '--json'])
        expect(JSON.parse(result.stdout)).toMatchObject({ ok: true })
      }
      writeFileSync(join(home.home, 'switchback.yaml'), 'providers: [{ id: mock, type: mock }]\n')
      const gateway = await home.serve()
      const call = (blocksOf(page, 'sh')[0] ?? '').replaceAll('\\\n', '').replace('http://127.0.0.1:8765', gateway.url)
      const { stdout } = Bun.spawnSync({ cmd: ['sh', '-c', call] })
      expect(JSON.parse(stdout.toString())).toMatchObject({ object: 'list', usage: { prompt_tokens: 2 } })
    } finally {
      await home.dispose()
    }
  })
})

describe('links', () => {
  test('between the pages lead somewhere', () => {
    const pages = [
      'README.md',
      'ARCHITECTURE.md',
      'CHANGELOG.md',
      'SECURITY.md',
      'docs/errors.md',
      'docs/guides/getting-started.md',
      'docs/guides/endpoints.md',
    ]
    for (const page of pages) {
      const text = readFileSync(join(ROOT, page), 'utf8')
      for (const [, target = ''] of text.matchAll(/\]\(([^)#\s]+)[^)]*\)/g)) {
        if (target.includes('://')) continue
        const path = resolve(ROOT, page, '..', target)
        expect({
          page,
          target,
          there: Bun.file(path).size > 0 || new Bun.Glob('*').scanSync({ cwd: path }).next().done === false,
        }).toMatchObject({
          there: true,
        })
      }
    }
  })
})
