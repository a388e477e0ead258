import { describe, expect, test } from 'bun:test'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../../src/lib/clock.ts'
import { createNoCoordination } from '../../src/state/coordination/none.ts'
import type { Coordination } from '../../src/state/coordination/store.ts'
import { priceStoreConformance } from '../../src/state/prices/conformance.ts'
import { createPostgresPrices, type PostgresPrices } from '../../src/state/prices/postgres.ts'
import { POSTGRES_PRICES } from '../../src/state/prices/postgres-schema.ts'
import { CommandLine, type Served } from '../support/command-line.ts'
import { describeWithServers } from '../support/describe-with-servers.ts'
import { suiteServers, undoneAfterEach, disposedAfterEach } from '../support/suite-servers.ts'
import { eventually } from '../support/gateway-fixture.ts'
import { freshDatabase, freshName, joinReplica } from '../support/shared-state.ts'

const ALONE = { id: 'alone', host: 'test', pid: 1, started: '', version: '0', configHash: '' }

describeWithServers(['postgres', 'redis'], 'PostgreSQL keeps prices', () => {
  const servers = suiteServers()
  const cleanUp = undoneAfterEach()

  const open = (coordination: Coordination, schema: string): PostgresPrices => {
    const database = freshDatabase(servers.postgres, [POSTGRES_PRICES], schema)
    const store = createPostgresPrices({ database, coordination, clock: systemClock })
    cleanUp(
      () => database.close(),
      () => store.close(),
      () => coordination.close(),
    )
    return store
  }
  /** What a replica is told, from its start on. */
  const followed = async (store: PostgresPrices) => {
    const texts: (string | undefined)[] = []
    const complaints: string[] = []
    store.watch({ onChange: (text) => void texts.push(text), onUnreadable: (reason) => void complaints.push(reason) })
    await store.load()
    return { texts, complaints }
  }

  priceStoreConformance('PostgreSQL', () => {
    const schema = freshName('prices')
    const stores: PostgresPrices[] = []
    return {
      open: () => {
        const store = open(createNoCoordination(ALONE), schema)
        stores.push(store)
        return store
      },
      look: async () => {
        for (const store of stores) await store.load()
      },
    }
  })

  describe('for several gateways', () => {
    test('a change is announced to the others', async () => {
      const schema = freshName('prices')
      const [one, two] = [
        open(await joinReplica(servers.redis, schema), schema),
        open(await joinReplica(servers.redis, schema), schema),
      ]
      const { texts } = await followed(two)
      await one.replace(() => 'new')
      await eventually(() => texts.at(-1) === 'new', 'the other replica knows')
    })

    test('a replica that nobody tells finds a change by itself', async () => {
      const schema = freshName('prices')
      const [one, two] = [open(createNoCoordination(ALONE), schema), open(createNoCoordination(ALONE), schema)]
      const { texts } = await followed(two)
      await one.replace(() => 'new')
      await eventually(() => texts.at(-1) === 'new', 'the other replica has looked')
    })

    test('two changes at the same moment are both in force', async () => {
      const schema = freshName('prices')
      const stores = Array.from({ length: 4 }, () => open(createNoCoordination(ALONE), schema))
      await Promise.all(stores.map((store, index) => store.replace((current) => `${current ?? ''}${index}`)))
      const { current } = await stores[0]!.read()
      expect(current?.split('').toSorted().join('')).toBe('0123')
    })

    test('while the database is away the last prices stay and it is said once; then changes are found again', async () => {
      const schema = freshName('prices')
      const store = open(createNoCoordination(ALONE), schema)
      await store.replace(() => 'kept')
      const { texts, complaints } = await followed(store)
      await servers.postgres.kill()
      await eventually(() => complaints.length > 0, 'it is said')
      expect(store.replace(() => 'lost')).rejects.toThrow(/PostgreSQL/)
      await store.replace(() => 'lost').catch(() => undefined)
      await servers.postgres.start()
      expect(texts).toEqual(['kept'])
      await eventually(
        () =>
          store
            .replace(() => 'later')
            .then(
              () => true,
              () => false,
            ),
        'the database takes a change',
        15_000,
      )
      await eventually(() => texts.at(-1) === 'later', 'the change is found')
    })
  })
})

