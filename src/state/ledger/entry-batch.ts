import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import type { LedgerEntry, LedgerParty } from '../../ir/settlement.ts'
import { packEntry, unpackEntry, type PackedDetails } from './packed-entry.ts'

/** An entry and the number of its party. */
export interface NumberedEntry {
  readonly entry: LedgerEntry
  readonly party: number
}

/** An entry as it stands in a batch. */
export type PackedEntry = readonly [
  kind: LedgerEntry['kind'],
  id: string,
  at: number,
  party: number,
  session: string | null,
  details: PackedDetails,
]

/** The cheapest level: entries of one batch repeat each other. */
const ZSTD = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }

/** A row of the table of batches without its number, in the order of the columns. */
export type BatchRow = readonly [firstAt: number, lastAt: number, contents: string, entries: Uint8Array]

/** Packs entries, at least one. */
export const packBatch = (numbered: readonly NumberedEntry[]): BatchRow =>
  batchOf(
    numbered.map(({ entry, party }) => {
      const { kind, id, at, session } = entry
      return [kind, id, Math.floor(at), party, session ?? null, packEntry(entry)]
    }),
  )

/** The row of entries that are packed each, at least one. `contents` lists the distinct parties and sessions, which filters look for. */
export function batchOf(packed: readonly PackedEntry[]): BatchRow {
  const parties = new Set<number>()
  const sessions = new Set<string>()
  let firstAt = Number.POSITIVE_INFINITY
  let lastAt = 0
  for (const [, , at, party, session] of packed) {
    parties.add(party)
    if (session !== null) sessions.add(session)
    if (at < firstAt) firstAt = at
    if (at > lastAt) lastAt = at
  }
  const contents = JSON.stringify({ parties: [...parties], sessions: [...sessions] })
  return [firstAt, lastAt, contents, zstdCompressSync(Buffer.from(JSON.stringify(packed)), ZSTD)]
}

/** What stands in a row, in the order in which it was written. */
export const entriesIn = (entries: Uint8Array): PackedEntry[] =>
  JSON.parse(zstdDecompressSync(entries).toString()) as PackedEntry[]

/** The entries of a row. */
export function unpackBatch(entries: Uint8Array, partyOf: (party: number) => LedgerParty): NumberedEntry[] {
  return entriesIn(entries).map(([kind, id, at, party, session, details]) => ({
    entry: unpackEntry({ kind, id, at, party: partyOf(party), session: session ?? undefined }, details),
    party,
  }))
}
