import type { AttemptId } from '../../ir/ids.ts'
import { attemptOf, type LedgerEntry, type LedgerParty, type Settlement } from '../../ir/settlement.ts'

/** What every entry has; the rest is packed. */
export interface EntryColumns {
  readonly kind: LedgerEntry['kind']
  readonly id: string
  readonly at: number
  readonly party: LedgerParty
  readonly session: string | undefined
}

type Absent = null

/** A settlement without what stands in columns. The first item is the form: a change of the rest needs a new number. */
type PackedSettlement = readonly [
  form: 1,
  purpose: Settlement['purpose'],
  outcome: Settlement['outcome'],
  errorCode: string | Absent,
  cancelledBecause: NonNullable<Settlement['cancelled_because']> | Absent,
  streamed: boolean,
  latencyMs: number,
  complete: boolean,
  usage: Settlement['usage'] | Absent,
  nanos: number | Absent,
  price: readonly [source: string, version: string] | Absent,
  lines: Settlement['lines'] | Absent,
  savedNanos: number | Absent,
  providerNanos: number | Absent,
]

/** The part of an entry that is neither name nor time, as plain data. */
export type PackedDetails = PackedSettlement | Readonly<Record<string, unknown>>

export function packEntry(entry: LedgerEntry): PackedDetails {
  if (entry.kind === 'settlement' || entry.kind === 'late') return packSettlement(entry)
  if (entry.kind === 'lost') return { reserved_nanos: entry.reserved_nanos }
  const { made_at, reason, nanos, saved_nanos, was_unknown, price } = entry
  return { made_at, reason, nanos, saved_nanos, was_unknown, price }
}

export function unpackEntry(columns: EntryColumns, details: PackedDetails): LedgerEntry {
  const { kind, id, at, party, session } = columns
  const common = { kind, id, at, party, session, ...attemptField(kind, id) }
  const parts = isPackedSettlement(details) ? unpackSettlement(details) : details
  return { ...common, ...parts } as LedgerEntry
}

const isPackedSettlement = (details: PackedDetails): details is PackedSettlement => Array.isArray(details)

const packSettlement = (entry: Omit<Settlement, 'kind' | 'id'>): PackedSettlement => [
  1,
  entry.purpose,
  entry.outcome,
  entry.error_code ?? null,
  entry.cancelled_because ?? null,
  entry.streamed,
  entry.latency_ms,
  entry.complete,
  entry.usage ?? null,
  entry.nanos ?? null,
  entry.price === undefined ? null : [entry.price.source, entry.price.version],
  entry.lines ?? null,
  entry.saved_nanos ?? null,
  entry.provider_nanos ?? null,
]

function unpackSettlement(packed: PackedSettlement): Omit<Settlement, keyof EntryColumns> {
  const [, purpose, outcome, errorCode, cancelledBecause, streamed, latencyMs, complete, usage, nanos, price, lines, saved, own] =
    packed
  return {
    purpose,
    outcome,
    error_code: errorCode ?? undefined,
    cancelled_because: cancelledBecause ?? undefined,
    streamed,
    latency_ms: latencyMs,
    complete,
    usage: usage ?? undefined,
    nanos: nanos ?? undefined,
    price: price === null ? undefined : { source: price[0], version: price[1] },
    lines: lines ?? undefined,
    saved_nanos: saved ?? undefined,
    provider_nanos: own ?? undefined,
  }
}

/** Ids of what is said later of an attempt begin with its own. */
function attemptField(kind: LedgerEntry['kind'], id: string): { attempt: AttemptId } | undefined {
  if (kind === 'settlement' || kind === 'lost') return undefined
  return { attempt: id.slice(0, id.indexOf('/')) as AttemptId }
}

/** The names of a party as one text, the same for the same party. */
export const partyKey = ({ provider, model, account, tenant, project, owner, key }: LedgerParty): string =>
  JSON.stringify([provider, model, account, tenant, project, owner, key])

/** Whether an entry is of the request. */
export const isOfRequest = (entry: LedgerEntry, request: string): boolean => attemptOf(entry).startsWith(`${request}.`)