describeWithServers(['postgres', 'redis'], 'prices of a shared state', () => {
  const servers = suiteServers()
  const disposed = disposedAfterEach()

  /** Machines that share a state, each with a home of its own. */
  const machines = (count: number): CommandLine[] => {
    const name = freshName('prices')
    return Array.from({ length: count }, () => {
      const home = new CommandLine({ PG: servers.postgres.url(`?schema=${name}`), RD: servers.redis.url(`?prefix=${name}`) })
      disposed(home)
      const text = 'providers: [{ id: mock, type: mock }]\nstate: { store: "${PG}", coordination: "${RD}" }\n'
      writeFileSync(join(home.home, 'switchback.yaml'), text)
      return home
    })
  }
  const done = async (home: CommandLine, words: readonly string[]): Promise<Record<string, unknown>> => {
    const { exitCode, stdout, stderr } = await home.run([...words, '--json'])
    if (exitCode !== 0) throw new Error(`${words.join(' ')}: ${stdout}${stderr}`)
    return JSON.parse(stdout) as Record<string, unknown>
  }
  /** What the ledger says of one more call: cost in nano-dollars, and the version of the price. */
  const costOf = async ({ url }: Served): Promise<{ nanos?: number; price?: { version: string } }> => {
    const response = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'mock/echo', messages: [{ role: 'user', content: 'hello there' }] }),
    })
    await response.text()
    const id = response.headers.get('x-switchback-request-id') ?? ''
    const { events } = (await (await fetch(`${url}/v1/usage/events?request=${id}`)).json()) as { events: object[] }
    return events[0] ?? {}
  }
  const PRICE = ['price', 'set', 'mock/echo', '--input', '3', '--output', '15']

  test('one set on one machine holds on all, is in the ledger with its version, is audited, and outlives them', async () => {
    const [one, two, three] = machines(3)
    const [first, second] = await Promise.all([one!.serve(), two!.serve()])
    expect((await costOf(second)).nanos).toBeUndefined()

    const set = await done(one!, PRICE)
    expect(set).toMatchObject({ ok: true, price: { input: 3, output: 15 } })
    expect(set['database']).toBeString()
    expect(existsSync(join(one!.home, '.local/state/switchback/prices.json'))).toBe(false)
    for (const gateway of [first, second]) {
      await eventually(async () => (await costOf(gateway)).nanos !== undefined, 'the gateway knows the price')
      expect(await costOf(gateway)).toMatchObject({ price: { source: 'override', version: expect.stringMatching(/^sha256:/) } })
    }
    const before = await costOf(first)
    await done(two!, ['price', 'set', 'mock/echo', '--input', '6', '--output', '15'])
    await eventually(async () => (await costOf(first)).price?.version !== before.price?.version, 'the other price holds')

    for (const gateway of [first, second]) gateway.signal('SIGTERM')
    await Promise.all([first.finished, second.finished])
    // A machine that has never served knows them too, and the audit says who set them.
    expect(await done(three!, ['price', 'list', '--model', 'echo'])).toMatchObject({
      prices: [{ name: 'mock/echo', source: 'override', price: { input: 6, output: 15 } }],
    })
    const { entries } = await done(three!, ['audit', '--action', 'price.set'])
    expect(entries).toMatchObject([{ subject: { kind: 'price', id: 'mock/echo' } }, { details: { input: 3 } }])
    await done(three!, ['price', 'unset', 'mock/echo'])
    expect((await one!.run(['price', 'list', '--provider', 'mock'])).exitCode).toBe(1)
  })

  test('of a gateway that had them for itself are not lost silently', async () => {
    const [home] = machines(1)
    writeFileSync(join(home!.home, 'alone.yaml'), 'providers: [{ id: mock, type: mock }]\n')
    const { file } = (await done(home!, [...PRICE, '--config', 'alone.yaml'])) as { file: string }
    const gateway = await home!.serve()
    gateway.signal('SIGTERM')
    expect((await gateway.finished).stderr).toContain('price update --from')
    await done(home!, ['price', 'update', '--from', file])
    expect(await done(home!, ['price', 'list', '--provider', 'mock'])).toMatchObject({ prices: [{ name: 'mock/echo' }] })
  })

  test('are not set in the wrong place when the configuration is not valid', async () => {
    const [home] = machines(1)
    writeFileSync(join(home!.home, 'switchback.yaml'), 'providers: [{ id: mock, tipe: mock }]\n')
    const { exitCode, stderr } = await home!.run(PRICE)
    expect(exitCode).toBe(2)
    expect(stderr).toContain('tipe')
    const listed = await home!.run(['price', 'list', '--model', 'gpt-5'])
    expect(listed.exitCode).toBe(0)
    expect(listed.stderr).toContain('The configuration is not valid')
  })
})
