import { expect, test } from 'bun:test'
import { readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CommandLine, type Served } from '../support/command-line.ts'
import { describeWithServers } from '../support/describe-with-servers.ts'
import { suiteServers, disposedAfterEach } from '../support/suite-servers.ts'
import { eventually } from '../support/gateway-fixture.ts'
import { freshName } from '../support/shared-state.ts'

interface ReplicaView {
  readonly id: string
  readonly config_hash: string
  readonly pid: number
}

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

describeWithServers(['postgres', 'redis'], 'workers on one address', () => {
  const servers = suiteServers()
  const disposed = disposedAfterEach()

  const homeWith = (workers: number): CommandLine => {
    const home = new CommandLine({
      PG: servers.postgres.url(`?schema=${freshName('workers')}`),
      RD: servers.redis.url(`?prefix=${freshName('workers')}`),
    })
    disposed(home)
    writeFileSync(
      join(home.home, 'switchback.yaml'),
      `server: { workers: ${workers}, shutdown: { drain_ms: 8000 } }
state: { store: "\${PG}", coordination: "\${RD}" }
providers:
  - { id: mock, type: mock, models: [{ name: slow, text: this answer takes its time, chunk_delay_ms: 150 }, { name: echo }] }
`,
    )
    return home
  }
  const replicas = async (gateway: Served): Promise<readonly ReplicaView[]> => {
    const response = await fetch(`${gateway.url}/v1/health/targets`, { headers: { connection: 'close' } })
    return ((await response.json()) as { replicas: ReplicaView[] }).replicas
  }
  const ask = (gateway: Served, model = 'mock/echo', stream = false): Promise<Response> =>
    fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', connection: 'close' },
      body: JSON.stringify({ model, stream, messages: [{ role: 'user', content: 'hi' }] }),
    })

  test('all serve, know each other, and record in one place', async () => {
    const home = homeWith(3)
    const gateway = await home.serve()
    const pids = async (): Promise<number> => new Set((await replicas(gateway)).map(({ pid }) => pid)).size
    await eventually(async () => (await pids()) === 3, 'three are known')
    const answers = await Promise.all(Array.from({ length: 60 }, () => ask(gateway)))
    expect(answers.every(({ status }) => status === 200)).toBe(true)
    const last = answers.at(-1)?.headers.get('x-switchback-request-id') ?? ''
    const told = async (): Promise<string> => (await home.run(['explain', last])).stdout
    await eventually(async () => (await told()).includes('Served by mock/echo'), 'the last call is recorded')
    gateway.signal('SIGTERM')
    expect((await gateway.finished).exitCode).toBe(0)
  })

  test('serve by what is published, say so, and take over the next one together', async () => {
    const home = homeWith(2)
    const publish = async (provider: string): Promise<string> => {
      writeFileSync(join(home.home, 'all.yaml'), `providers: [{ id: ${provider}, type: mock }]\n`)
      const { stdout, stderr } = await home.run(['config', 'publish', 'all.yaml'])
      return stdout + stderr
    }
    expect((await home.run(['state', 'migrate'])).exitCode).toBe(0)
    expect(await publish('one')).toContain('Revision 1 is published')
    const gateway = await home.serve()
    expect((await ask(gateway, 'one/echo')).headers.get('x-switchback-revision')).toBe('1')
    await eventually(async () => (await replicas(gateway)).length === 2, 'both are known')
    expect(await publish('two')).toContain('All 2 gateways serve by it.')
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask(gateway, 'two/echo')))
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
    gateway.signal('SIGTERM')
    const { stdout } = await gateway.finished
    expect(JSON.parse(stdout.split('\n')[0] ?? '')).toMatchObject({
      configuration: expect.stringContaining('revision 1, published for all gateways') as string,
      providers: ['one'],
    })
  })

  test('one that is killed is started again, and the others serve on meanwhile', async () => {
    const gateway = await homeWith(3).serve()
    await eventually(async () => (await replicas(gateway)).length === 3, 'three are known')
    const before = await replicas(gateway)
    const victim = before.find(({ pid }) => pid !== gateway.pid)
    if (victim === undefined) throw new Error('no worker but the one that started them')
    process.kill(victim.pid, 'SIGKILL')
    // Until it is gone, the kernel goes on handing it connections.
    await eventually(() => !isAlive(victim.pid), 'it has ended')
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask(gateway)))
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200))
    const isReplaced = async (): Promise<boolean> => {
      const now = await replicas(gateway).catch(() => [])
      return now.length === 3 && !now.some(({ pid }) => pid === victim.pid)
    }
    await eventually(isReplaced, 'a new one has taken its place, and the lease of the old one has ended', 20_000)
    gateway.signal('SIGTERM')
    expect((await gateway.finished).stderr).toContain('ended with SIGKILL; starting it again')
  }, 40_000)

  test('take over another configuration when whoever started them is told to read it, and tell the others which', async () => {
    const home = homeWith(2)
    const gateway = await home.serve()
    await eventually(async () => (await replicas(gateway)).length === 2, 'both are known')
    const hashes = async (): Promise<string[]> => [...new Set((await replicas(gateway)).map(({ config_hash: hash }) => hash))]
    const [before, ...others] = await hashes()
    expect(others).toEqual([])
    const path = join(home.home, 'switchback.yaml')
    const text = readFileSync(path, 'utf8').replace('this answer', 'that answer')
    // The file keeps its size and its age, so that nothing but the signal can tell of the change.
    const { atime, mtime } = statSync(path)
    writeFileSync(path, text)
    utimesSync(path, atime, mtime)
    gateway.signal('SIGHUP')
    await eventually(async () => {
      const now = await hashes()
      return now.length === 1 && now[0] !== before
    }, 'both serve by the other configuration')
    expect(await (await ask(gateway, 'mock/slow')).text()).toContain('that answer')
    gateway.signal('SIGTERM')
    expect((await gateway.finished).exitCode).toBe(0)
  })

  test('finish what they serve when they are told to stop', async () => {
    const gateway = await homeWith(2).serve()
    const responses = await Promise.all(Array.from({ length: 6 }, () => ask(gateway, 'mock/slow', true)))
    gateway.signal('SIGTERM')
    const texts = await Promise.all(responses.map((response) => response.text()))
    for (const text of texts) expect(text).toContain('[DONE]')
    expect((await gateway.finished).exitCode).toBe(0)
  })

  test('end with the process that started them', async () => {
    const gateway = await homeWith(2).serve()
    await eventually(async () => (await replicas(gateway)).length === 2, 'both are known')
    const pids = (await replicas(gateway)).map(({ pid }) => pid)
    gateway.signal('SIGKILL')
    await gateway.finished.catch(() => undefined)
    await eventually(() => !pids.some(isAlive), 'both have ended')
  })

  test('that cannot start say why once, and leave nothing running', async () => {
    const home = homeWith(2)
    writeFileSync(
      join(home.home, 'switchback.yaml'),
      `server: { workers: 2 }\nstate: { store: "${servers.postgres.url().replace('pg-secret-word', 'guess')}", coordination: "${servers.redis.url()}" }\n`,
    )
    const { exitCode, stderr } = await home.run(['serve', '--bind', '127.0.0.1:0'])
    expect(exitCode).toBe(1)
    expect(stderr).toContain('the password is wrong')
    expect(stderr).not.toContain('guess')
  })

  test('without shared stores are refused with the reason', async () => {
    const home = homeWith(2)
    writeFileSync(join(home.home, 'switchback.yaml'), 'server: { workers: 2 }\n')
    const { exitCode, stderr } = await home.run(['serve'])
    expect(exitCode).toBe(2)
    expect(stderr).toContain('an SQLite file and the memory of a process belong to one process')
  })
})
