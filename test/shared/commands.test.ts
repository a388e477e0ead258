import { expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CommandLine, type Finished } from '../support/command-line.ts'
import { describeWithServers } from '../support/describe-with-servers.ts'
import { suiteServers, disposedAfterEach } from '../support/suite-servers.ts'
import { freshName } from '../support/shared-state.ts'

describeWithServers(['postgres', 'redis'], 'commands on a shared state, where no gateway runs', () => {
  const servers = suiteServers()
  const disposed = disposedAfterEach()

  const machine = (name: string, database = servers.postgres.url(`?schema=${name}`)): CommandLine => {
    const home = new CommandLine({ PG: database, RD: servers.redis.url(`?prefix=${name}`) })
    disposed(home)
    const text = `providers: [{ id: mock, type: mock }]
api_keys: [{ key: key-of-the-operator, prefix: operator, role: admin }]
state: { store: "\${PG}", coordination: "\${RD}" }
`
    writeFileSync(join(home.home, 'switchback.yaml'), text)
    return home
  }
  const answer = ({ exitCode, stdout, stderr }: Finished): Record<string, unknown> => {
    if (exitCode !== 0) throw new Error(`${stdout}${stderr}`)
    return JSON.parse(stdout) as Record<string, unknown>
  }

  test('tell what gateways elsewhere have served, changed and issued', async () => {
    const name = freshName('commands')
    const [elsewhere, here] = [machine(name), machine(name)]
    answer(await elsewhere.run(['state', 'migrate', '--json']))
    const issued = answer(await elsewhere.run(['key', 'create', '--owner', 'ann', '--role', 'admin', '--json'])) as {
      secret: string
    }
    await elsewhere.run(['price', 'set', 'mock/echo', '--input', '1', '--output', '2'])
    const gateway = await elsewhere.serve()
    const response = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${issued.secret}` },
      body: JSON.stringify({ model: 'mock/echo', messages: [{ role: 'user', content: 'hi' }] }),
    })
    expect([response.status, response.ok ? '' : await response.clone().text()]).toEqual([200, ''])
    await response.text()
    const id = response.headers.get('x-switchback-request-id') ?? ''
    gateway.signal('SIGTERM')
    await gateway.finished

    const ask = async (...words: string[]): Promise<Record<string, unknown>> => answer(await here.run([...words, '--json']))
    expect(await ask('usage', '--by', 'owner')).toMatchObject({ groups: [{ owner: 'ann', attempts: 1 }] })
    expect(await ask('usage', 'events')).toMatchObject({ events: [{ request: id, model: 'echo' }] })
    expect(await ask('usage', 'reconcile')).toMatchObject({ billing_grade: true })
    const { cost, record } = (await ask('explain', 'last')) as { cost: { nanos: number }; record: { request_id: string } }
    expect([record.request_id, cost.nanos > 0]).toEqual([id, true])
    expect(await ask('audit', '--action', 'key.create')).toMatchObject({ entries: [{ action: 'key.create' }] })
    expect(await ask('key', 'list')).toMatchObject({ keys: [{ owner: 'ann' }] })
    expect(await ask('price', 'list', '--provider', 'mock')).toMatchObject({ prices: [{ name: 'mock/echo' }] })
    // What is read is not changed; what is meant to change is.
    await here.run(['price', 'set', 'mock/echo', '--input', '2', '--output', '4'])
    expect(await ask('usage', 'reprice', '--since', '1d')).toMatchObject({ adjusted: 1 })
  })

  test('say what to do about a database that is empty, and about one that is away', async () => {
    const empty = machine(freshName('empty'))
    const away = machine(freshName('away'), 'postgres://u:secret-word@127.0.0.1:1/none?sslmode=disable')
    for (const words of [['usage'], ['explain', 'last'], ['audit'], ['key', 'list'], ['price', 'list', '--model', 'gpt-5']]) {
      const [none, refused] = await Promise.all([empty.run(words), away.run(words)])
      expect([words, none.exitCode, none.stderr]).toEqual([words, 1, expect.stringContaining('switchback state migrate')])
      expect([words, refused.exitCode, refused.stderr]).toEqual([words, 1, expect.stringContaining('nothing listens there')])
      expect(refused.stderr).not.toContain('secret-word')
    }
  })
})
