import { afterEach, describe, expect, test } from 'bun:test'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ManualClock } from '../../test/support/manual-clock.ts'
import { DATASET_RELEASE } from '../catalog/prices/dataset-release.data.ts'
import { takeDataDir } from '../state/data-dir.ts'
import { STATE_FILE } from '../state/records/open.ts'
import { openSqliteDatabase } from '../state/sqlite-database.ts'
import { runDoctor, type DoctorReport } from './doctor.ts'
import { renderDoctor } from './render-doctor.ts'

const homes: string[] = []
afterEach(() => {
  for (const home of homes.splice(0)) rmSync(home, { recursive: true, force: true })
})

const DAY = 86_400_000
/** Ten days after the prices this version ships. */
const SOON = Date.parse(DATASET_RELEASE.asOf) + 10 * DAY

interface Patient {
  readonly home: string
  readonly dataDir: string
  readonly examine: (at?: number, more?: { env?: Record<string, string>; reachProviders?: boolean }) => Promise<DoctorReport>
}

function patient(config: string): Patient {
  const home = mkdtempSync(join(tmpdir(), 'switchback-doctor-'))
  homes.push(home)
  const dataDir = join(home, 'data')
  mkdirSync(dataDir, { mode: 0o700 })
  writeFileSync(join(home, 'switchback.yaml'), config)
  return {
    home,
    dataDir,
    examine: (at = SOON, { env = {}, ...more } = {}) =>
      runDoctor({ env, cwd: home, home, dataDir, clock: new ManualClock(at), ...more }),
  }
}

const HEALTHY = `
providers: [{ id: openai, type: openai, api_key: k }]
routes: [{ name: r, match: { model: r }, targets: [openai/gpt-5] }]
`
const told = (report: DoctorReport, check: string): string[] =>
  report.findings.filter((finding) => finding.check === check).map(({ status, message }) => `${status}: ${message}`)

