import type { Clock } from '../../lib/clock.ts'
import { inBatches } from '../../lib/in-batches.ts'
import type { Redis, RedisScript } from '../redis/redis.ts'
import { ACQUIRE, AT_LEAST, END, GENERATION, LOOK, RENEW } from './redis-scripts.ts'
import { Relearning } from './relearning.ts'
import type { SpentBefore } from './spent-before.ts'
import type { Acquisition, Claim, PeriodClaim, PeriodStanding, RefusedClaim, SharedLimitStore, Standing } from './store.ts'

/** Long enough for a pause of the process, short enough that the money of a dead one is not missed for long. */
const LEASE_MS = 60_000
/** The server's own clock, so that all replicas count by the same one. */
const SERVER_TIME = -1
/** That the server is told of at once: others wait while it works. */
const MOST_ENDED = 64

export interface RedisLimitsOptions {
  readonly redis: Pick<Redis, 'run' | 'key'>
  /** Asked for counters of which the server knows nothing: it may have lost them. Without it they begin at nothing. */
  readonly learning?: { readonly spentBefore: SpentBefore; readonly clock: Pick<Clock, 'every'> } | undefined
  /** Milliseconds until a holder that does not renew loses what it holds. Default one minute. */
  readonly leaseMs?: number | undefined
  /** Unix ms, instead of the server's clock. For tests. */
  readonly now?: (() => number) | undefined
}

/**
 * Counters that all replicas share, in Redis. Each call is one script, so that it happens whole and at one moment; its work grows with the
 * counters it touches. Rejects with `state_unavailable` by the client's deadline.
 */
export function createRedisLimits(options: RedisLimitsOptions): SharedLimitStore {
  const { redis, learning, leaseMs = LEASE_MS, now = () => SERVER_TIME } = options
  const prefix = redis.key('limits', '')
  const run = (script: RedisScript, values: readonly (string | number)[]): Promise<unknown> =>
    redis.run(script, [prefix], [now(), leaseMs, ...values])
  const acquire = async (id: string, claims: readonly Claim[], mode: 'ask' | 'go'): Promise<[number, unknown[]]> =>
    (await run(ACQUIRE, [id, mode, ...claims.flatMap(wordsOf)])) as [number, unknown[]]
  const look = async (claims: readonly Claim[]): Promise<[string[][], number[]]> =>
    (await run(LOOK, claims.flatMap(wordsOf))) as [string[][], number[]]

  /** Nobody waits for what has ended, so what ends while others are told goes with the next ones. */
  const finish = inBatches(
    async (ended: readonly (readonly (string | number)[])[]) => (await run(END, ended.flat())) as string[][],
    MOST_ENDED,
  )

  const relearn = learning === undefined ? () => Promise.resolve(false) : relearner(learning, (rows) => run(AT_LEAST, rows))
  const relearnAt = (claims: readonly Claim[], positions: readonly number[]): Promise<boolean> =>
    relearn(positions.map((position) => claims[position]).filter((claim): claim is PeriodClaim => claim?.kind === 'period'))

  return {
    relearn,
    async acquire(id, claims): Promise<Acquisition> {
      if (claims.length === 0) return { granted: true, standings: [] }
      let [outcome, rows] = await acquire(id, claims, learning === undefined ? 'go' : 'ask')
      if (outcome === UNKNOWN) {
        await relearnAt(claims, rows as number[])
        ;[outcome, rows] = await acquire(id, claims, 'go')
      }
      return outcome === GRANTED
        ? { granted: true, standings: (rows as string[][]).map(standingOf) }
        : { granted: false, refused: (rows as string[][]).map(refusalOf) }
    },
    async renew(ids) {
      if (ids.length > 0) await run(RENEW, ids)
    },
    async settle(id, actual) {
      const [isKnown, ...words] = await finish([id, 'settle', Object.keys(actual).length, ...Object.entries(actual).flat()])
      return isKnown === '1' ? periodsOf(words) : undefined
    },
    async release(id) {
      await finish([id, 'release', 0])
    },
    async look(claims) {
      if (claims.length === 0) return []
      let [standings, unknown] = await look(claims)
      if (unknown.length > 0 && (await relearnAt(claims, unknown))) [standings, unknown] = await look(claims)
      return standings.map(standingOf)
    },
    generation: async () => String(await run(GENERATION, [crypto.randomUUID()])),
  }
}

/** Asks the ledger what was spent, now and some times later, and tells the server, which keeps the larger figure. */
function relearner(
  { spentBefore, clock }: NonNullable<RedisLimitsOptions['learning']>,
  tell: (rows: readonly (string | number)[]) => Promise<unknown>,
): (claims: readonly PeriodClaim[]) => Promise<boolean> {
  const learn = async (claims: readonly PeriodClaim[]): Promise<void> => {
    const rows = await Promise.all(
      claims.map(async ({ counter, start, end }) => {
        const spent = await spentBefore(counter, start)
        return spent === undefined ? [] : [counter, start, end ?? '', spent]
      }),
    )
    if (rows.some(({ length }) => length > 0)) await tell(rows.flat())
  }
  const again = new Relearning(clock, learn)
  return async (claims) => {
    await learn(claims)
    again.add(claims)
    return true
  }
}

const GRANTED = 1
const UNKNOWN = 2

function wordsOf(claim: Claim): (string | number)[] {
  const { kind, counter, amount, limit } = claim
  if (claim.kind === 'sliding') return [kind, counter, amount, limit, claim.windowMs, '']
  return claim.kind === 'period'
    ? [kind, counter, amount, limit, claim.start, claim.end ?? '']
    : [kind, counter, amount, limit, 0, '']
}

const optional = (text: string | undefined): number | undefined => (text === undefined || text === '' ? undefined : Number(text))

const standingOf = ([used, held, resetAt]: readonly string[]): Standing => ({
  used: Number(used),
  held: Number(held),
  resetAt: optional(resetAt),
})

/** Counter, used, held and end of each. */
function periodsOf(words: readonly string[]): PeriodStanding[] {
  const standings: PeriodStanding[] = []
  for (let at = 0; at < words.length; at += 4) standings.push({ counter: words[at]!, ...standingOf(words.slice(at + 1, at + 4)) })
  return standings
}

const refusalOf = ([index, used, held, resetAt, fitsAt]: readonly string[]): RefusedClaim => ({
  index: Number(index),
  used: Number(used),
  held: Number(held),
  resetAt: optional(resetAt),
  fitsAt: optional(fitsAt),
})
