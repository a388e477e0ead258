import { afterEach, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../../src/lib/clock.ts'
import { certificationStoreConformance, certified } from '../../src/state/certifications/conformance.ts'
import { POSTGRES_CERTIFICATIONS } from '../../src/state/certifications/postgres-schema.ts'
import { createPostgresCertifications } from '../../src/state/certifications/postgres.ts'
import { createNoCoordination } from '../../src/state/coordination/none.ts'
import { CommandLine } from '../support/command-line.ts'
import { describeWithServers } from '../support/describe-with-servers.ts'
import { suiteServers } from '../support/suite-servers.ts'
import { eventually, TestWorld, type TestGateway } from '../support/gateway-fixture.ts'
import { PROBED_KEY, startProbedUpstream } from '../support/probed-upstream.ts'
import { freshDatabase, freshName } from '../support/shared-state.ts'

const ALONE = { id: 'alone', host: 'test', pid: 1, started: '', version: '0', configHash: '' }

describeWithServers(['postgres', 'redis'], 'certifications of gateways that share their state', () => {
  const servers = suiteServers()
  const world = new TestWorld()
  afterEach(() => world.closeAll())

  certificationStoreConformance('PostgreSQL', () => {
    const schema = freshName('certifications')
    return {
      open() {
        const database = world.keep(freshDatabase(servers.postgres, [POSTGRES_CERTIFICATIONS], schema))
        const coordination = createNoCoordination(ALONE)
        return world.keep(createPostgresCertifications({ database, clock: systemClock, coordination }))
      },
      look: async () => undefined,
    }
  })

  test('one that another release has written otherwise is no certification', async () => {
    const database = world.keep(freshDatabase(servers.postgres, [POSTGRES_CERTIFICATIONS]))
    const coordination = createNoCoordination(ALONE)
    const store = world.keep(createPostgresCertifications({ database, clock: systemClock, coordination }))
    await store.keep(certified('p/m'))
    for (const body of ['no json', '{"schema":"switchback.certification/v9"}', '1'])
      await database.query('INSERT INTO certifications (target, body) VALUES ($1, $2)', [body, body])
    expect(await store.list()).toEqual([certified('p/m')])
  })

  test('what a command certifies opens the route at every gateway', async () => {
    const upstream = world.keep({ ...startProbedUpstream(), close: async () => undefined })
    const name = freshName('certifications')
    const config = {
      providers: [{ id: 'p', type: 'openai_compatible', base_url: upstream.address, api_key: PROBED_KEY }],
      routes: [{ name: 'safe', match: { model: 'safe' }, targets: ['p/probed'], require: { certified: true } }],
      state: { store: servers.postgres.url(`?schema=${name}`), coordination: servers.redis.url(`?prefix=${name}`) },
    }
    const gateways = [await world.gateway(config), await world.gateway(config)]
    const ask = async (gateway: TestGateway): Promise<number> =>
      (await gateway.post('/v1/chat/completions', { model: 'safe', messages: [{ role: 'user', content: 'hi' }] })).status
    for (const gateway of gateways) expect(await ask(gateway)).toBe(503)
    const line = new CommandLine()
    world.keep({ close: () => line.dispose() })
    writeFileSync(join(line.home, 'switchback.yaml'), JSON.stringify(config))
    expect((await line.run(['provider', 'certify', 'p/probed', '--full', '--yes'])).stdout).toContain('p/probed is certified')
    for (const gateway of gateways) await eventually(async () => (await ask(gateway)) === 200, 'the route is open', 10_000)
    expect((await line.run(['provider', 'matrix'])).stdout).toMatch(/p\/probed +\d{4}-\d\d-\d\d +0 d +full +certified/)
  }, 60_000)
})