describe('a doctor', () => {
  test('finds nothing wrong with what is in order', async () => {
    const { examine, dataDir } = patient(HEALTHY)
    utimesSync(dataDir, SOON / 1000, SOON / 1000)
    const report = await examine()
    expect(report).toMatchObject({ schema: 'switchback.doctor/v1', ok: true, refused: false, failures: 0, warnings: 0 })
    expect(report.findings.map(({ check }) => check)).toEqual([
      'configuration',
      'data',
      'prices',
      'providers',
      'targets',
      'clock',
    ])
    expect(renderDoctor(report).endsWith('\n\nEverything is in order.')).toBe(true)
  })

  test('tells every problem of a configuration that would not be taken', async () => {
    const { examine, home } = patient('sever: {}\nroutes: [{ name: r, match: { model: r }, targets: [nobody/x] }]\n')
    const report = await examine()
    expect(report).toMatchObject({ ok: false, refused: true, failures: 2 })
    expect(told(report, 'configuration')).toEqual([
      expect.stringContaining(`failure: ${join(home, 'switchback.yaml')}:1:1: sever`) as string,
      expect.stringContaining('switchback.yaml:2:52: routes[0].targets[0]') as string,
      expect.stringContaining('warning: ') as string,
    ])
    expect(renderDoctor(report)).toContain('FAIL  configuration  ')
  })

  test('runs the policy tests the configuration names', async () => {
    const { examine, home } = patient(`${HEALTHY}policy_tests: [policies.yaml]\n`)
    const write = (target: string): void =>
      writeFileSync(join(home, 'policies.yaml'), `tests: [{ name: t, request: { model: r }, expect: { selected: ${target} } }]\n`)
    write('openai/gpt-5')
    expect(told(await examine(), 'policies')).toEqual(['ok: 1 policy test passed.'])
    write('openai/gpt-4.1')
    expect(await examine()).toMatchObject({ ok: false, refused: true })
    writeFileSync(join(home, 'policies.yaml'), 'tests: 7\n')
    expect(told(await examine(), 'policies')[0]).toContain('policies.yaml:1')
  })

  test('warns of prices from the sixty-first day on, and of old ones of the operator’s', async () => {
    const { examine, dataDir } = patient(HEALTHY)
    const day = (days: number): number => Date.parse(DATASET_RELEASE.asOf) + days * DAY
    expect(told(await examine(day(60)), 'prices')).toEqual([expect.stringMatching(/^ok: .*60 days old/) as string])
    expect(told(await examine(day(61)), 'prices')).toEqual([expect.stringMatching(/^warning: .*61 days old/) as string])
    writeFileSync(
      join(dataDir, 'prices.json'),
      JSON.stringify({ prices: { 'openai/old': { input: 1, output: 1, as_of: '2020-01-01' } } }),
    )
    expect(told(await examine(), 'prices')[1]).toBe('warning: 1 price of your own is older than 60 days: openai/old.')
    writeFileSync(join(dataDir, 'prices.json'), '{')
    expect(told(await examine(), 'prices')).toEqual([expect.stringContaining('failure: The price file') as string])
  })

  test('tells providers without a key, and fails a route that leads to no other', async () => {
    const { examine } = patient(`
providers:
  - { id: openai, type: openai, api_key_env: OPENAI_KEY }
  - { id: anthropic, type: anthropic, api_key: k }
routes:
  - { name: both, match: { model: b }, targets: [openai/gpt-5, anthropic/claude-sonnet-4-5] }
  - { name: dead, match: { model: d }, targets: [openai/gpt-5] }
`)
    const report = await examine()
    expect(report).toMatchObject({ ok: false, refused: false, failures: 1 })
    expect(told(report, 'providers')).toEqual([
      'warning: Provider openai has no account with a key, so none of its models can be called.',
      'failure: Route dead leads only to providers without a key: every call for it is refused.',
    ])
    expect(told(report, 'configuration').join('\n')).toContain('OPENAI_KEY')
    expect(told(await examine(SOON, { env: { OPENAI_KEY: 'k' } }), 'providers')).toEqual([
      'ok: 2 providers with a usable account each.',
    ])
  })

  test('tells targets whose window or price nobody knows, and nothing of mocks', async () => {
    const { examine } = patient(`
providers:
  - { id: own, type: openai_compatible, base_url: "http://127.0.0.1:9/v1", auth_scheme: { kind: none }, models: [m, n] }
  - { id: mock, type: mock }
`)
    expect(told(await examine(), 'targets')).toEqual([
      expect.stringMatching(/^warning: The context window of own\/m and own\/n is not known/) as string,
      expect.stringMatching(/^warning: The price of own\/m and own\/n is not known/) as string,
    ])
  })

  test('tells who holds the data directory, what is wrong with it, and changes nothing in it', async () => {
    const { examine, dataDir } = patient(HEALTHY)
    chmodSync(dataDir, 0o755)
    expect(told(await examine(), 'data')[1]).toBe(`warning: Others on this machine may look into ${dataDir}.`)
    chmodSync(dataDir, 0o700)
    const held = takeDataDir({ path: dataDir, pid: process.pid, startedAt: SOON })
    held.announce('http://127.0.0.1:1')
    expect(told(await examine(), 'data')).toEqual([
      `ok: ${dataDir} can be used; process ${process.pid} serves from it at http://127.0.0.1:1.`,
    ])
    held.release()
    writeFileSync(join(dataDir, STATE_FILE), 'no database')
    expect(told(await examine(), 'data')[1]).toContain('failure: The database')
    rmSync(join(dataDir, STATE_FILE))
    const migrations = Array.from({ length: 99 }, (_unused, index) => `CREATE TABLE t${index} (x)`)
    openSqliteDatabase({ path: join(dataDir, STATE_FILE), domain: 'records', migrations, appliedAt: 0 }).close()
    expect(told(await examine(), 'data')[1]).toContain('was written by a newer Switchback')
    rmSync(dataDir, { recursive: true })
    writeFileSync(dataDir, 'a file')
    expect(told(await examine(), 'data')).toEqual([expect.stringContaining('is no folder') as string])
  })

  test('tells a clock that cannot be right', async () => {
    const { examine, dataDir } = patient(HEALTHY)
    expect(told(await examine(0), 'clock')).toEqual([expect.stringContaining('failure: The clock says 1970-01-01') as string])
    const file = join(dataDir, 'something')
    writeFileSync(file, '')
    utimesSync(file, (SOON + DAY) / 1000, (SOON + DAY) / 1000)
    expect(told(await examine(), 'clock')).toEqual([expect.stringContaining('warning: ') as string])
    utimesSync(file, SOON / 1000, SOON / 1000)
    expect(told(await examine(), 'clock')).toEqual([expect.stringContaining('ok: ') as string])
  })

  test('touches the network only when asked, and sends nothing', async () => {
    const heard: string[] = []
    const server = net.createServer((socket) => {
      heard.push('connection')
      socket.on('data', () => heard.push('data'))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as net.AddressInfo
    const entry = (id: string, at: number): string =>
      `  - { id: ${id}, type: openai_compatible, base_url: "http://127.0.0.1:${at}/v1", auth_scheme: { kind: none } }\n`
    const { examine } = patient(`providers:\n${entry('up', port)}${entry('down', 1)}`)
    expect(told(await examine(), 'network')).toEqual([])
    expect(heard).toEqual([])
    expect(told(await examine(SOON, { reachProviders: true }), 'network')).toEqual([
      `ok: up can be reached (127.0.0.1:${port}).`,
      'failure: down cannot be reached (127.0.0.1:1: refused).',
    ])
    expect(heard).toEqual(['connection'])
    await new Promise((resolve) => server.close(resolve))
  })
})
