import { afterEach, describe, expect, test } from 'bun:test'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CommandLine } from '../support/command-line.ts'

const open: CommandLine[] = []
const newHome = (): CommandLine => {
  const home = new CommandLine()
  open.push(home)
  return home
}
afterEach(async () => {
  for (const home of open.splice(0)) await home.dispose()
})

const fileOf = (home: CommandLine): string => join(home.home, '.local/state/switchback/prices.json')
const pricesIn = (home: CommandLine): unknown => JSON.parse(readFileSync(fileOf(home), 'utf8'))

describe('price list', () => {
  test('tells published prices with release and age, filtered by provider and model', async () => {
    const result = await newHome().run(['price', 'list', '--provider', 'gemini', '--model', 'gemini-2.5-pro', '--json'])
    expect(result).toMatchObject({ exitCode: 0, stderr: '' })
    expect(JSON.parse(result.stdout)).toMatchObject({
      dataset: { version: '0.1.8', as_of: '2026-09-23' },
      prices: [
        {
          name: 'google/gemini-2.5-pro',
          source: 'genai-prices',
          price: { input: 1.25, output: 10, context_tiers: [{ above: 200_000, input: 2.5, output: 15 }] },
        },
      ],
    })
  })

  test('says what to do about a price nobody knows, and ends with 1', async () => {
    const result = await newHome().run(['price', 'list', '--model', 'no-such-model'])
    expect(result.exitCode).toBe(1)
    expect(result.stdout).toContain('switchback price set')
  })
})

describe('price set and unset', () => {
  test('put a price before the published one and take it away again', async () => {
    const home = newHome()
    const strange = await home.run(['price', 'set', 'mokc/echo', '--input', '1', '--output', '2'])
    expect([strange.exitCode, strange.stderr]).toEqual([
      0,
      expect.stringContaining('no provider mokc that this price could be for. Did you mean mock?'),
    ])
    const set = await home.run(['price', 'set', 'openai/gpt-5', '--input', '1', '--output', '9.50', '--cache-write-5m', '0.075'])
    expect(set).toMatchObject({ exitCode: 0, stderr: '' })
    expect(set.stdout).toContain('The published price also has cache_read')
    const listed = async (): Promise<unknown> => {
      const { stdout } = await home.run(['price', 'list', '--provider', 'openai', '--model', 'gpt-5', '--json'])
      return (JSON.parse(stdout) as { prices: unknown }).prices
    }
    expect(await listed()).toMatchObject([
      { name: 'openai/gpt-5', source: 'override', price: { input: 1, output: 9.5, cache_write_5m: 0.075 } },
    ])
    expect((await home.run(['price', 'unset', 'openai/gpt-5'])).exitCode).toBe(0)
    expect(await listed()).toMatchObject([{ source: 'genai-prices', price: { input: 1.25 } }])
    const again = await home.run(['price', 'unset', 'openai/gpt-5', '--json'])
    expect(again.exitCode).toBe(2)
    expect(JSON.parse(again.stdout)).toMatchObject({ ok: false, error: { code: 'config_invalid' } })
  })

  test('refuse figures, names and days that are none, and write nothing', async () => {
    const home = newHome()
    for (const words of [
      ['openai/x', '--input', 'three', '--output', '1'],
      ['openai/x', '--input', '0.0000000001', '--output', '1'],
      ['no-slash', '--input', '1', '--output', '1'],
      ['openai/x', '--input', '1', '--output', '1', '--as-of', '2026-02-30'],
      ['openai/x', '--input', '1'],
    ]) {
      const result = await home.run(['price', 'set', ...words])
      expect(result).toMatchObject({ exitCode: 2, stdout: '' })
      expect(result.stderr).not.toBe('')
    }
    expect(existsSync(fileOf(home))).toBe(false)
  })
})

describe('price diff and update', () => {
  const update = {
    as_of: '2026-11-20',
    prices: { 'openai/gpt-5': { input: 1, output: 10, cache_read: 0.125 }, 'acme/new': { input: 2, output: 4 } },
  }

  test('diff shows what update then does, and update keeps what it does not name and the file before', async () => {
    const home = newHome()
    await home.run(['price', 'set', 'local/*', '--input', '0', '--output', '0', '--as-of', '2026-01-01'])
    const before = pricesIn(home)
    const path = join(home.home, 'new-prices.json')
    writeFileSync(path, JSON.stringify(update))
    const diff = await home.run(['price', 'diff', '--from', path, '--json'])
    const { changes } = JSON.parse(diff.stdout) as { changes: { name: string; kind: string; fields: unknown[] }[] }
    expect(changes.map(({ name, kind }) => [name, kind])).toEqual([
      ['openai/gpt-5', 'changed'],
      ['acme/new', 'new'],
    ])
    expect(changes[0]?.fields).toContainEqual({ field: 'input', from: 1.25, to: 1 })
    expect(pricesIn(home)).toEqual(before)

    const done = await home.run(['price', 'update', '--from', '-', '--json'], JSON.stringify(update))
    expect(done.exitCode).toBe(0)
    expect((JSON.parse(done.stdout) as { changes: unknown }).changes).toEqual(changes)
    expect(pricesIn(home)).toEqual({
      prices: {
        'acme/new': { input: 2, output: 4, as_of: '2026-11-20' },
        'local/*': { input: 0, output: 0, as_of: '2026-01-01' },
        'openai/gpt-5': { input: 1, output: 10, cache_read: 0.125, as_of: '2026-11-20' },
      },
    })
    expect(JSON.parse(readFileSync(`${fileOf(home)}.previous`, 'utf8'))).toEqual(before)
    const repeated = await home.run(['price', 'diff', '--from', path])
    expect(repeated.stdout).toBe('An update would bring: 0 new, 0 changed, 2 as they are.\n')
  })

  test('take a file over as a whole or not at all, and name every mistake', async () => {
    const home = newHome()
    const broken = { prices: { 'a/b': { imput: 3, output: 'x' }, c: { input: 1 }, 'd/e': { input: 1 } } }
    const result = await home.run(['price', 'update', '--from', '-'], JSON.stringify(broken))
    expect(result).toMatchObject({ exitCode: 2, stdout: '' })
    for (const words of ['Did you mean input?', 'prices["a/b"].output', 'found "c"']) expect(result.stderr).toContain(words)
    expect(existsSync(fileOf(home))).toBe(false)
    expect((await home.run(['price', 'update', '--from', '-'], '{oops')).exitCode).toBe(2)
    expect((await home.run(['price', 'update', '--from', 'nowhere.json'])).exitCode).toBe(2)
  })
})
