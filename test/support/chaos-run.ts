import { systemClock } from '../../src/lib/clock.ts'
import { postgresAddressOf } from '../../src/state/postgres/address.schema.ts'
import { openPostgres } from '../../src/state/postgres/postgres.ts'
import { judge, type Answered, type Death, type Judgement } from './chaos-judge.ts'
import { MortalGateway, seededRandom } from './chaos.ts'
import { redisAddressOf } from '../../src/state/redis/address.schema.ts'
import { openRedis } from '../../src/state/redis/redis.ts'
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
  readonly onLoss: 'closed' | 'local_share' | 'open'
  /** Whether a Redis that was killed comes back with what it held. */
  readonly redisKeeps: boolean
  /** Waits at the end until the leases of dead gateways are over, a minute, and spends what is left of the small budget. */
  readonly isPatient: boolean
}

export interface ChaosOutcome extends Judgement {
  readonly answered: number
  /** Calls whose gateway was killed under them; each was made again elsewhere. */
  readonly broken: number
  /** Calls without a budget of their own that were refused, by status. */
  readonly refused: Readonly<Record<number, number>>
  /** Money and places that are still held, and gateways whose attempts are still noted, when everything has ended; undefined when nobody waited. */
  readonly held: number | undefined
  readonly lossesOfRedis: number
  /** Gateways that ended by themselves, and what they said. */
  readonly ownDeaths: readonly string[]
  readonly log: readonly string[]
}

const GATEWAYS = 4
const AT_ONCE = 16
/** Of calls, made by the caller with the small budget. */
const TIGHT_SHARE = 0.1
/** Places and money of a dead gateway come back after this. */
const LEASE_MS = 62_000
const CAUGHT_UP_MS = 60_000
/** Longer than a gateway waits before it tries a server again. */
const QUIET_MS = 4_000
/** Of a caller that is answered a few hundred times for it. */
const TIGHT_USD = 3
const PRICE = ['--input', '1000', '--output', '1000']
/** Between two calls of one caller: enough for the calls to last as long as the blows. */
const MOST_PAUSE_MS = 40

/** Four gateways under fire: calls go on while gateways are killed and servers are stopped, stalled and started again. */
export async function runChaos(options: ChaosOptions): Promise<ChaosOutcome> {
  const [postgres, redis] = await Promise.all([startPostgres(), startRedis({ keeps: options.redisKeeps })])
  const world = new ChaosWorld(options, postgres, redis)
  try {
    return await world.run()
  } finally {
    await world.dispose()
    await Promise.all([postgres.close(), redis.close()])
  }
}

/** Runs a command that has to work. */
async function done(gateway: MortalGateway, words: readonly string[]): Promise<void> {
  const { exitCode, stderr } = await gateway.run(words)
  if (exitCode !== 0) throw new Error(`${words.join(' ')}: ${stderr}`)
}

