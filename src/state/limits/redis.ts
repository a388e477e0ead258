import type { Clock } from '../../lib/clock.ts'
import { inBatches } from '../../lib/in-batches.ts'
import type { Redis, RedisScript } from '../redis/redis.ts'
import { ACQUIRE, AT_LEAST, END, GENERATION, LOOK, RENEW } from './redis-scripts.ts'
import { Relearning } from './relearning.ts'
import type { SpentBefore } from './spent-before.ts'
import type {
  Acquisition,
  Actual,
  Claim,
  PeriodClaim,
  PeriodStanding,
  RefusedClaim,
  SharedLimitStore,
  Standing,
} from './store.ts'

/** Long enough for a pause of the process, short enough that the money of a dead one is not missed for long. */
const LEASE_MS = 60_000
/** That the server is told of at once: others wait while it works. */
const MOST_ENDED = 64

export interface RedisLimitsOptions {
  readonly redis: Pick<Redis, 'run' | 'key'>
  /** Asked for counters of which the server knows nothing: it may have lost them. Without it they begin at nothing. */
  readonly learning?: { readonly spentBefore: SpentBefore; readonly clock: Pick<Clock, 'every'> } | undefined
  /** Milliseconds until a holder that does not renew loses what it holds. Default one minute. */
  readonly leaseMs?: number | undefined
  /** Unix ms, instead of the server's clock, by which all replicas count. For tests. */
  readonly now?: (() => number) | undefined
}

/**
 * Counters that all replicas share, in Redis. Each call is one script, so that it happens whole and at one moment; its work grows with the
 * counters it touches. Rejects with `state_unavailable` by the client's deadline.
 */
export function createRedisLimits(options: RedisLimitsOptions): SharedLimitStore {
  const { redis, learning, leaseMs = LEASE_MS, now } = options
  const keys = [redis.key('limits', '')]
  const run = (script: RedisScript, given: object): Promise<unknown> =>
    redis.run(script, keys, [JSON.stringify({ lease: leaseMs, now: now?.(), ...given })])
  const ask = async <Answer>(script: RedisScript, given: object): Promise<Answer> =>
    JSON.parse(String(await run(script, given))) as Answer

  /** Nobody waits for what has ended, so what ends while others are told goes with the next ones. */
  const finish = inBatches((ended: readonly Ended[]) => ask<(Counted[] | null)[]>(END, { ended }), MOST_ENDED)

  const relearn =
    learning === undefined ? () => Promise.resolve(false) : relearner(learning, (periods) => run(AT_LEAST, { periods }))
  const relearnAt = (claims: readonly Claim[], positions: readonly number[]): Promise<boolean> =>
    relearn(positions.map((position) => claims[position]).filter((claim): claim is PeriodClaim => claim?.kind === 'period'))

  return {
    relearn,
    async acquire(id, claims): Promise<Acquisition> {
      if (claims.length === 0) return { granted: true, standings: [] }
      const call = { holder: id, claims }
      let answer = await ask<AcquireAnswer>(ACQUIRE, { ...call, asks: learning !== undefined })
      if (answer.unknown !== undefined) {
        await relearnAt(claims, answer.unknown)
        answer = await ask<AcquireAnswer>(ACQUIRE, call)
      }
      return answer.refused === undefined
        ? { granted: true, standings: (answer.granted ?? []).map(standingOf) }
        : { granted: false, refused: answer.refused.map(refusalOf) }
    },
    async renew(ids) {
      if (ids.length > 0) await run(RENEW, { holders: ids })
    },
    async settle(id, actual) {
      const counted = await finish({ holder: id, actual })
      return counted?.map(([counter, ...standing]): PeriodStanding => ({ counter, ...standingOf(standing) }))
    },
    async release(id) {
      await finish({ holder: id })
    },
    async look(claims) {
      if (claims.length === 0) return []
      let answer = await ask<LookAnswer>(LOOK, { claims })
      if (answer.unknown.length > 0 && (await relearnAt(claims, answer.unknown))) answer = await ask<LookAnswer>(LOOK, { claims })
      return answer.standings.map(standingOf)
    },
    generation: async () => String(await run(GENERATION, { name: crypto.randomUUID() })),
  }
}

/** Asks the ledger what was spent, now and some times later, and tells the server, which keeps the larger figure. */
function relearner(
  { spentBefore, clock }: NonNullable<RedisLimitsOptions['learning']>,
  tell: (periods: readonly object[]) => Promise<unknown>,
): (claims: readonly PeriodClaim[]) => Promise<boolean> {
  const learn = async (claims: readonly PeriodClaim[]): Promise<void> => {
    const periods = await Promise.all(
      claims.map(async ({ counter, start, end }) => {
        const spent = await spentBefore(counter, start)
        return spent === undefined ? [] : [{ counter, start, end, spent }]
      }),
    )
    if (periods.some(({ length }) => length > 0)) await tell(periods.flat())
  }
  const again = new Relearning(clock, learn)
  return async (claims) => {
    await learn(claims)
    again.add(claims)
    return true
  }
}

/** Used, held, and when all of it is free. */
type StandingRow = readonly [used: number, held: number, resetAt: number | null]
type RefusalRow = readonly [index: number, ...StandingRow, fitsAt: number | null]
type Counted = readonly [counter: string, ...StandingRow]

/** One of them, as `ACQUIRE` says. */
interface AcquireAnswer {
  readonly granted?: readonly StandingRow[]
  readonly refused?: readonly RefusalRow[]
  readonly unknown?: readonly number[]
}

interface LookAnswer {
  readonly standings: readonly StandingRow[]
  readonly unknown: readonly number[]
}

/** Without `actual`, what was taken was not used. */
interface Ended {
  readonly holder: string
  readonly actual?: Actual
}

const standingOf = ([used, held, resetAt]: StandingRow): Standing => ({ used, held, resetAt: resetAt ?? undefined })

const refusalOf = ([index, used, held, resetAt, fitsAt]: RefusalRow): RefusedClaim => ({
  index,
  ...standingOf([used, held, resetAt]),
  fitsAt: fitsAt ?? undefined,
})
