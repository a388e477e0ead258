import { systemClock } from '../../src/lib/clock.ts'
import { unpackRecord } from '../../src/engine/record/unpack-record.ts'
import { postgresAddressOf } from '../../src/state/postgres/address.schema.ts'
import { openPostgres } from '../../src/state/postgres/postgres.ts'
import { unpackBatch } from '../../src/state/records/record-batch.ts'
import { MortalGateway, seededRandom } from './chaos.ts'
import { startPostgres, type TestPostgres } from './postgres-server.ts'
import { startRedis, type TestRedis } from './redis-server.ts'
import type { TestServer } from './server-process.ts'

export interface ChaosOptions {
  /** At least so many; calls go on as long as blows do. */
  readonly calls: number
  /** Things that happen to gateways and servers while the calls are made. */
  readonly blows: number
  readonly seed: number
  readonly required: boolean
}

export interface ChaosOutcome {
  readonly answered: number
  /** Calls whose gateway was killed under them; each was made again elsewhere. */
  readonly broken: number
  readonly refused: number
  /** Ids of answered calls without a record, by the gateway's death that took it: ms between answer and death. */
  readonly lostRecords: readonly { readonly id: string; readonly beforeDeathMs: number }[]
  readonly doubledRecords: number
  /** The same of entries of the ledger. */
  readonly lostEntries: readonly { readonly id: string; readonly beforeDeathMs: number }[]
  readonly doubledEntries: number
  /** Both ways of summing the ledger agree. */
  readonly sumsAgree: boolean
  readonly log: readonly string[]
}

interface Answered {
  readonly id: string
  readonly gateway: number
  readonly at: number
}

const GATEWAYS = 4
const AT_ONCE = 16
/** Between two calls of one caller: enough for the calls to last as long as the blows. */
const MOST_PAUSE_MS = 40

/** Four gateways under fire: calls go on while gateways are killed and servers are stopped, stalled and started again. */
export async function runChaos(options: ChaosOptions): Promise<ChaosOutcome> {
  const [postgres, redis] = await Promise.all([startPostgres(), startRedis()])
  const world = new ChaosWorld(options, postgres, redis)
  try {
    return await world.run()
  } finally {
    await world.dispose()
    await Promise.all([postgres.close(), redis.close()])
  }
}

class ChaosWorld {
  private readonly random: () => number
  private readonly gateways: MortalGateway[] = []
  private readonly deaths = new Map<number, number[]>()
  private readonly answered: Answered[] = []
  private readonly log: string[] = []
  private broken = 0
  private refused = 0
  private made = 0
  private isStriking = true

  private readonly options: ChaosOptions
  private readonly postgres: TestPostgres
  private readonly redis: TestRedis

  constructor(options: ChaosOptions, postgres: TestPostgres, redis: TestRedis) {
    this.options = options
    this.postgres = postgres
    this.redis = redis
    this.random = seededRandom(options.seed)
  }

  async run(): Promise<ChaosOutcome> {
    const config = `server: { shutdown: { drain_ms: 20000 } }
ledger: { required: ${this.options.required} }
state: { store: "\${PG}", coordination: "\${RD}" }
providers: [{ id: mock, type: mock, models: [{ name: echo, text: a b c, chunk_delay_ms: 3 }] }]
`
    for (let index = 0; index < GATEWAYS; index++)
      this.gateways.push(await MortalGateway.make(config, { PG: this.postgres.url(), RD: this.redis.url() }))
    await Promise.all(this.gateways.map((gateway) => gateway.start()))
    const callers = Array.from({ length: AT_ONCE }, () => this.call())
    const blows = this.strike()
    await Promise.all([...callers, blows])
    for (const gateway of this.gateways) if (!gateway.isUp) await gateway.start()
    await this.untilCaughtUp()
    const said = await Promise.all(this.gateways.map((gateway) => gateway.stop()))
    this.log.push(...said.filter((words) => words.includes('fatal')))
    return this.judge()
  }

  async dispose(): Promise<void> {
    for (const gateway of this.gateways) await gateway.dispose()
  }

