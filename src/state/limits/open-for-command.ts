import { existsSync } from 'node:fs'
import type { Clock } from '../../lib/clock.ts'
import { openLedgerForCommand } from '../ledger/open-for-command.ts'
import type { RedisAddress } from '../redis/address.schema.ts'
import { openRedis } from '../redis/redis.ts'
import type { StorePlace } from '../store-place.ts'
import { unavailable } from '../unavailable.ts'
import { claimOfCharge, type PeriodCharge } from './period-charge.ts'
import { createRedisLimits } from './redis.ts'
import { spentInLedger, type SpentBefore } from './spent-before.ts'
import { chargeSqlitePeriods } from './sqlite-periods.ts'
import type { PeriodClaim, Standing } from './store.ts'

/** Where gateways count what budgets have spent. */
export interface CounterPlace {
  /** Where they count together. */
  readonly redis: RedisAddress | undefined
  /** The file of the only gateway; undefined where that keeps none. */
  readonly file: string | undefined
  /** Undefined when there is none. */
  readonly ledger: StorePlace | undefined
}

/** The counters of budgets, for a command beside gateways. What it is asked rejects with `state_unavailable`. */
export interface CommandCounters {
  /** How they stand: as gateways count together, else as the ledger knows. */
  look(claims: readonly PeriodClaim[]): Promise<readonly Standing[]>
  /** Counts what the command has spent. Before it is in the ledger. */
  charge(charges: readonly PeriodCharge[]): Promise<void>
  close(): Promise<void>
}

/** A command ends before it could ask again. */
const ONCE = { every: () => () => undefined }

export function openCountersForCommand({ redis, file, ledger: place }: CounterPlace, clock: Clock): CommandCounters {
  const ledger = place && openLedgerForCommand(place, clock, 'read')
  const spentBefore = ledger && spentInLedger({ ledger, flush: () => Promise.resolve(), clock })
  const counters = redis === undefined ? inFile(file, spentBefore, clock) : inRedis(redis, spentBefore, clock)
  return {
    ...counters,
    async close() {
      await counters.close()
      await ledger?.close()
    },
  }
}

function inRedis(address: RedisAddress, spentBefore: SpentBefore | undefined, clock: Clock): CommandCounters {
  const redis = openRedis({ address, clock })
  const limits = createRedisLimits({ redis, learning: spentBefore && { spentBefore, clock: ONCE } })
  return {
    look: async (claims) => limits.look(claims),
    async charge(charges) {
      // One after the other: two may be of one counter, on either side of midnight.
      for (const charge of charges) {
        const id = `charge ${crypto.randomUUID()}`
        await limits.acquire(id, [claimOfCharge(charge)])
        await limits.settle(id, {})
      }
    },
    close: async () => redis.close(),
  }
}

function inFile(path: string | undefined, spentBefore: SpentBefore | undefined, clock: Clock): CommandCounters {
  return {
    look: (claims) =>
      Promise.all(
        claims.map(async ({ counter, start, end }) => ({
          used: (await spentBefore?.(counter, start)) ?? 0,
          held: 0,
          resetAt: end,
        })),
      ),
    async charge(charges) {
      // Where no gateway has ever been, there is no budget that anybody has spent from.
      if (path === undefined || !existsSync(path)) return
      try {
        chargeSqlitePeriods({ path, clock }, charges)
      } catch (cause) {
        throw unavailable(cause, (reason) => `What budgets have spent cannot be noted in ${path}: ${reason}.`)
      }
    },
    close: async () => undefined,
  }
}
