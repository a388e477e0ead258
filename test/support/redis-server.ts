import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { confined, firstProgram, freePort, ServerProcess, type TestServer } from './server-process.ts'

const PASSWORD = 'redis-secret-word'

export interface TestRedis extends TestServer {
  /** Address with the password. */
  url(parameters?: string): string
}

const program = (): string | undefined => firstProgram('/usr/bin/redis-server', '/usr/local/bin/redis-server')

/** Why there is no Redis to test with; undefined when there is. */
export const redisMissing = (): string | undefined =>
  program() === undefined ? 'no redis-server in /usr/bin (Debian package redis-server)' : undefined

export interface TestRedisOptions {
  /** A restart finds what was there; otherwise it finds nothing. */
  readonly keeps?: boolean
}

/** A Redis of its own: a password, on loopback only. */
export async function startRedis({ keeps = false }: TestRedisOptions = {}): Promise<TestRedis> {
  const path = program()
  if (path === undefined) throw new Error(redisMissing())
  const folder = mkdtempSync(join(tmpdir(), 'switchback-redis-'))
  chmodSync(folder, 0o777)
  const port = await freePort()
  const settings = [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    '--appendonly',
    keeps ? 'yes' : 'no',
    '--dir',
    folder,
  ]
  const server = new ServerProcess(confined([path, ...settings, '--requirepass', PASSWORD]), () => answers(port))
  await server.start()
  return {
    port,
    url: (parameters = '') => `redis://:${PASSWORD}@127.0.0.1:${port}${parameters}`,
    kill: () => server.kill(),
    stall: () => server.signal('SIGSTOP'),
    resume: () => server.signal('SIGCONT'),
    start: () => server.start(),
    async close() {
      await server.kill()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Whether it answers at all; a question for the password is an answer. */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    Bun.connect({
      hostname: '127.0.0.1',
      port,
      socket: {
        open: (socket) => void socket.write('PING\r\n'),
        data(socket) {
          resolve(true)
          socket.end()
        },
        close: () => resolve(false),
        connectError: () => resolve(false),
      },
    }).catch(() => resolve(false))
  })
}
