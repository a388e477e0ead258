import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../src/lib/clock.ts'
import { postgresAddressOf } from '../../src/state/postgres/address.schema.ts'
import { migratePostgres, type PostgresDomain } from '../../src/state/postgres/migrate.ts'
import { openPostgres, sqlStateOf, type Postgres } from '../../src/state/postgres/postgres.ts'
import { describeWithServers } from '../support/describe-with-servers.ts'
import { eventually } from '../support/gateway-fixture.ts'
import { startPostgres, type TestPostgres } from '../support/postgres-server.ts'

describeWithServers(['postgres'], 'the PostgreSQL client', () => {
  let server: TestPostgres
  const opened: Postgres[] = []
  const open = (url = server.url(), deadlineMs = 10_000): Postgres => {
    const database = openPostgres({ address: postgresAddressOf(url), clock: systemClock, deadlineMs })
    opened.push(database)
    return database
  }
  beforeAll(async () => {
    server = await startPostgres()
  })
  afterEach(async () => {
    for (const database of opened.splice(0)) await database.close()
  })
  afterAll(() => server.close())

  test('a server that hangs is given up at the deadline, and used again once it answers', async () => {
    const database = open(server.url(), 1_500)
    await eventually(
      () =>
        database.query('SELECT 1').then(
          () => true,
          () => false,
        ),
      'the server is used',
    )
    server.stall()
    expect(database.query('SELECT 1')).rejects.toThrow(/did not answer within 1500 ms/)
    await database.query('SELECT 1').catch(() => undefined)
    server.resume()
    await eventually(
      () =>
        database.query('SELECT 2 AS two').then(
          ([row]) => row?.['two'] === 2,
          () => false,
        ),
      'it is used again',
    )
  })

  test('a statement that takes too long is ended by the server, and costs nobody else a connection', async () => {
    const database = open(server.url(), 3_000)
    const quick = database.query('SELECT pg_sleep(0.3), 1 AS one')
    expect(database.query('SELECT pg_sleep(30)')).rejects.toThrow(/the statement took too long/)
    expect((await quick)[0]).toMatchObject({ one: 1 })
  })

  test('after a crash calls are refused until the server is back, and then served', async () => {
    const database = open(server.url(), 10_000)
    await database.query('SELECT 1')
    await server.kill()
    await database.query('SELECT 1').catch(() => undefined)
    expect(database.query('SELECT 1')).rejects.toThrow(/nothing listens there|connection was closed/)
    await server.start()
    expect((await database.query('SELECT 3 AS three'))[0]).toMatchObject({ three: 3 })
  })

  test('a transaction that fails leaves nothing behind', async () => {
    const database = open()
    await database.query('CREATE TABLE public.half (a int)')
    const failing = database.transaction(async (query) => {
      await query('INSERT INTO public.half VALUES (1)')
      await query('SELECT 1 / 0')
    })
    expect(sqlStateOf(await failing.catch((error: unknown) => error))).toBe('22012')
    expect(await database.query('SELECT * FROM public.half')).toHaveLength(0)
  })

  test('a transaction may be given more time than a call', async () => {
    const database = open(server.url(), 1_500)
    const slow = database.transaction(async (query) => query('SELECT pg_sleep(0.8), 1 AS one'), 5_000)
    expect((await slow)[0]).toMatchObject({ one: 1 })
  })

  test.each([
    ['password', () => server.url().replace('pg-secret-word', 'guess'), /the password is wrong/],
    ['database', () => server.url().replace('/postgres', '/nowhere'), /no such database.*createdb/],
    ['port', () => server.url().replace(String(server.port), '1'), /nothing listens there/],
    ['host without TLS', () => server.url('?sslmode=require'), /does not offer TLS.*sslmode=disable/],
  ])('a wrong %s is told with what to do, and without the credentials', async (_what, url, message) => {
    const error = await open(url())
      .query('SELECT 1')
      .catch((thrown: unknown) => thrown)
    expect(String(error)).toMatch(message)
    expect(String(error)).not.toMatch(/pg-secret-word|guess/)
  })

  describe('migrations', () => {
    const ONE: PostgresDomain = { name: 'parts', migrations: [{ sql: 'CREATE TABLE parts (a int)', worksWith: 1 }] }
    const TWO: PostgresDomain = {
      name: 'parts',
      migrations: [...ONE.migrations, { sql: 'ALTER TABLE parts ADD COLUMN b int', worksWith: 1 }],
    }
    const THREE: PostgresDomain = {
      name: 'parts',
      migrations: [...TWO.migrations, { sql: 'ALTER TABLE parts DROP COLUMN a', worksWith: 2 }],
    }
    const migrate = (schema: string, domain: PostgresDomain) =>
      migratePostgres(open(server.url(`?schema=${schema}`)), { schema, domains: [domain] })

    test('are made once, however many replicas begin at the same moment', async () => {
      const all = await Promise.all(Array.from({ length: 6 }, () => migrate('crowd', TWO)))
      for (const [version] of all) expect(version).toMatchObject({ found: 2 })
      expect(await open(server.url('?schema=crowd')).query('SELECT version FROM schema_version')).toHaveLength(2)
    })

    test('leave the release before at work, and refuse the one before that with what to do', async () => {
      await migrate('rolling', ONE)
      await migrate('rolling', TWO)
      expect(await migrate('rolling', ONE)).toMatchObject([{ found: 2, known: 1 }])
      await migrate('rolling', THREE)
      expect(await migrate('rolling', TWO)).toMatchObject([{ found: 3, known: 2 }])
      expect(migrate('rolling', ONE)).rejects.toThrow(/newer Switchback \(parts schema 3.*Run that version or a later one/)
    })

    test('that fail leave the version before', async () => {
      await migrate('broken', ONE)
      const bad = {
        name: 'parts',
        migrations: [...ONE.migrations, { sql: 'ALTER TABLE parts ADD c int; SELECT nonsense', worksWith: 1 }],
      }
      expect(migrate('broken', bad)).rejects.toThrow(/refused/)
      expect(await migrate('broken', ONE)).toMatchObject([{ found: 1 }])
    })
  })
})

describeWithServers(['postgres'], 'PostgreSQL over TLS', () => {
  let server: TestPostgres
  let folder: string
  beforeAll(async () => {
    server = await startPostgres({ tls: true })
    folder = mkdtempSync(join(tmpdir(), 'switchback-ca-'))
    writeFileSync(join(folder, 'ca.pem'), server.certificate ?? '')
  })
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true })
    await server.close()
  })
  const isEncrypted = async (parameters: string): Promise<unknown> => {
    const database = openPostgres({ address: postgresAddressOf(server.url(parameters)), clock: systemClock, deadlineMs: 3_000 })
    try {
      const [row] = await database.query('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()')
      return row?.['ssl']
    } finally {
      await database.close()
    }
  }

  test('is used when it is asked for, with the certificate checked or not', async () => {
    expect(await isEncrypted('?sslmode=disable')).toBe(false)
    expect(await isEncrypted('?sslmode=require')).toBe(true)
    expect(await isEncrypted(`?sslmode=verify-full&sslrootcert=${join(folder, 'ca.pem')}`)).toBe(true)
  })

  test('refuses a certificate that nobody trusted has signed', () => {
    expect(isEncrypted('?sslmode=verify-full')).rejects.toThrow(/refused/)
  })
})
