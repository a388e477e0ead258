import { expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../../src/lib/clock.ts'
import { redisAddressOf } from '../../src/state/redis/address.schema.ts'
import { openRedis } from '../../src/state/redis/redis.ts'
import { CommandLine } from '../support/command-line.ts'
import { describeWithServers } from '../support/describe-with-servers.ts'
import { disposedAfterEach, suiteServers } from '../support/suite-servers.ts'
import { freshName } from '../support/shared-state.ts'

interface Report {
  readonly ok: boolean
  readonly findings: readonly {
    readonly check: string
    readonly status: string
    readonly message: string
    readonly advice?: string
  }[]
}

describeWithServers(['postgres', 'redis'], 'doctor looks at the servers of a shared state', () => {
  const servers = suiteServers()
  const disposed = disposedAfterEach()

  const newHome = (): CommandLine => {
    const name = freshName('doctor')
    const home = new CommandLine({ PG: servers.postgres.url(`?schema=${name}`), RD: servers.redis.url(`?prefix=${name}`) })
    disposed(home)
    const text = 'providers: [{ id: mock, type: mock }]\nstate: { store: "${PG}", coordination: "${RD}" }\n'
    writeFileSync(join(home.home, 'switchback.yaml'), text)
    return home
  }
  /** What it says of the servers, without secrets. */
  const examined = async (home: CommandLine): Promise<{ exitCode: number; ok: boolean; lines: string[] }> => {
    const { exitCode, stdout, stderr } = await home.run(['doctor', '--json'])
    expect(stdout + stderr).not.toContain('secret-word')
    const { ok, findings } = JSON.parse(stdout) as Report
    const own = findings.filter(({ check }) => ['database', 'coordination'].includes(check))
    return { exitCode, ok, lines: own.map(({ status, check, message }) => `${status} ${check}: ${message}`) }
  }

  test('before and after the schema is made', async () => {
    const home = newHome()
    const before = await examined(home)
    expect(before.lines).toEqual([
      expect.stringMatching(
        /^ok database: The PostgreSQL database postgres at 127\.0\.0\.1:\d+ answers in [\d.]+ ms \(PostgreSQL \d/,
      ),
      expect.stringMatching(/^warning database: \d+ parts of the schema are missing/),
      expect.stringMatching(/^ok coordination: The Redis .* answers in [\d.]+ ms \(Redis \d.*it does not persist/),
    ])
    await home.run(['state', 'migrate'])
    const after = await examined(home)
    expect(after).toMatchObject({ exitCode: 0, ok: true })
    expect(after.lines.map((line) => line.slice(0, 15))).toEqual(['ok database: Th', 'ok coordination'])
  })

  test('a Redis that may drop what it holds is a warning', async () => {
    const home = newHome()
    const redis = openRedis({ address: redisAddressOf(servers.redis.url()), clock: systemClock })
    try {
      await redis.send('CONFIG', ['SET', 'maxmemory-policy', 'allkeys-lru'])
      const { lines } = await examined(home)
      expect(lines.at(-1)).toMatch(/^warning coordination: .*allkeys-lru.*limits, locks/)
    } finally {
      await redis.send('CONFIG', ['SET', 'maxmemory-policy', 'noeviction'])
      redis.close()
    }
  })

  test('servers that are away are failures that say what to do', async () => {
    const home = newHome()
    await Promise.all([servers.postgres.kill(), servers.redis.kill()])
    try {
      const { exitCode, ok, lines } = await examined(home)
      expect([exitCode, ok]).toEqual([1, false])
      expect(lines).toEqual([
        expect.stringMatching(/^failure database: .*nothing listens there.*state\.store/),
        expect.stringMatching(/^failure coordination: .*state\.coordination/),
      ])
    } finally {
      await Promise.all([servers.postgres.start(), servers.redis.start()])
    }
  })
})
