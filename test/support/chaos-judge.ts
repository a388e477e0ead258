import { unpackRecord } from '../../src/engine/record/unpack-record.ts'
import type { Postgres } from '../../src/state/postgres/postgres.ts'
import { unpackBatch } from '../../src/state/records/record-batch.ts'
import type { Stalls } from './stalls.ts'

/** What an answered call left and its gateway took with it. */
export interface Lost {
  readonly id: string
  /** Between answer and death, without the time in which the machine kept the gateway, or whoever looks, from running. */
  readonly beforeDeathMs: number
}

export interface Death {
  readonly at: number
  readonly stalls: Stalls | undefined
}

export interface Answered {
  readonly id: string
  readonly gateway: number
  /** When it was sent and answered, in Unix ms. */
  readonly from: number
  readonly at: number
  readonly isTight: boolean
}

/** What was seen from the outside. */
export interface Seen {
  readonly answered: readonly Answered[]
  /** By gateway. */
  readonly deaths: ReadonlyMap<number, readonly Death[]>
  readonly redisAway: readonly { readonly from: number; readonly to: number }[]
  /** Of the caller with a small budget. */
  readonly limitUsd: number
}

/** What gateways have kept of what they answered. */
export interface Judgement {
  /** Answered calls without a record. */
  readonly lostRecords: readonly Lost[]
  readonly doubledRecords: number
  /** The same of entries of the ledger. */
  readonly lostEntries: readonly Lost[]
  /** Of those, attempts that the ledger does not have as lost, although Redis was there to note them. */
  readonly unnoticed: readonly string[]
  readonly doubledEntries: number
  /** Both ways of summing the ledger agree. */
  readonly sumsAgree: boolean
  /** What the caller with a small budget was answered and what that came to, in US dollars. */
  readonly tight: { readonly calls: number; readonly spentUsd: number; readonly limitUsd: number; readonly callUsd: number }
}

/** How long a gateway may take to find that Redis is back, and what it had noted there is gone. */
const REDIS_RETURNS_MS = 6_000

/** Compares what was answered with what the database has of it. */
export async function judge(database: Pick<Postgres, 'query'>, seen: Seen): Promise<Judgement> {
  const { answered, limitUsd } = seen
  const batches = await database.query('SELECT records FROM record_batches')
  const records = batches.flatMap((row) =>
    unpackBatch(row['records'] as Uint8Array).map((packed) => unpackRecord(packed).request_id),
  )
  // A settlement that comes after its attempt was written down as lost has an entry of its own.
  const settled = await database.query("SELECT id FROM ledger_entries WHERE kind IN ('settlement', 'late')")
  const entries = settled.map(({ id }) => String(id).replace(/\/late$/, ''))
  const lost = new Set((await database.query("SELECT id FROM ledger_entries WHERE kind = 'lost'")).map(({ id }) => String(id)))
  const [spent] = await database.query(
    "SELECT sum(settled_nanos)::float8 AS nanos FROM ledger_rollups JOIN ledger_parties USING (party) WHERE hours = 24 AND tenant = 'tight'",
  )
  const tight = answered.filter(({ isTight }) => isTight)
  const spentUsd = Number(spent?.['nanos'] ?? 0) / 1e9
  const lostEntries = missing(seen, new Set(entries), (id) => `${id}.0`)
  const [sums] = await database.query(
    `SELECT (SELECT coalesce(sum(attempts), 0) FROM ledger_rollups WHERE hours = 1) = (SELECT count(*) FROM ledger_entries WHERE kind IN ('settlement', 'lost')) AS hours,
            (SELECT coalesce(sum(attempts), 0) FROM ledger_rollups WHERE hours = 24) = (SELECT count(*) FROM ledger_entries WHERE kind IN ('settlement', 'lost')) AS days`,
  )
  return {
    lostRecords: missing(seen, new Set(records), (id) => id),
    doubledRecords: records.length - new Set(records).size,
    lostEntries,
    unnoticed: unnoticed(seen, lostEntries, lost),
    doubledEntries: entries.length - new Set(entries).size,
    sumsAgree: sums?.['hours'] === true && sums['days'] === true,
    tight: { calls: tight.length, spentUsd, limitUsd, callUsd: spentUsd / Math.max(1, tight.length) },
  }
}

/** Lost attempts that nobody noted, though Redis was there from before they began until their gateway died. */
function unnoticed(
  { answered, redisAway }: Seen,
  lostEntries: readonly { readonly id: string }[],
  lost: ReadonlySet<string>,
): string[] {
  const ids = new Set(lostEntries.map(({ id }) => id))
  return answered
    .filter(({ id, from, at }) => {
      if (!ids.has(id) || lost.has(`${id}.0`)) return false
      return !redisAway.some((away) => from < away.to + REDIS_RETURNS_MS && at + REDIS_RETURNS_MS > away.from)
    })
    .map(({ id }) => id)
}

/** Answered calls that left no trace, and the death of their gateway that took them. */
function missing({ answered, deaths }: Seen, kept: ReadonlySet<string>, nameOf: (id: string) => string): Lost[] {
  return answered
    .filter(({ id }) => !kept.has(nameOf(id)))
    .map(({ id, gateway, from, at }) => {
      // The process that a call was sent to is the one that answered it, however late its answer was read here.
      const death = (deaths.get(gateway) ?? []).find((one) => one.at >= from)
      if (death === undefined) return { id, beforeDeathMs: Number.POSITIVE_INFINITY }
      return { id, beforeDeathMs: Math.round(death.at - at - (death.stalls?.since(at) ?? 0)) }
    })
}
