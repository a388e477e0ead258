import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { confined, firstProgram, freePort, ServerProcess, type TestServer } from './server-process.ts'

const VERSIONS = '/usr/lib/postgresql'
const PASSWORD = 'pg-secret-word'
/** What would make a database safe against a power cut makes tests slow. Commits survive a crash of the server all the same. */
const FAST = ['fsync=off', 'full_page_writes=off', 'shared_buffers=32MB', 'max_connections=200']

export interface TestPostgres extends TestServer {
  /** Address of a database, by default of the one every server has; with the password, and with more parameters. */
  url(parameters?: string): string
  /** Its certificate, when it was started with TLS. */
  readonly certificate: string | undefined
}

const programFolder = (): string | undefined =>
  existsSync(VERSIONS)
    ? firstProgram(
        ...readdirSync(VERSIONS)
          .toSorted((left, right) => Number(right) - Number(left))
          .map((version) => join(VERSIONS, version, 'bin')),
      )
    : undefined

/** Why there is no PostgreSQL to test with; undefined when there is. */
export const postgresMissing = (): string | undefined =>
  programFolder() === undefined ? `no PostgreSQL under ${VERSIONS} (Debian package postgresql)` : undefined

/** A PostgreSQL of its own in a temporary folder: a password for everybody, on loopback only. */
export async function startPostgres({ tls = false }: { readonly tls?: boolean } = {}): Promise<TestPostgres> {
  const programs = programFolder()
  if (programs === undefined) throw new Error(postgresMissing())
  const folder = mkdtempSync(join(tmpdir(), 'switchback-postgres-'))
  const data = join(folder, 'data')
  const isRoot = process.getuid?.() === 0
  if (isRoot) giveAway(folder)
  const passwordFile = join(folder, 'password')
  writeFileSync(passwordFile, PASSWORD)
  if (isRoot) giveAway(passwordFile)
  await run([join(programs, 'initdb'), '-D', data, '-U', 'switchback', '-A', 'scram-sha-256', `--pwfile=${passwordFile}`, '-N'])
  const certificate = tls ? await makeCertificate(folder, data, isRoot) : undefined
  const port = await freePort()
  const settings = [
    ...FAST,
    ...(tls ? ['ssl=on', `ssl_cert_file=${join(data, 'server.crt')}`, `ssl_key_file=${join(data, 'server.key')}`] : []),
  ]
  const command = [
    join(programs, 'postgres'),
    '-D',
    data,
    '-p',
    String(port),
    '-h',
    '127.0.0.1',
    '-k',
    folder,
    ...settings.flatMap((setting) => ['-c', setting]),
  ]
  const url = (parameters = ''): string => `postgres://switchback:${PASSWORD}@127.0.0.1:${port}/postgres${parameters}`
  const server = new ServerProcess(confined(command, 'postgres'), () => answers(url()))
  await server.start()
  return {
    port,
    url,
    certificate,
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

function giveAway(path: string): void {
  const { uid, gid } = statSync('/var/lib/postgresql')
  chownSync(path, uid, gid)
}

async function run(command: readonly string[]): Promise<void> {
  const child = Bun.spawn(confined(command, 'postgres'), { stdio: ['ignore', 'ignore', 'pipe'] })
  const output = await new Response(child.stderr).text()
  if ((await child.exited) !== 0) throw new Error(`${command.join(' ')}: ${output}`)
}

/** A certificate for 127.0.0.1 that nobody else has signed. */
async function makeCertificate(folder: string, data: string, isRoot: boolean): Promise<string> {
  const key = join(data, 'server.key')
  const certificate = join(data, 'server.crt')
  await run([
    'openssl',
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-days',
    '2',
    '-subj',
    '/CN=127.0.0.1',
    '-addext',
    'subjectAltName=IP:127.0.0.1',
    '-keyout',
    key,
    '-out',
    certificate,
  ])
  if (isRoot) giveAway(folder)
  return Bun.file(certificate).text()
}

async function answers(url: string): Promise<boolean> {
  const sql = new Bun.SQL({ url, max: 1, connectionTimeout: 1 })
  try {
    await sql.unsafe('select 1')
    return true
  } catch {
    return false
  } finally {
    await sql.close({ timeout: 0 })
  }
}