  /** One caller after the other, each call until somebody has answered it. */
  private async call(): Promise<void> {
    while (this.made < this.options.calls || this.isStriking) {
      this.made += 1
      await Bun.sleep(Math.random() * MOST_PAUSE_MS)
      let isAnswered = false
      while (!isAnswered) {
        const up = this.gateways.flatMap((gateway, index) => (gateway.isUp ? [index] : []))
        const index = up[Math.floor(Math.random() * up.length)]
        if (index === undefined) await Bun.sleep(20)
        else isAnswered = await this.ask(index)
      }
    }
  }

  private async ask(index: number): Promise<boolean> {
    try {
      const response = await fetch(`${this.gateways[index]!.url}/v1/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ model: 'mock/echo', messages: [{ role: 'user', content: 'hi' }] }),
        signal: AbortSignal.timeout(20_000),
      })
      await response.text()
      const id = response.headers.get('x-switchback-request-id')
      if (response.status !== 200 || id === null) {
        this.refused += 1
        this.log.push(`refused with ${response.status}`)
        return false
      }
      this.answered.push({ id, gateway: index, at: Date.now() })
      return true
    } catch {
      this.broken += 1
      await Bun.sleep(5)
      return false
    }
  }

  private async strike(): Promise<void> {
    for (let blow = 1; blow <= this.options.blows; blow++) {
      await Bun.sleep(100 + this.random() * 300)
      const kind = Math.floor(this.random() * 4)
      if (kind <= 1) await this.killGateway()
      else await this.hurt(kind === 2 ? this.postgres : this.redis, kind === 2 ? 'PostgreSQL' : 'Redis')
    }
    this.isStriking = false
  }

  private async killGateway(): Promise<void> {
    const index = Math.floor(this.random() * GATEWAYS)
    const gateway = this.gateways[index]!
    this.log.push(`gateway ${index} is killed`)
    this.deaths.set(index, [...(this.deaths.get(index) ?? []), Date.now()])
    await gateway.kill()
    await gateway.start()
  }

  private async hurt(server: TestServer, name: string): Promise<void> {
    const isStall = this.random() < 0.5
    const ms = 200 + Math.floor(this.random() * 1_800)
    this.log.push(`${name} is ${isStall ? 'stalled' : 'killed'} for ${ms} ms`)
    if (isStall) server.stall()
    else await server.kill()
    await Bun.sleep(ms)
    if (isStall) server.resume()
    else await server.start()
  }

  private async untilCaughtUp(): Promise<void> {
    // What waited for the servers is written within seconds of their return, in batches.
    await Bun.sleep(4_000)
  }

  private async judge(): Promise<ChaosOutcome> {
    const database = openPostgres({ address: postgresAddressOf(this.postgres.url('?schema=switchback')), clock: systemClock })
    try {
      const batches = await database.query('SELECT records FROM record_batches')
      const records = batches.flatMap((row) =>
        unpackBatch(row['records'] as Uint8Array).map((packed) => unpackRecord(packed).request_id),
      )
      const entries = (await database.query("SELECT id FROM ledger_entries WHERE kind = 'settlement'")).map(({ id }) =>
        String(id),
      )
      const [sums] = await database.query(
        `SELECT (SELECT coalesce(sum(attempts), 0) FROM ledger_rollups WHERE hours = 1) = (SELECT count(*) FROM ledger_entries) AS hours,
                (SELECT coalesce(sum(attempts), 0) FROM ledger_rollups WHERE hours = 24) = (SELECT count(*) FROM ledger_entries) AS days`,
      )
      return {
        answered: this.answered.length,
        broken: this.broken,
        refused: this.refused,
        lostRecords: this.missing(new Set(records), (id) => id),
        doubledRecords: records.length - new Set(records).size,
        lostEntries: this.missing(new Set(entries), (id) => `${id}.0`),
        doubledEntries: entries.length - new Set(entries).size,
        sumsAgree: sums?.['hours'] === true && sums['days'] === true,
        log: this.log,
      }
    } finally {
      await database.close()
    }
  }

  /** Answered calls that left no trace, and how long before the next death of their gateway they were answered. */
  private missing(kept: ReadonlySet<string>, nameOf: (id: string) => string): { id: string; beforeDeathMs: number }[] {
    return this.answered
      .filter(({ id }) => !kept.has(nameOf(id)))
      .map(({ id, gateway, at }) => {
        const death = (this.deaths.get(gateway) ?? []).find((time) => time >= at - 50)
        return { id, beforeDeathMs: death === undefined ? Number.POSITIVE_INFINITY : death - at }
      })
  }
}