class ChaosWorld {
  private readonly random: () => number
  private readonly gateways: MortalGateway[] = []
  private readonly deaths = new Map<number, Death[]>()
  private readonly answered: Answered[] = []
  private readonly log: string[] = []
  private readonly began = Date.now()
  private broken = 0
  private readonly refused: Record<number, number> = {}
  private readonly redisAway: { readonly from: number; to: number }[] = []
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
    const { required, onLoss } = this.options
    const config = `server: { shutdown: { drain_ms: 20000 }, max_concurrency: 400, budget: { max_usd: 100000 } }
ledger: { required: ${required} }
state: { store: "\${PG}", coordination: "\${RD}", on_loss: ${onLoss} }
tenants: [{ id: tight, budget: { max_usd: ${TIGHT_USD} } }]
api_keys: [{ key: key-of-anybody, prefix: any }, { key: key-of-tight, prefix: tight, tenant: tight }]
providers: [{ id: mock, type: mock, models: [{ name: echo, text: a b c, chunk_delay_ms: 3 }] }]
`
    for (let index = 0; index < GATEWAYS; index++)
      this.gateways.push(await MortalGateway.make(config, { PG: this.postgres.url(), RD: this.redis.url() }))
    await done(this.gateways[0]!, ['state', 'migrate'])
    await done(this.gateways[0]!, ['price', 'set', 'mock/*', ...PRICE])
    await Promise.all(this.gateways.map((gateway) => gateway.start()))
    const callers = Array.from({ length: AT_ONCE }, () => this.call())
    const blows = this.strike()
    await Promise.all([...callers, blows])
    for (const gateway of this.gateways) if (!gateway.isUp) await gateway.start()
    if (this.options.isPatient) await this.spendRest()
    await this.allWritten()
    const held = this.options.isPatient ? await this.leftHeld() : undefined
    const said = await Promise.all(this.gateways.map((gateway) => gateway.stop()))
    this.log.push(...said.filter((words) => words.includes('fatal')))
    const database = this.database()
    try {
      const { answered, broken, refused, log } = this
      return {
        ...(await judge(database, { answered, deaths: this.deaths, redisAway: this.redisAway, limitUsd: TIGHT_USD })),
        answered: answered.length,
        broken,
        refused,
        held,
        lossesOfRedis: this.redisAway.length,
        ownDeaths: this.gateways.flatMap(({ ownDeaths }) => ownDeaths),
        log,
      }
    } finally {
      await database.close()
    }
  }

  async dispose(): Promise<void> {
    for (const gateway of this.gateways) await gateway.dispose()
  }

  /** One caller after the other, each call until somebody has answered it. */
  private async call(): Promise<void> {
    while (this.made < this.options.calls || this.isStriking) {
      this.made += 1
      const isTight = Math.random() < TIGHT_SHARE
      await Bun.sleep(Math.random() * MOST_PAUSE_MS)
      let isAnswered = false
      while (!isAnswered) {
        const up = this.gateways.flatMap((gateway, index) => (gateway.isUp ? [index] : []))
        const index = up[Math.floor(Math.random() * up.length)]
        if (index === undefined) await Bun.sleep(20)
        else isAnswered = await this.ask(index, isTight)
      }
    }
  }

  /** False when it has to be asked again. */
  private async ask(index: number, isTight: boolean): Promise<boolean> {
    const from = Date.now()
    try {
      const response = await fetch(`${this.gateways[index]!.url}/v1/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer key-of-${isTight ? 'tight' : 'anybody'}` },
        body: JSON.stringify({ model: 'mock/echo', max_tokens: 8, messages: [{ role: 'user', content: 'hi' }] }),
        signal: AbortSignal.timeout(20_000),
      })
      await response.text()
      const id = response.headers.get('x-switchback-request-id')
      if (response.status !== 200 || id === null) {
        if (isTight) return true
        this.refused[response.status] = (this.refused[response.status] ?? 0) + 1
        await Bun.sleep(50)
        return false
      }
      this.answered.push({ id, gateway: index, from, at: Date.now(), isTight })
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
    this.note(`gateway ${index} is killed`)
    const at = Date.now()
    const stalls = await gateway.kill()
    this.deaths.set(index, [...(this.deaths.get(index) ?? []), { at, stalls }])
    await gateway.start()
  }

  private note(event: string): void {
    const tight = this.answered.filter(({ isTight }) => isTight).length
    this.log.push(`${Date.now() - this.began} ms, ${this.answered.length} answered, ${tight} of them tight: ${event}`)
  }

  private async hurt(server: TestServer, name: string): Promise<void> {
    const isStall = this.random() < 0.5
    const ms = 200 + Math.floor(this.random() * 1_800)
    const away = { from: Date.now(), to: Number.POSITIVE_INFINITY }
    if (server === this.redis) this.redisAway.push(away)
    this.note(`${name} is ${isStall ? 'stalled' : 'killed'} for ${ms} ms`)
    if (isStall) server.stall()
    else await server.kill()
    await Bun.sleep(ms)
    if (isStall) server.resume()
    else await server.start()
    away.to = Date.now()
  }

  /** The small budget is used to its end: what dead gateways held of it has come back by then. */
  private async spendRest(): Promise<void> {
    await Bun.sleep(LEASE_MS)
    for (let index = 0; index < 1_000; index++) {
      const before = this.answered.length
      await this.ask(index % GATEWAYS, true)
      if (this.answered.length === before) return
    }
  }

  /** What waited for the servers is written after their return, in batches: until none has come for some seconds. */
  private async allWritten(): Promise<void> {
    const database = this.database()
    const deadline = Date.now() + CAUGHT_UP_MS
    try {
      let before = Number.NaN
      for (;;) {
        const [rows] = await database.query(
          'SELECT (SELECT count(*) FROM record_batches) + (SELECT count(*) FROM ledger_entries) AS count',
        )
        const count = Number(rows?.['count'])
        if (count === before || Date.now() > deadline) return
        before = count
        await Bun.sleep(QUIET_MS)
      }
    } finally {
      await database.close()
    }
  }

  private database(): ReturnType<typeof openPostgres> {
    return openPostgres({ address: postgresAddressOf(this.postgres.url('?schema=switchback')), clock: systemClock })
  }

  /** What dead gateways left is found within half a minute. */
  private async leftHeld(): Promise<number> {
    const redis = openRedis({ address: redisAddressOf(this.redis.url()), clock: systemClock })
    const deadline = Date.now() + CAUGHT_UP_MS
    const left = async (): Promise<number> => {
      const keys = (await redis.send('KEYS', ['switchback:open:*'])) as string[]
      const holders = (await redis.send('KEYS', ['switchback:limits:h:*'])) as string[]
      const held = await Promise.all(holders.map((key) => redis.send('ZCOUNT', [key, Date.now(), '+inf'])))
      return held.reduce((sum: number, count) => sum + Number(count), keys.length)
    }
    try {
      while ((await left()) > 0 && Date.now() < deadline) await Bun.sleep(500)
      return await left()
    } finally {
      redis.close()
    }
  }
}
