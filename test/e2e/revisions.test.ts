import { afterEach, describe, expect, test } from 'bun:test'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CommandLine, type Finished } from '../support/command-line.ts'

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const undo of cleanUp.splice(0).reverse()) await undo()
})

const POLICIES = `tests:
  - name: m goes to all
    request: { model: m }
    expect: { selected: all/echo }
`
const ALL = `# For everybody.
providers: [{ id: all, type: mock }]
routes: [{ name: r, match: { model: m }, targets: [all/echo] }]
policy_tests: [policies.yaml]
`

/** A home with a configuration of its own, and another one to be published beside it. */
function setup(): { line: CommandLine; config: (words: string) => Promise<Finished> } {
  const line = new CommandLine({ USER: 'alice' })
  cleanUp.push(() => line.dispose())
  writeFileSync(join(line.home, 'switchback.yaml'), 'providers: [{ id: own, type: mock }]\n')
  writeFileSync(join(line.home, 'all.yaml'), ALL)
  writeFileSync(join(line.home, 'policies.yaml'), POLICIES)
  return { line, config: (words) => line.run(['config', ...words.split(' ')]) }
}

const served = async (url: string): Promise<number> => {
  const body = JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'hi' }] })
  return (await fetch(`${url}/v1/chat/completions`, { method: 'POST', headers: { 'content-type': 'application/json' }, body }))
    .status
}

describe('switchback config publish', () => {
  test('before any gateway runs is what the next one serves by, and says so', async () => {
    const { line, config } = setup()
    const published = await config('publish all.yaml --note first')
    expect(published).toMatchObject({
      exitCode: 0,
      stderr: expect.stringContaining('warning: No key stands in it') as string,
    })
    expect(published.stdout).toMatch(
      /^Revision 1 is published for all gateways \(none was before\)\.\nThe next gateway that starts with .*switchback\.db finds it\.\n$/,
    )
    const gateway = await line.serve()
    const { url } = gateway
    expect(await served(url)).toBe(200)
    gateway.signal('SIGTERM')
    const { stdout } = await gateway.finished
    expect(JSON.parse(stdout.split('\n')[0]!)).toMatchObject({
      configuration: `revision 1, published for all gateways; this one's own settings from ${join(line.home, 'switchback.yaml')}`,
      providers: ['all'],
    })
  })

  test('reaches a gateway that runs, and all of the history can be looked at and gone back to', async () => {
    const { line, config } = setup()
    const gateway = await line.serve()
    const { url } = gateway
    expect(await served(url)).toBe(404)
    expect((await config('publish all.yaml --dry-run')).stdout).toBe('It would be published (none is). Nothing was changed.\n')
    expect(await served(url)).toBe(404)
    expect((await config('publish all.yaml')).stdout).toBe('Revision 2 is published for all gateways (none was before).\n')
    expect(await served(url)).toBe(200)

    expect((await config('show published')).stdout).toBe(ALL)
    expect(await config('diff published')).toMatchObject({
      exitCode: 1,
      stdout: expect.stringContaining('+providers: [{ id: own') as string,
    })
    expect(await config('diff 1')).toMatchObject({ exitCode: 0, stdout: 'They are the same.\n' })
    expect(await config('diff 1 2')).toMatchObject({ exitCode: 1 })

    expect(await config('rollback 1 --if-revision none')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('Revision 2 is published, and not none as expected') as string,
    })
    expect((await config('rollback 1 --if-revision 2')).stdout).toBe(
      'Revision 1 is published for all gateways (before it was 2).\n',
    )
    expect(await served(url)).toBe(404)
    expect((await config('withdraw')).stdout).toBe('Revision 1 is withdrawn: every gateway serves by its own configuration.\n')
    const { stdout } = await config('history')
    expect(stdout).toContain(
      'Nothing is published: every gateway serves by its own configuration.\nThis gateway serves by revision 1.\n',
    )
    expect(stdout.match(/withdrawn|revision \d by/g)).toEqual(['withdrawn', 'revision 1 by', 'revision 2 by'])
    gateway.signal('SIGTERM')
    expect((await gateway.finished).stderr).toContain('Revision 2, published by alice, was taken over.')
  })

  test('refuses what no gateway should take, with its place, and nothing has changed', async () => {
    const { line, config } = setup()
    const { url } = await line.serve()
    const refusals: readonly (readonly [text: string, told: RegExp])[] = [
      ['providers:\n  - id: a\n    type: mokc\n', /bad\.yaml:3:11: providers\[0\]\.type/],
      ['providers: [', /bad\.yaml:\d+:\d+: /],
      ['providers: [{ id: a, type: openai, api_key: zq7-secret-key }]\n', /line 1: providers\[0\]\.api_key/],
      [ALL.replace('all/echo', 'all/other'), /policies\.yaml:2: m goes to all: /],
    ]
    for (const [text, told] of refusals) {
      writeFileSync(join(line.home, 'bad.yaml'), text)
      const { exitCode, stderr, stdout } = await config('publish bad.yaml')
      expect([exitCode, stderr]).toEqual([2, expect.stringMatching(told) as string])
      expect(stderr + stdout).not.toContain('zq7')
      const { stdout: json } = await config('publish bad.yaml --json')
      expect(JSON.parse(json)).toMatchObject({ ok: false, error: { code: 'revision_refused' } })
    }
    expect((await config('publish missing.yaml')).stderr).toContain('missing.yaml cannot be read')
    for (const words of ['rollback 9', 'show 9', 'show published']) expect((await config(words)).stderr).toContain('There is no ')
    for (const words of ['rollback x', 'show -1', 'publish --if-revision x', 'history --limit 0'])
      expect((await config(words)).exitCode).toBe(2)
    expect(await served(url)).toBe(404)
    expect((await config('history')).stdout).not.toContain('\npublished:')
  })

  test('is told to whoever changes the file that is not followed any more', async () => {
    const { line, config } = setup()
    const gateway = await line.serve()
    await config('publish all.yaml')
    const added = await line.run(['provider', 'add', 'ollama', '--id', 'local', '--yes'])
    expect(added.exitCode).toBe(0)
    expect(added.stderr).toContain('Gateways do not follow it: revision 2 is published for all of them.')
    expect(readFileSync(join(line.home, 'switchback.yaml'), 'utf8')).toContain('local')
    gateway.signal('SIGTERM')
    await gateway.finished
  })
})
