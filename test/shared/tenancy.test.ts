import { expect, test } from 'bun:test'
import { systemClock } from '../../src/lib/clock.ts'
import { auditStoreConformance } from '../../src/state/audit/conformance.ts'
import { POSTGRES_AUDIT } from '../../src/state/audit/postgres-schema.ts'
import { createPostgresAudit } from '../../src/state/audit/postgres.ts'
import { createNoCoordination } from '../../src/state/coordination/none.ts'
import type { Coordination } from '../../src/state/coordination/store.ts'
import { aKey, anOwner, tenancyStoreConformance } from '../../src/state/tenancy/conformance.ts'
import { KeyDirectory } from '../../src/state/tenancy/key-directory.ts'
import { POSTGRES_TENANCY } from '../../src/state/tenancy/postgres-schema.ts'
import { createPostgresTenancy } from '../../src/state/tenancy/postgres.ts'
import type { TenancyEntity, TenancyStore } from '../../src/state/tenancy/store.ts'
import { describeWithServers } from '../support/describe-with-servers.ts'
import { suiteServers, undoneAfterEach } from '../support/suite-servers.ts'
import { eventually } from '../support/gateway-fixture.ts'
import { freshDatabase, freshName, joinReplica } from '../support/shared-state.ts'

const ALONE = { id: 'alone', host: 'test', pid: 1, started: '', version: '0', configHash: '' }

describeWithServers(['postgres', 'redis'], 'PostgreSQL keeps keys and the audit', () => {
  const servers = suiteServers()
  const cleanUp = undoneAfterEach()

  const open = (coordination: Coordination, schema: string): TenancyStore => {
    const database = freshDatabase(servers.postgres, [POSTGRES_TENANCY], schema)
    const store = createPostgresTenancy({ database, coordination, clock: systemClock })
    cleanUp(
      () => coordination.close(),
      () => database.close(),
      () => store.close(),
    )
    return store
  }

  tenancyStoreConformance('PostgreSQL', () => open(createNoCoordination(ALONE), freshName('tenancy')))
  auditStoreConformance('PostgreSQL', () => {
    const database = freshDatabase(servers.postgres, [POSTGRES_AUDIT])
    cleanUp(() => database.close())
    return createPostgresAudit(database)
  })

  /** Reads everything, as a gateway does when it starts, and notes what it is told afterwards. */
  async function following(store: TenancyStore): Promise<TenancyEntity[]> {
    const told: TenancyEntity[] = []
    store.watch((change) => told.push(change))
    for (const kind of ['tenant', 'project', 'owner', 'key'] as const) await Array.fromAsync(store.pages(kind))
    return told
  }

  test('what one replica changes, the others are told, once and in its order', async () => {
    const schema = freshName('tenancy')
    const one = open(await joinReplica(servers.redis, schema), schema)
    const two = open(await joinReplica(servers.redis, schema), schema)
    const [first, second] = await Promise.all([following(one), following(two)])
    await one.insert(anOwner('alice'))
    await two.insert(aKey('sbk_1'))
    await one.insert(aKey('sbk_2'))
    const ids = (changes: readonly TenancyEntity[]): string[] => changes.map(({ id }) => id).toSorted()
    await eventually(() => first.length >= 3 && second.length >= 3, 'both are told')
    expect(ids(first)).toEqual(['alice', 'sbk_1', 'sbk_2'])
    expect(ids(second)).toEqual(['alice', 'sbk_1', 'sbk_2'])
    expect(await Promise.all([one.replace(aKey('sbk_1', { version: 2 })), two.replace(aKey('sbk_1', { version: 2 }))])).toContain(
      false,
    )
  })

  test('a key revoked in one replica ends in another that has missed the announcement', async () => {
    const schema = freshName('tenancy')
    // Neither hears the other: only the database tells.
    const [one, two] = [open(createNoCoordination(ALONE), schema), open(createNoCoordination(ALONE), schema)]
    await one.insert(aKey('sbk_1'))
    const ended: string[] = []
    const keys = new KeyDirectory({
      clock: systemClock,
      onEnded: ({ error }) => ended.push(error.code),
    })
    await keys.follow(two)
    cleanUp(async () => keys.close())
    await one.replace(aKey('sbk_1', { version: 2, revoked: { at: 1, by: 'admin' } }))
    await eventually(() => ended.length > 0, 'the key ends')
    expect(ended).toEqual(['api_key_revoked'])
  })

  test('changes made at once all arrive, whichever becomes visible first', async () => {
    const schema = freshName('tenancy')
    const writers = [open(createNoCoordination(ALONE), schema), open(createNoCoordination(ALONE), schema)]
    const reader = open(createNoCoordination(ALONE), schema)
    const told = await following(reader)
    const ids = Array.from({ length: 40 }, (_unused, index) => `owner-${index}`)
    await Promise.all(ids.map((id, index) => writers[index % 2]!.insert(anOwner(id))))
    await eventually(() => told.length >= ids.length, 'all changes arrive')
    expect(new Set(told.map(({ id }) => id))).toEqual(new Set(ids))
  })
})
