/**
 * What issued keys cost that nobody uses: `tools/bun bench/keys.ts [keys] [postgres://…]`, a hundred thousand when it is not said, in an SQLite
 * file and in the database that is named, which gets a schema of its own. For none and for that many keys it tells how long a gateway takes
 * to read them when it starts, what they take of its memory, and what admitting a call takes, by a key that is known and by one that is shown for
 * the first time. Each is measured in a process of its own, in CPU time, so that others on the machine do not count. Ends with 1 when a
 * key in use notices the others, or they take more time or memory than is allowed.
 */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../src/lib/clock.ts'
import { hashOfIssuedKey, newIssuedKey, newKeyId } from '../src/lib/issued-key.ts'
import { createNoCoordination } from '../src/state/coordination/none.ts'
import { createPostgresArchive } from '../src/state/archive/postgres.ts'
import { openSqliteArchive } from '../src/state/archive/sqlite.ts'
import type { ArchivableStore, ArchiveEntry } from '../src/state/archive/archive.ts'
import { ARCHIVE_PARTS } from '../src/state/archive/parts.ts'
import { postgresAddressOf } from '../src/state/postgres/address.schema.ts'
import { migratePostgres } from '../src/state/postgres/migrate.ts'
import { onOwnDatabase } from '../src/state/postgres/on-own-database.ts'
import { openPostgres } from '../src/state/postgres/postgres.ts'
import { SHARED_DOMAINS } from '../src/state/shared-domains.ts'
import { KeyDirectory } from '../src/state/tenancy/key-directory.ts'
import { openTenancy } from '../src/state/tenancy/open.ts'
import { createPostgresTenancy } from '../src/state/tenancy/postgres.ts'
import type { IssuedKeyEntity, TenancyStore } from '../src/state/tenancy/store.ts'

const DEFAULT_KEYS = 100_000
/** Keys in use. */
const USED = 1_000
const ADMISSIONS = 1_000_000
const RUNS = 3
const MIB = 2 ** 20
const CREATED = Date.UTC(2026, 0, 1)
/** How much more an admission may take among idle keys: what measuring it twice differs by. */
const MOST_SLOWER = 1.5
const MOST_START_MS = 3_000
const MOST_MIB = 64

interface Measured {
  readonly startMs: number
  readonly rssMib: number
  readonly knownNanos: number
  readonly firstMicros: number
}

const isPostgres = (place: string): boolean => place.startsWith('postgres:')

async function measure(place: string, secrets: readonly string[]): Promise<Measured> {
  Bun.gc(true)
  const rss = process.memoryUsage.rss()
  const store = openStore(place)
  const keys = new KeyDirectory({ clock: systemClock })
  const startMs = await cpuMs(() => keys.follow(store))
  Bun.gc(true)
  const rssMib = (process.memoryUsage.rss() - rss) / MIB
  const from = (): undefined => undefined
  const admit = (secret: string): void => {
    if (keys.find(secret, from) instanceof Error) throw new Error('a key was refused')
  }
  const firstMs = await cpuMs(() => secrets.forEach(admit))
  const knownMs = await cpuMs(() => {
    for (let call = 0; call < ADMISSIONS; call++) admit(secrets[call % secrets.length]!)
  })
  keys.close()
  await store.close()
  return { startMs, rssMib, knownNanos: (knownMs * 1e6) / ADMISSIONS, firstMicros: (firstMs * 1e3) / secrets.length }
}

async function cpuMs(work: () => unknown): Promise<number> {
  const began = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(began)
  return (user + system) / 1_000
}

function openStore(place: string): TenancyStore {
  if (!isPostgres(place)) return openTenancy({ store: place, clock: systemClock })
  const coordination = createNoCoordination({ id: 'bench', host: '', pid: 0, started: '', version: '', configHash: '' })
  return onOwnDatabase(postgresAddressOf(place), systemClock, (database) =>
    createPostgresTenancy({ database, clock: systemClock, coordination }),
  )
}

