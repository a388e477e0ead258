import { expect, test } from 'bun:test'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ARCHIVE_PARTS } from '../../src/state/archive/parts.ts'
import { certified } from '../../src/state/certifications/conformance.ts'
import { SHARED_DOMAINS } from '../../src/state/shared-domains.ts'
import { CommandLine } from '../support/command-line.ts'
import { describeWithServers } from '../support/describe-with-servers.ts'
import { suiteServers, disposedAfterEach } from '../support/suite-servers.ts'
import { freshDatabase, freshName } from '../support/shared-state.ts'

interface Transfer {
  readonly parts: Readonly<Record<string, { readonly count: number; readonly digest: string }>>
}

describeWithServers(['postgres', 'redis'], 'the state command', () => {
  const servers = suiteServers()
  const disposed = disposedAfterEach()

  /** A home with a configuration for a file, and one for a database of its own. */
  const newHome = (): { home: CommandLine; file: string; shared: string; schema: string } => {
    const name = freshName('transfer')
    const home = new CommandLine({ PG: servers.postgres.url(`?schema=${name}`), RD: servers.redis.url(`?prefix=${name}`) })
    disposed(home)
    const file = join(home.home, 'file.yaml')
    const shared = join(home.home, 'shared.yaml')
    const providers = 'providers: [{ id: mock, type: mock }]\n'
    writeFileSync(file, providers)
    writeFileSync(shared, `${providers}state: { store: "\${PG}", coordination: "\${RD}" }\n`)
    return { home, file, shared, schema: name }
  }
  /** Serves some calls, so that there is something in every part. */
  async function fill(home: CommandLine, config: string, calls = 40): Promise<void> {
    const gateway = await home.serve(['--config', config])
    const post = (path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
      fetch(`${gateway.url}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      })
    for (let call = 0; call < calls; call++)
      await post(
        '/v1/chat/completions',
        { model: call % 5 === 0 ? 'mock/nul \u0000 name' : 'mock/echo', messages: [{ role: 'user', content: 'hi' }] },
        { 'x-switchback-session-id': `s${call % 3}` },
      )
    await post('/v1/accounts/mock/default/disable', {})
    await post('/v1/accounts/mock/default/enable', {})
    await post('/v1/providers/mock/disable', { reason: 'kept' })
    gateway.signal('SIGTERM')
    await gateway.finished
  }
  const done = async (home: CommandLine, words: readonly string[]): Promise<Transfer> => {
    const { exitCode, stdout, stderr } = await home.run([...words, '--json'])
    if (exitCode !== 0) throw new Error(`${words.join(' ')}: ${stdout}${stderr}`)
    return JSON.parse(stdout) as Transfer
  }

  test('moves a file into a database and back, and nothing is lost on the way', async () => {
    const { home, file, shared } = newHome()
    await fill(home, file)
    for (const input of ['1', '2'])
      await done(home, ['price', 'set', 'mock/echo', '--input', input, '--output', '3', '--config', file])
    const certifications = join(home.home, '.local/state/switchback/certifications.json')
    writeFileSync(
      certifications,
      JSON.stringify({ targets: { 'mock/echo': { ...certified('mock/echo'), later: { b: 1, a: 2 } } } }),
    )
    const out = await done(home, ['state', 'export', '--config', file, '--to', 'all.jsonl'])
    expect(out.parts).toMatchObject({
      record_batches: { count: 40 },
      ledger_entries: { count: 40 },
      audit: { count: 6 },
      disables: { count: 1 },
      disable_changes: { count: 3 },
      prices: { count: 2 },
      certifications: { count: 1 },
    })
    const into = await done(home, ['state', 'import', '--config', shared, '--from', 'all.jsonl'])
    expect(into.parts).toEqual(out.parts)
    const again = await done(home, ['state', 'export', '--config', shared, '--to', 'again.jsonl'])
    expect(again.parts).toEqual(out.parts)
    const back = await done(home, [
      'state',
      'import',
      '--config',
      file,
      '--data-dir',
      join(home.home, 'other'),
      '--from',
      'again.jsonl',
    ])
    expect(back.parts).toEqual(out.parts)
    expect(JSON.parse(readFileSync(join(home.home, 'other', 'certifications.json'), 'utf8'))).toEqual(
      JSON.parse(readFileSync(certifications, 'utf8')),
    )
    const matrices = await Promise.all([file, shared].map((config) => home.run(['provider', 'matrix', '--config', config])))
    for (const { stdout } of matrices) expect(stdout).toContain('mock/echo')
    const listed = await Promise.all(
      [
        ['--config', shared],
        ['--data-dir', join(home.home, 'other'), '--config', file],
      ].map((place) => done(home, ['price', 'list', '--provider', 'mock', ...place])),
    )
    for (const list of listed) expect(list).toMatchObject({ prices: [{ name: 'mock/echo', price: { input: 2 } }] })
    const words = ['explain', 'last', '--json']
    const seen = await Promise.all([home.run([...words, '--config', file]), home.run([...words, '--config', shared])])
    expect(JSON.parse(seen[1].stdout)).toEqual(JSON.parse(seen[0].stdout))
    // What is written afterwards goes on after what was taken over.
    await fill(home, shared, 5)
    const grown = await done(home, ['state', 'export', '--config', shared, '--to', 'grown.jsonl'])
    expect(grown.parts['record_batches']?.count).toBe(45)
  })

  test('takes nothing over into a store that holds something, and nothing of a broken archive', async () => {
    const { home, file, shared } = newHome()
    await fill(home, file, 3)
    await done(home, ['state', 'export', '--config', file, '--to', 'all.jsonl'])
    const text = readFileSync(join(home.home, 'all.jsonl'), 'utf8')
    const broken: [string, string, RegExp][] = [
      ['newer.jsonl', text.replace('archive/v1', 'archive/v2'), /is of a newer Switchback/],
      ['cut.jsonl', text.slice(0, text.lastIndexOf('{"end"')), /its end is missing/],
      ['changed.jsonl', text.replace('"reason":"kept"', '"reason":"other"'), /not what was written/],
      ['strange.jsonl', '{"hello":1}\n', /does not begin with/],
    ]
    for (const [name, contents, message] of broken) {
      writeFileSync(join(home.home, name), contents)
      const refused = await home.run(['state', 'import', '--config', shared, '--from', name])
      expect([name, refused.exitCode]).toEqual([name, 1])
      expect(refused.stderr).toMatch(message)
    }
    await done(home, ['state', 'import', '--config', shared, '--from', 'all.jsonl'])
    const twice = await home.run(['state', 'import', '--config', shared, '--from', 'all.jsonl'])
    expect(twice.exitCode).toBe(1)
    expect(twice.stderr).toMatch(/is not empty.*only taken over into an empty store/)
    expect((await home.run(['state', 'export', '--config', file, '--to', 'all.jsonl'])).stderr).toContain('exists already')
  })

  test('of a database that holds a certification of another release fills no file, and leaves nothing behind', async () => {
    const { home, file, shared, schema } = newHome()
    await home.run(['state', 'migrate', '--config', shared])
    await done(home, ['price', 'set', 'mock/echo', '--input', '1', '--output', '3', '--config', shared])
    const database = freshDatabase(servers.postgres, [], schema)
    await database.query("INSERT INTO certifications (target, body) VALUES ('p/m', '{}')")
    await database.close()
    await done(home, ['state', 'export', '--config', shared, '--to', 'all.jsonl'])
    const refused = await home.run(['state', 'import', '--config', file, '--data-dir', 'new', '--from', 'all.jsonl'])
    expect([refused.exitCode, refused.stderr]).toEqual([
      1,
      expect.stringContaining('certification of p/m was written by another release'),
    ])
    expect(readdirSync(join(home.home, 'new')).filter((name) => name.endsWith('.json'))).toEqual([])
  })

  test('holds every table and column of a database that is not made of others', async () => {
    const schema = freshName('transfer')
    const database = freshDatabase(servers.postgres, SHARED_DOMAINS, schema)
    const rows = await database.query(
      'SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = $1 ORDER BY 1, 2',
      [schema],
    )
    await database.close()
    const left = rows
      .map((row) => [String(row['table_name']), String(row['column_name'])] as const)
      .filter(([table, column]) => !(column in (ARCHIVE_PARTS.find(({ name }) => name === table)?.columns ?? {})))
      .filter(([table]) => !['schema_version', 'tenancy_revision', 'installation'].includes(table))
      // Numbers that a database gives out itself, and what lists of records filter by.
      .filter(([table, column]) => table !== 'record_batches' && !['sequence', 'revision', 'version'].includes(column))
    expect(left).toEqual([])
  })

  test('tells what a database lacks, brings it up, and then finds it in order', async () => {
    const { home, shared } = newHome()
    const before = await home.run(['state', 'check', '--config', shared])
    expect(before.exitCode).toBe(1)
    expect(before.stdout.match(/Run switchback state migrate, or start a gateway on it/g)).toHaveLength(1)
    expect((await home.run(['state', 'migrate', '--config', shared])).stdout).toContain('records: version 0 to 1')
    expect((await home.run(['state', 'migrate', '--config', shared])).stdout).toContain('at the newest schema already')
    expect(await home.run(['state', 'check', '--config', shared])).toMatchObject({ exitCode: 0 })
  })

  test('no command reads or changes a database of a release that this one cannot work with', async () => {
    const { home, shared, schema } = newHome()
    const database = freshDatabase(servers.postgres, SHARED_DOMAINS, schema)
    await database.query("UPDATE schema_version SET version = 99, works_with = 98 WHERE domain = 'tenancy'")
    for (const words of [
      ['usage'],
      ['explain', 'last'],
      ['audit'],
      ['key', 'create', '--owner', 'alice'],
      ['price', 'set', 'mock/echo', '--input', '1', '--output', '2'],
      ['provider', 'disable', 'mock'],
      ['state', 'export', '--to', 'all.jsonl'],
    ]) {
      const refused = await home.run([...words, '--config', shared])
      expect([words, refused.exitCode, refused.stdout]).toEqual([words, 1, ''])
      expect(refused.stderr).toContain('belongs to a newer Switchback (tenancy schema 99, which works from 98 on')
    }
    expect(await database.query('SELECT * FROM tenancy')).toEqual([])
    await database.close()
  })

  test('explains how a database is backed up, without the password', async () => {
    const { home, shared } = newHome()
    const { exitCode, stderr } = await home.run(['state', 'backup', 'copy.db', '--config', shared])
    expect(exitCode).toBe(1)
    expect(stderr).toContain('pg_dump --host 127.0.0.1')
    expect(stderr).not.toContain('secret-word')
  })

  test('orders while no gateway runs go into the database, for all of them', async () => {
    const { home, shared } = newHome()
    await home.run(['state', 'migrate', '--config', shared])
    const { stdout } = await home.run(['provider', 'disable', 'mock', '--config', shared])
    expect(stdout).toMatch(/Written to the database 127\.0\.0\.1:\d+\/postgres; it holds in every gateway/)
  })
})
