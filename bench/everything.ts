import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { postgresMissing, startPostgres } from '../test/support/postgres-server.ts'
import { redisMissing, startRedis } from '../test/support/redis-server.ts'
import { BENCH_KEY, smallChatRow, type Row } from './rows.ts'
import { start, type Measured } from './support/process.ts'

/** A row whose floor is the gateway itself, with less switched on. */
export interface Comparison {
  readonly row: Row
  readonly gateway: Measured
  readonly floor: Measured
}

/** As a team has it: each party limited in its own way, each kind of limit and budget somewhere; none is ever reached. */
const EVERYTHING: Parts = {
  server: { limits: { max_concurrency: 10_000 }, budget: { monthly_usd: 1_000_000, soft: [0.8] } },
  tenants: [{ id: 'team', limits: { tokens_per_minute: 100_000_000_000 }, budget: { monthly_usd: 1_000_000 } }],
  projects: [{ id: 'nightly', tenant: 'team', budget: { weekly_usd: 1_000_000 } }],
  owners: [{ id: 'alice', budget: { daily_usd: 1_000_000 } }],
  key: { tenant: 'team', project: 'nightly', owner: 'alice', limits: { requests_per_minute: 100_000_000 } },
  provider: { limits: { max_concurrency: 10_000 }, budget: { max_usd: 1_000_000 } },
}

/**
 * What limits and budgets of every party and the ledger cost a request, over a gateway that only records: on one machine, and with
 * PostgreSQL and Redis where these are installed.
 */
export async function withComparisons(place: Place, measure: (comparison: Comparison) => Promise<void>): Promise<void> {
  const running: (() => Promise<void>)[] = []
  const gateway = async (name: string, parts: Parts): Promise<Measured> => {
    const started = await startGateway(place, name, parts)
    running.push(() => started.stop())
    return started
  }
  try {
    const floor = await gateway('records-only', { ledger: { enabled: false } })
    await measure({ row: rowOf('embedded', 1.5), gateway: await gateway('everything', EVERYTHING), floor })
    const missing = postgresMissing() ?? redisMissing()
    if (missing !== undefined) {
      process.stdout.write(`everything on, shared: not measured, ${missing}\n`)
      return
    }
    const [postgres, redis] = await Promise.all([startPostgres(), startRedis()])
    running.push(
      () => postgres.close(),
      () => redis.close(),
    )
    const state = { store: postgres.url(), coordination: redis.url() }
    await measure({ row: rowOf('shared', 2.6), gateway: await gateway('shared', { ...EVERYTHING, state }), floor })
  } finally {
    for (const stop of running.toReversed()) await stop()
  }
}

const rowOf = (where: string, target: number): Row => smallChatRow(`f  everything on over records only, ${where}`, target)

/** Where gateways are started, and what they call. */
interface Place {
  readonly root: string
  readonly folder: string
  readonly upstream: string
}

interface Parts {
  readonly server?: object
  readonly key?: object
  readonly provider?: object
  readonly [part: string]: unknown
}

async function startGateway(
  { root, folder, upstream }: Place,
  name: string,
  { server, key, provider, ...rest }: Parts,
): Promise<Measured> {
  const data = path.join(folder, name)
  mkdirSync(data)
  const config = path.join(data, 'switchback.yaml')
  const document = {
    server: { bind: '127.0.0.1:0', ...server },
    api_keys: [{ key: BENCH_KEY, prefix: 'bench', ...key }],
    providers: [{ id: 'same', type: 'openai_compatible', base_url: `${upstream}/v1`, api_key: 'upstream-key', ...provider }],
    ...rest,
  }
  writeFileSync(config, JSON.stringify(document))
  const command = path.join(root, 'bin/switchback')
  const place = ['--config', config, '--data-dir', data]
  if (rest['state'] !== undefined) await run([command, 'state', 'migrate', '--config', config])
  await run([command, 'price', 'set', 'same/*', '--input', '1', '--output', '4', ...place])
  return start([command, 'serve', ...place], {}, /listens on (http:\/\/127\.0\.0\.1:\d+)/)
}

async function run(command: string[]): Promise<void> {
  const child = Bun.spawn(command, { stdout: 'ignore' })
  if ((await child.exited) !== 0) throw new Error(`${command.join(' ')} failed`)
}