/** Fills an empty place; returns the secrets of the first keys. */
async function fill(place: string, count: number): Promise<string[]> {
  const part = ARCHIVE_PARTS.find(({ name }) => name === 'tenancy')!
  const secrets: string[] = []
  const entries = async function* (): AsyncIterable<ArchiveEntry> {
    for (let index = 0; index < count; index++) {
      const id = newKeyId(randomBytes)
      const secret = newIssuedKey('key', id, randomBytes)
      if (index < USED) secrets.push(secret)
      const owner = `owner-${index % 10_000}`
      const key: IssuedKeyEntity = {
        kind: 'key',
        id,
        version: 1,
        created: { at: CREATED, by: 'admin' },
        owner,
        tenant: `tenant-${index % 100}`,
        role: 'client',
        secret: { sha256: hashOfIssuedKey(secret), since: CREATED },
      }
      yield {
        part,
        row: { kind: 'key', id, tenant: key.tenant ?? null, owner, version: 1, body: JSON.stringify(key) },
      }
    }
  }
  const archive = await openArchive(place)
  await archive.fill(entries())
  await archive.close()
  return secrets
}

async function openArchive(place: string): Promise<ArchivableStore> {
  const unpack = (): never => {
    throw new Error('there are no records')
  }
  if (!isPostgres(place)) return openSqliteArchive({ path: place, unpack, appliedAt: Date.now(), readOnly: false })
  const address = postgresAddressOf(place)
  const database = openPostgres({ address, clock: systemClock, connections: 1 })
  await database.query(`DROP SCHEMA IF EXISTS ${address.schema} CASCADE`)
  await migratePostgres(database, { schema: address.schema, domains: SHARED_DOMAINS })
  return createPostgresArchive(database, unpack)
}

/** Medians of several processes. */
async function inOwnProcess(place: string, secrets: readonly string[]): Promise<Measured> {
  const runs: Measured[] = []
  for (let run = 0; run < RUNS; run++) {
    const child = Bun.spawn([process.execPath, import.meta.path, '--measure', place], {
      stdin: Buffer.from(JSON.stringify(secrets)),
      stdout: 'pipe',
      stderr: 'inherit',
    })
    runs.push(JSON.parse(await new Response(child.stdout).text()) as Measured)
  }
  const median = (name: keyof Measured): number => runs.map((run) => run[name]).toSorted((one, other) => one - other)[1]!
  return {
    startMs: median('startMs'),
    rssMib: median('rssMib'),
    knownNanos: median('knownNanos'),
    firstMicros: median('firstMicros'),
  }
}

/** Whether many keys cost what they may. */
async function compare(name: string, place: (count: number) => string, many: number): Promise<boolean> {
  const [few, all] = [await measured(place(USED), USED), await measured(place(many), many + USED)]
  for (const [keys, { startMs, rssMib, knownNanos, firstMicros }] of [
    [0, few],
    [many, all],
  ] as const)
    console.log(
      `${name}, ${keys} idle keys: read in ${startMs.toFixed(0)} ms, ${rssMib.toFixed(1)} MiB; a known key ${knownNanos.toFixed(0)} ns, one shown first ${firstMicros.toFixed(1)} µs`,
    )
  return (
    all.knownNanos < few.knownNanos * MOST_SLOWER &&
    all.firstMicros < few.firstMicros * MOST_SLOWER &&
    all.startMs - few.startMs < MOST_START_MS &&
    all.rssMib - few.rssMib < MOST_MIB
  )
}

const measured = async (place: string, count: number): Promise<Measured> => inOwnProcess(place, await fill(place, count))

const [first, second] = process.argv.slice(2)
if (first === '--measure') {
  console.log(JSON.stringify(await measure(second!, JSON.parse(await Bun.stdin.text()) as string[])))
} else {
  const many = Number(first ?? DEFAULT_KEYS)
  const folder = mkdtempSync(join(tmpdir(), 'switchback-keys-bench-'))
  try {
    const results = [await compare('SQLite', (count) => join(folder, `${count}.db`), many)]
    if (second !== undefined) {
      const separator = second.includes('?') ? '&' : '?'
      results.push(await compare('PostgreSQL', (count) => `${second}${separator}schema=bench_keys_${count}`, many))
    }
    if (results.includes(false)) process.exitCode = 1
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
