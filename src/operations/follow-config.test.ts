import { afterEach, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ManualClock } from '../../test/support/manual-clock.ts'
import { loadConfig } from '../config/load.ts'
import type { PublishedConfig } from '../config/load.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import { followConfig, type ConfigFollower } from './follow-config.ts'
import type { ReloadOutcome } from './reload-config.ts'
import type { Refreshed } from './revisions/config-in-force.ts'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

const yaml = (...targets: string[]): string =>
  `providers: [{ id: a, type: mock }]\nroutes:\n  - name: r\n    match: { model: r }\n    targets: [${targets.join(', ')}]\n`

interface World {
  readonly path: string
  readonly clock: ManualClock
  readonly told: string[]
  /** Targets of each configuration that was handed over. */
  readonly taken: string[][]
  readonly follower: ConfigFollower
  /** What the gateway does with the next one. */
  outcome: ReloadOutcome | GatewayError
  /** What is published for all gateways. */
  published?: PublishedConfig
}

function follow(): World {
  folders.push(mkdtempSync(join(tmpdir(), 'switchback-follow-')))
  const path = join(folders.at(-1)!, 'switchback.yaml')
  writeFileSync(path, yaml('a/one'))
  const clock = new ManualClock()
  const told: string[] = []
  const taken: string[][] = []
  const gateway = {
    async refresh(): Promise<Refreshed> {
      const loaded = loadConfig({ path, env: {}, cwd: '/', home: '/', published: world.published })
      if (!loaded.ok) return { loaded, outcome: undefined, refusal: undefined }
      taken.push((loaded.compiled.routing.routes.get('r')?.targets ?? []).map(({ model }) => model))
      const { outcome } = world
      return outcome instanceof GatewayError
        ? { loaded, outcome: undefined, refusal: outcome }
        : { loaded, outcome, refusal: undefined }
    },
  }
  const follower = followConfig({ gateway, path, clock, tell: (line) => void told.push(line) })
  const world: World = { path, clock, told, taken, follower, outcome: { kind: 'unchanged', revision: 1, restart: [] } }
  return world
}

describe('a configuration file that is followed', () => {
  test('is taken within a second of a change, and only once', async () => {
    const world = follow()
    await world.clock.advance(3_000)
    expect(world.taken).toEqual([['one']])
    expect(world.told).toEqual([])
    world.outcome = { kind: 'applied', revision: 2, restart: ['server.bind', 'server.tls'] }
    writeFileSync(world.path, yaml('a/one', 'a/two'))
    await world.clock.advance(1_000)
    expect(world.taken.slice(1)).toEqual([['one', 'two']])
    expect(world.told).toEqual([
      'warning: server.bind and server.tls cannot change while the gateway runs, and will when it is started again.',
      'The configuration was taken over (revision 2).',
    ])
    await world.clock.advance(10_000)
    expect(world.taken).toHaveLength(2)
  })

  test('is not read while it is being written', async () => {
    const world = follow()
    await world.clock.advance(3_000)
    for (const text of ['', 'providers: [', yaml('a/one', 'a/two').slice(0, 40)]) {
      writeFileSync(world.path, text)
      await world.clock.advance(450)
    }
    writeFileSync(world.path, yaml('a/two'))
    await world.clock.advance(900)
    expect(world.taken).toEqual([['one'], ['two']])
    expect(world.told).toEqual([])
  })

  test('that is no good is told with every problem and its place, and handed to nobody', async () => {
    const world = follow()
    await world.clock.advance(3_000)
    writeFileSync(world.path, `${yaml('nobody/x')}sever: {}\n`)
    await world.clock.advance(1_000)
    expect(world.taken).toEqual([['one']])
    expect(world.told.slice(0, -1).map((line) => line.slice(world.path.length))).toEqual([
      expect.stringMatching(/^:5:15: routes\[0\]\.targets\[0\]: /) as string,
      expect.stringMatching(/^:6:1: sever: Unknown key "sever"\. Did you mean server\?/) as string,
    ])
    expect(world.told.at(-1)).toBe('The new configuration was not taken. The one before it stays in force.')
  })

  test('that the gateway refuses is told as well, and read again when a policy test it names has changed', async () => {
    const world = follow()
    await world.clock.advance(3_000)
    const policies = join(world.path, '..', 'policies.yaml')
    writeFileSync(policies, 'tests: []\n')
    world.outcome = new GatewayError('config_invalid', '1 policy test fails:\n  policies.yaml:1: no')
    writeFileSync(world.path, `${yaml('a/two')}policy_tests: [policies.yaml]\n`)
    await world.clock.advance(1_000)
    expect(world.told).toEqual([
      '1 policy test fails:',
      '  policies.yaml:1: no',
      'The new configuration was not taken. The one before it stays in force.',
    ])
    world.outcome = { kind: 'applied', revision: 2, restart: [] }
    writeFileSync(policies, 'tests: [] # mended\n')
    await world.clock.advance(1_000)
    expect(world.told.at(-1)).toBe('The configuration was taken over (revision 2).')
  })

  test('is not taken while another configuration is published, which is told', async () => {
    const world = follow()
    world.published = { revision: 7, document: yaml('a/published'), policyFiles: {} }
    world.outcome = { kind: 'unchanged', revision: 7, restart: [] }
    await world.clock.advance(3_000)
    writeFileSync(world.path, yaml('a/two'))
    await world.clock.advance(1_000)
    expect(world.taken).toEqual([['published'], ['published']])
    expect(world.told).toEqual([
      `${world.path} has changed, and this gateway does not follow it: it serves by revision 7, which was published for all gateways. "switchback config publish" puts the file in its place, "switchback config withdraw" has every gateway follow its own again.`,
    ])
  })

  test('is told missing when it is gone, and is not looked for elsewhere', async () => {
    const world = follow()
    await world.clock.advance(3_000)
    rmSync(world.path)
    await world.clock.advance(1_000)
    expect(world.told[0]).toContain('There is no such file')
    expect(world.taken).toHaveLength(1)
    writeFileSync(world.path, yaml('a/two'))
    await world.clock.advance(1_000)
    expect(world.taken).toEqual([['one'], ['two']])
  })

  test('is read at once when that is asked for, and then an unchanged one is told too', async () => {
    const world = follow()
    await world.follower.reload()
    expect(world.told).toEqual(['The configuration is the one in force (revision 1).'])
    world.follower.stop()
    writeFileSync(world.path, yaml('a/two'))
    await world.clock.advance(10_000)
    expect(world.taken).toEqual([['one']])
  })
})
