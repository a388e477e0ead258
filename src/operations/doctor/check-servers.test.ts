import { describe, expect, test } from 'bun:test'
import type { CoordinationLook, DatabaseLook } from '../state/look-at-servers.ts'
import { findingsOf } from './check-servers.ts'

const DATABASE: DatabaseLook = {
  name: 'PostgreSQL database d at h:1',
  version: '17.2',
  roundTripMs: 0.42,
  aheadMs: -3,
  versions: [{ domain: 'ledger', found: 1, known: 1, worksWith: 1 }],
}
const REDIS: CoordinationLook = {
  name: 'Redis database 0 at h:2',
  version: '7.4.1',
  roundTripMs: 12.3,
  aheadMs: 3,
  info: { maxmemory: '0', maxmemory_policy: 'noeviction', aof_enabled: '1', redis_mode: 'standalone', role: 'master' },
}
const told = (database: Partial<DatabaseLook>, coordination: Partial<CoordinationLook> | undefined): string[] =>
  findingsOf({
    database: { ...DATABASE, ...database },
    coordination: coordination && { ...REDIS, ...coordination, info: { ...REDIS.info, ...coordination.info } },
  }).map(({ check, status, message }) => `${status} ${check}: ${message}`)
const problems = (coordination: Partial<CoordinationLook>): string[] =>
  told({}, coordination).filter((line) => !line.startsWith('ok'))

describe('servers of a shared state', () => {
  test('that are in order are named with version and round trip', () => {
    expect(told({}, {})).toEqual([
      'ok database: The PostgreSQL database d at h:1 answers in 0.4 ms (PostgreSQL 17.2).',
      'ok coordination: The Redis database 0 at h:2 answers in 12 ms (Redis 7.4.1); it persists (appendonly).',
    ])
    expect(told({}, undefined)).toHaveLength(1)
  })

  test('that cannot be used are told with why, and nothing else of them', () => {
    const fault = { fault: 'It is away.', aheadMs: undefined, versions: [] }
    expect(told(fault, fault)).toEqual(['failure database: It is away.', 'failure coordination: It is away.'])
  })

  test('a schema that the next start brings up is a warning, one of a newer program a failure', () => {
    const ledger = DATABASE.versions[0]!
    expect(told({ versions: [{ ...ledger, found: 0 }] }, undefined)[1]).toMatch(
      /^warning database: 1 part .* missing .*: ledger\.$/,
    )
    expect(told({ versions: [{ ...ledger, found: 3, worksWith: 3 }] }, undefined)[1]).toMatch(
      /^failure database: .*ledger.*newer/,
    )
    expect(told({ versions: [{ ...ledger, found: 2, worksWith: 1 }] }, undefined)).toHaveLength(1)
  })

  test.each(['allkeys-lru', 'volatile-ttl'])('a Redis that may drop counters (%s) is a warning', (policy) => {
    expect(problems({ info: { maxmemory_policy: policy } })).toEqual([
      expect.stringMatching(/^warning coordination: .*, though no maxmemory.*would vanish/) as string,
    ])
    expect(problems({ info: { maxmemory_policy: policy, maxmemory: '100000' } })[0]).not.toContain('though')
  })

  test.each([
    [{ version: '6.0.16' }, /^failure .*6\.0\.16 is too old/],
    [{ info: { redis_mode: 'cluster' } }, /^failure .*Cluster/],
    [{ info: { role: 'slave' } }, /^failure .*takes no writes/],
    [{ roundTripMs: 80 }, /^warning .*80 ms/],
  ])('a Redis of which nothing good can be said: %j', (look, message) => {
    expect(problems(look)).toEqual([expect.stringMatching(message) as string])
  })

  test('a Redis that does not tell its settings is none the worse for it', () => {
    expect(findingsOf({ database: DATABASE, coordination: { ...REDIS, version: undefined, info: {} } })[1]?.message).toBe(
      'The Redis database 0 at h:2 answers in 12 ms.',
    )
  })

  test('clocks that differ by more than two seconds are told, whichever goes before', () => {
    expect(told({ aheadMs: 2_000 }, { aheadMs: -2_000 })).toHaveLength(2)
    expect(told({ aheadMs: 2_001 }, { aheadMs: -61_000 }).slice(2)).toEqual([
      "warning clock: The clock of the PostgreSQL database d at h:1 is 2.0 s ahead of this machine's.",
      "warning clock: The clock of the Redis database 0 at h:2 is 61.0 s behind this machine's.",
    ])
  })
})
