import { afterEach, describe, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { asProviderId } from '../../src/ir/ids.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { takeDataDir } from '../../src/state/data-dir.ts'
import { openDisables } from '../../src/state/disables/open.ts'
import type { DisableEntry } from '../../src/state/disables/store.ts'
import { CommandLine } from '../support/command-line.ts'
import { fakeKey } from '../support/http-app-fixture.ts'
import { ACME, MAIN, OPERATED_CONFIG, operatedGateway, type OperatedGateway } from '../support/operator-fixture.ts'

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const undo of cleanUp.splice(0).reverse()) await undo()
})

const DATA = '.local/state/switchback'

/** A home with a configuration file, where no gateway runs. */
function newHome(variables: Record<string, string> = {}, config: object = OPERATED_CONFIG): CommandLine {
  const home = new CommandLine({ USER: 'alice', ...variables })
  cleanUp.push(() => home.dispose())
  writeFileSync(join(home.home, 'switchback.yaml'), JSON.stringify(config))
  return home
}

/** Serves from the home's data directory, as `switchback serve` would, from this process. */
function serveFrom(home: CommandLine, basePath = ''): OperatedGateway {
  const gateway = operatedGateway({ apiKeys: [fakeKey('good', 'operator')], basePath })
  const server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: (request) => gateway.app.fetch(request) })
  const held = takeDataDir({ path: join(home.home, DATA), pid: process.pid, startedAt: Date.now() })
  held.announce(`http://127.0.0.1:${server.port}`)
  cleanUp.push(() => held.release())
  cleanUp.push(() => server.stop(true))
  return gateway
}

/** What the next gateway of this home would find. */
function storedIn(home: CommandLine): readonly DisableEntry[] {
  const store = openDisables({ store: join(home.home, DATA, 'switchback.db'), clock: systemClock })
  try {
    return store.list()
  } finally {
    void store.close()
  }
}

describe('with no gateway running', () => {
  test('disable is written for the next start, and enable takes it back', async () => {
    const home = newHome()
    const before = Date.now()
    const done = await home.run(['provider', 'disable', 'acme', '--for', '30m', '--reason', 'outage'])
    expect(done).toMatchObject({ exitCode: 0, stderr: '' })
    expect(done.stdout).toContain('Disabled: provider acme until 2')
    expect(done.stdout).toContain('No gateway runs on this data directory')
    const [entry] = storedIn(home)
    expect(entry).toMatchObject({ subject: { scope: 'provider', provider: 'acme' }, reason: 'outage', by: 'command line, alice' })
    expect((entry?.until ?? 0) - (entry?.since ?? 0)).toBe(1_800_000)
    expect(entry?.since).toBeGreaterThanOrEqual(before)
    const enabled = await home.run(['provider', 'enable', 'acme', '--json'])
    expect(JSON.parse(enabled.stdout)).toMatchObject({
      ok: true,
      was_disabled: true,
      told: { file: expect.stringContaining('.db') },
    })
    expect(storedIn(home)).toEqual([])
  })

  test('mistakes are told with what to write instead, and write nothing', async () => {
    const home = newHome()
    const cases: [string[], number, string][] = [
      [['provider', 'disable', 'acme', '--for', '1800'], 2, '1800s, 1800m or 1800h'],
      [['provider', 'disable', 'acme', '--reason', 'a\nb'], 2, 'on one line'],
      [['account', 'disable', 'acme'], 2, 'PROVIDER/ACCOUNT'],
      [['account', 'disable', 'acme/mian'], 1, 'Did you mean main?'],
      [['model', 'disable', 'acme/larg'], 1, 'Did you mean large?'],
      [['model', 'disable'], 2, 'name'],
      [['account', 'reset', 'acme/main'], 1, 'nothing to reset'],
      [['health'], 1, 'switchback serve'],
    ]
    for (const [words, exitCode, hint] of cases) {
      const result = await home.run(words)
      expect([words, result.exitCode, result.stdout]).toEqual([words, exitCode, ''])
      expect(result.stderr).toContain(hint)
    }
    expect(storedIn(home)).toEqual([])
  })

  test('a broken configuration is told instead of guessed at', async () => {
    const home = newHome({}, { providers: [{ id: 'acme', typ: 'mock' }] })
    expect(await home.run(['provider', 'disable', 'acme'])).toMatchObject({ exitCode: 2, stdout: '' })
  })
})

describe('with a gateway running on the data directory', () => {
  test('it is found by itself, told, and asked for its health', async () => {
    const home = newHome({ SWITCHBACK_API_KEY: 'good' })
    const gateway = serveFrom(home)
    const done = await home.run(['model', 'disable', 'acme/org/small', '--for', '2h', '--reason', 'wrong answers', '--json'])
    expect(done).toMatchObject({ exitCode: 0, stderr: '' })
    expect(JSON.parse(done.stdout)).toMatchObject({
      ok: true,
      told: { gateway: expect.stringContaining('http://127.0.0.1:') },
      disabled: { scope: 'model', provider: 'acme', model: 'org/small', reason: 'wrong answers', by: fakeKey('good').id },
    })
    expect(gateway.disables.model(ACME, 'org/small')).toMatchObject({ reason: 'wrong answers' })
    expect((await home.run(['account', 'disable', 'acme/main'])).stdout).toContain('was told; it holds already')
    expect(gateway.disables.account(ACME, MAIN)).toMatchObject({ until: undefined })
    expect((await home.run(['account', 'reset', 'acme/main'])).stdout).toContain(
      'Still disabled: account acme/main until it is enabled.',
    )

    const table = await home.run(['health'])
    expect(table.exitCode).toBe(0)
    expect(table.stdout).toMatch(/^TARGET .*\nacme\/large +closed .* 1 of 2$/m)
    expect(table.stdout).toContain('disabled: account acme/main until enabled')
    const { stdout } = await home.run(['health', '--json'])
    const { schema, disables } = JSON.parse(stdout) as { schema: string; disables: { scope: string }[] }
    expect(schema).toBe('switchback.health/v1')
    expect(disables.map(({ scope }) => scope).sort()).toEqual(['account', 'model'])
  })

  test('it is found below its base path', async () => {
    const home = newHome({ SWITCHBACK_API_KEY: 'good' }, { ...OPERATED_CONFIG, server: { base_path: '/ai' } })
    const gateway = serveFrom(home, '/ai')
    expect((await home.run(['provider', 'disable', 'open'])).exitCode).toBe(0)
    expect(gateway.disables.model(asProviderId('open'), 'm')).toBeDefined()
  })

  test('a key that may not do this changes nothing, there or in the files', async () => {
    const home = newHome({ SWITCHBACK_API_KEY: 'bad' })
    const gateway = serveFrom(home)
    const result = await home.run(['provider', 'disable', 'acme'])
    expect(result.exitCode).toBe(1)
    expect(result.stderr).toContain('SWITCHBACK_API_KEY')
    expect(gateway.disables.any).toBe(false)
    expect(storedIn(home)).toEqual([])
  })
})
