import type { Redis, RedisScript } from '../redis/redis.ts'
import { ACQUIRE, END, LOOK, RENEW, TOP_UP } from './redis-scripts.ts'
import type { Acquisition, Actual, Claim, LimitStore, RefusedClaim, Standing } from './store.ts'

/** Long enough for a pause of the process, short enough that the money of a dead one is not missed for long. */
const LEASE_MS = 60_000
/** The server's own clock, so that all replicas count by the same one. */
const SERVER_TIME = -1

export interface RedisLimitsOptions {
  readonly redis: Pick<Redis, 'run' | 'key'>
  /** Milliseconds until a holder that does not renew loses what it holds. Default one minute. */
  readonly leaseMs?: number | undefined
  /** Unix ms, instead of the server's clock. For tests. */
  readonly now?: (() => number) | undefined
}

/**
 * Counters that all replicas share, in Redis. Each call is one script, so that it happens whole and at one moment; its work grows with the
 * counters it touches. Rejects with `state_unavailable` by the client's deadline.
 */
export function createRedisLimits({ redis, leaseMs = LEASE_MS, now = () => SERVER_TIME }: RedisLimitsOptions): LimitStore {
  const prefix = redis.key('limits', '')
  const run = (script: RedisScript, values: readonly (string | number)[]): Promise<unknown> =>
    redis.run(script, [prefix], [now(), leaseMs, ...values])
  return {
    async acquire(id, claims): Promise<Acquisition> {
      if (claims.length === 0) return { granted: true, standings: [] }
      const [granted, rows] = (await run(ACQUIRE, [id, ...claims.flatMap(wordsOf)])) as [number, string[][]]
      return granted === 1 ? { granted: true, standings: rows.map(standingOf) } : { granted: false, refused: rows.map(refusalOf) }
    },
    async topUp(id, amounts) {
      await run(TOP_UP, [id, ...pairsOf(amounts)])
    },
    async renew(ids) {
      if (ids.length > 0) await run(RENEW, ids)
    },
    async settle(id, actual) {
      await run(END, [id, 'settle', ...pairsOf(actual)])
    },
    async release(id) {
      await run(END, [id, 'release'])
    },
    async look(claims) {
      if (claims.length === 0) return []
      return ((await run(LOOK, claims.flatMap(wordsOf))) as string[][]).map(standingOf)
    },
  }
}

function wordsOf(claim: Claim): (string | number)[] {
  const { kind, counter, amount, limit } = claim
  if (claim.kind === 'sliding') return [kind, counter, amount, limit, claim.windowMs, '']
  return claim.kind === 'period'
    ? [kind, counter, amount, limit, claim.start, claim.end ?? '']
    : [kind, counter, amount, limit, 0, '']
}

const pairsOf = (amounts: Actual): (string | number)[] => Object.entries(amounts).flat()

const optional = (text: string | undefined): number | undefined => (text === undefined || text === '' ? undefined : Number(text))

const standingOf = ([used, held, resetAt]: readonly string[]): Standing => ({
  used: Number(used),
  held: Number(held),
  resetAt: optional(resetAt),
})

const refusalOf = ([index, used, held, resetAt, fitsAt]: readonly string[]): RefusedClaim => ({
  index: Number(index),
  used: Number(used),
  held: Number(held),
  resetAt: optional(resetAt),
  fitsAt: optional(fitsAt),
})
