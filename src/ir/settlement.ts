import type { AttemptId } from './ids.ts'
import type { AttemptRecord } from './record.ts'
import type { Usage } from './usage.ts'

/** Who spent and on what: the names that reports group and filter by. */
export interface LedgerParty {
  readonly provider: string
  readonly model: string
  readonly account: string
  readonly tenant?: string | undefined
  readonly project?: string | undefined
  readonly owner?: string | undefined
  /** Id of the caller's key. */
  readonly key?: string | undefined
}

/** What an attempt was made for. Losers of a race are `hedge` or `answer` with the outcome `cancelled`. */
export type AttemptPurpose = 'answer' | 'hedge' | 'judge' | 'probe'

/** Which price a cost was calculated with. */
export interface PriceStamp {
  /** `override` is the operator's own. */
  readonly source: string
  /** Release of the published list, or the digest of the operator's own price. */
  readonly version: string
}

/** A line of an invoice: what, how many, at which rate (nano-dollars per million tokens, or per call). */
export type SettledLine = readonly [kind: string, units: number, rate: number]

/** How an attempt's cost was found. What is not known is absent. */
export interface SettledCost {
  /** 1e-9 USD. */
  readonly nanos?: number | undefined
  readonly price?: PriceStamp | undefined
  readonly lines?: readonly SettledLine[] | undefined
  /** What the call would have cost without a prompt cache, less what it cost; below 0 when writing cost more than reading saved. */
  readonly saved_nanos?: number | undefined
}

/** Usage as the ledger keeps it: every count, nothing of the upstream's own words. */
export type SettledUsage = Omit<Usage, 'raw' | 'iterations' | 'providerCostUsd'>

/** One attempt that has ended and what it cost. There is exactly one for an attempt id. */
export interface Settlement extends SettledCost {
  readonly kind: 'settlement'
  /** The attempt's id. */
  readonly id: AttemptId
  /** When it ended, in Unix milliseconds: the time it is counted at. */
  readonly at: number
  readonly party: LedgerParty
  readonly session?: string | undefined
  readonly purpose: AttemptPurpose
  readonly outcome: AttemptRecord['outcome']
  /** Code of the error table. */
  readonly error_code?: string | undefined
  readonly cancelled_because?: AttemptRecord['cancelled_because']
  readonly streamed: boolean
  readonly latency_ms: number
  readonly usage?: SettledUsage | undefined
  /** False when the answer was cut off, so that the upstream may have counted more than it told. */
  readonly complete: boolean
  /** What the provider itself said it cost, in 1e-9 USD. */
  readonly provider_nanos?: number | undefined
}

/** An attempt of which nothing but its reservation is left, because its process died. It stands in for the settlement. */
export interface LostAttempt {
  readonly kind: 'lost'
  /** The attempt's id. */
  readonly id: AttemptId
  readonly at: number
  readonly party: LedgerParty
  readonly session?: string | undefined
  /** What had been reserved for it; it is not counted as spent. */
  readonly reserved_nanos?: number | undefined
}

/** A later correction of an attempt's cost. Entries are never changed. */
export interface Adjustment {
  readonly kind: 'adjustment'
  /** `<attempt id>/<n>`. */
  readonly id: string
  readonly attempt: AttemptId
  /** Of the settlement: there it counts, so that a day agrees with the provider's invoice for it. */
  readonly at: number
  /** When it was made, in Unix milliseconds. */
  readonly made_at: number
  readonly party: LedgerParty
  readonly session?: string | undefined
  readonly reason: 'reprice'
  /** Added to what was known before; the whole cost when it was not known. */
  readonly nanos: number
  /** Added to what caching saved. */
  readonly saved_nanos: number
  /** Whether the cost was not known before. */
  readonly was_unknown: boolean
  readonly price: PriceStamp
}

/** The settlement of an attempt that had been taken for lost, under the id `<attempt id>/late`. Time and party are those of the loss. */
export interface LateSettlement extends Omit<Settlement, 'kind' | 'id'> {
  readonly kind: 'late'
  readonly id: string
  readonly attempt: AttemptId
}

/** One row of the ledger. */
export type LedgerEntry = Settlement | LostAttempt | Adjustment | LateSettlement

/** The attempt that an entry is about. */
export const attemptOf = (entry: LedgerEntry): AttemptId =>
  entry.kind === 'settlement' || entry.kind === 'lost' ? entry.id : entry.attempt

/** Whether an entry is about the first attempt of its request. */
export const isFirstAttempt = (entry: LedgerEntry): boolean => attemptOf(entry).endsWith('.0')

/** A settlement that comes after its attempt was written down as lost. It counts where the loss did, so that the two cancel out. */
export const asLate = (
  { kind: _kind, id, ...settlement }: Settlement,
  { at, party, session }: Pick<LostAttempt, 'at' | 'party' | 'session'>,
): LateSettlement => ({ ...settlement, kind: 'late', id: `${id}/late`, attempt: id, at, party, session })
