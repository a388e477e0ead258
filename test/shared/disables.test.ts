import { expect, test } from 'bun:test'
import { asProviderId } from '../../src/ir/ids.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { createNoCoordination } from '../../src/state/coordination/none.ts'
import type { Coordination } from '../../src/state/coordination/store.ts'
import { disableStoreConformance } from '../../src/state/disables/conformance.ts'
import { POSTGRES_DISABLES } from '../../src/state/disables/postgres-schema.ts'
import { createPostgresDisables, type PostgresDisables } from '../../src/state/disables/postgres.ts'
import { describeWithServers } from '../support/describe-with-servers.ts'
import { suiteServers, undoneAfterEach } from '../support/suite-servers.ts'
import { eventually } from '../support/gateway-fixture.ts'
import { freshDatabase, freshName, joinReplica } from '../support/shared-state.ts'

const ALONE = { id: 'alone', host: 'test', pid: 1, started: '', version: '0', configHash: '' }
const P = asProviderId('p')

describeWithServers(['postgres', 'redis'], 'PostgreSQL keeps disables', () => {
  const servers = suiteServers()
  const cleanUp = undoneAfterEach()

  /** Without `looks` it does not look for itself, and knows only what it is told. */
  const open = (
    coordination: Coordination,
    schema: string,
    { wall = () => systemClock.wall(), looks = true } = {},
  ): PostgresDisables => {
    const database = freshDatabase(servers.postgres, [POSTGRES_DISABLES], schema)
    const store = createPostgresDisables({
      database,
      coordination,
      clock: { ...systemClock, wall, every: (ms, task) => (looks ? systemClock.every(ms, task) : () => undefined) },
    })
    cleanUp(
      () => database.close(),
      () => store.close(),
      () => coordination.close(),
    )
    return store
  }

  disableStoreConformance('PostgreSQL', () => {
    let time = 1_700_000_000_000
    const store = open(createNoCoordination(ALONE), freshName('disables'), { wall: () => time })
    return { store, advance: (ms) => void (time += ms) }
  })

  const pair = async (looks: boolean): Promise<[PostgresDisables, PostgresDisables]> => {
    const schema = freshName('disables')
    const [one, two] = [await joinReplica(servers.redis, schema), await joinReplica(servers.redis, schema)].map((replica) =>
      open(replica, schema, { looks }),
    )
    await Promise.all([one!.load(), two!.load()])
    return [one!, two!]
  }
  const order = { subject: { scope: 'provider', provider: P }, reason: 'outage', by: 'admin' } as const

  test('what one replica is told holds in the others, which are told, and so does taking it back', async () => {
    const [one, two] = await pair(false)
    await one.disable(order)
    await eventually(() => two.model(P, 'm')?.reason === 'outage', 'the other replica knows')
    expect(await two.enable({ subject: order.subject, by: 'admin' })).toBe(true)
    await eventually(() => !one.any, 'the first replica knows')
    expect(await one.changes()).toHaveLength(2)
  })

  test('a replica that cannot be told finds out by itself', async () => {
    const schema = freshName('disables')
    const one = open(createNoCoordination(ALONE), schema)
    const two = open(createNoCoordination(ALONE), schema)
    await Promise.all([one.load(), two.load()])
    await one.disable(order)
    await eventually(() => two.any, 'the other replica has looked')
  })

  test('a replica that starts later knows what is in force', async () => {
    const schema = freshName('disables')
    const one = open(createNoCoordination(ALONE), schema)
    await one.disable(order)
    const two = open(createNoCoordination(ALONE), schema)
    await two.load()
    expect(two.list()).toEqual(one.list())
  })

  test('orders of two at the same moment are both known to a third, whichever is kept first', async () => {
    const schema = freshName('disables')
    const [one, reader] = [0, 1].map(() => open(createNoCoordination(ALONE), schema, { looks: false }))
    await reader!.load()
    const other = freshDatabase(servers.postgres, [], schema)
    cleanUp(() => other.close())
    const [begun, held] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const slow = other.transaction(async (query) => {
      await query("INSERT INTO disables (scope, provider, name, since, ordered_by) VALUES ('provider', 'q', '', 1, 'admin')")
      await query(
        "INSERT INTO disable_changes (at, action, scope, provider, name, ordered_by) VALUES (1, 'disable', 'provider', 'q', '', 'admin')",
      )
      begun.resolve()
      await held.promise
    })
    await begun.promise
    let isKept = false
    const quick = one!.disable(order).then(() => (isKept = true))
    const waiters = async (): Promise<number> => (await other.query('SELECT 1 FROM pg_locks WHERE NOT granted')).length
    await eventually(async () => isKept || (await waiters()) > 0, 'the second order is kept, or waits for the first')
    await reader!.load()
    held.resolve()
    await Promise.all([slow, quick])
    await reader!.load()
    expect(reader!.list().map(({ subject }) => subject.provider)).toEqual([asProviderId('q'), P])
  })

  test('while the database is gone what is in force stays so, and an order is refused', async () => {
    const [one, two] = await pair(true)
    await one.disable(order)
    await eventually(() => two.any, 'the other replica knows')
    await servers.postgres.kill()
    expect(one.enable({ subject: order.subject, by: 'admin' })).rejects.toThrow(/could not be kept/)
    await one.enable({ subject: order.subject, by: 'admin' }).catch(() => undefined)
    expect([one.any, two.any]).toEqual([true, true])
    await servers.postgres.start()
    const enabled = (): Promise<boolean> => two.enable({ subject: order.subject, by: 'admin' }).catch(() => false)
    await eventually(enabled, 'the order is taken')
    await eventually(() => !one.any, 'the first replica knows')
  })
})
