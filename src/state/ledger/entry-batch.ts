import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import type { LedgerEntry, LedgerParty } from '../../ir/settlement.ts'
import { packEntry, unpackEntry, type PackedDetails } from './packed-entry.ts'

/** An entry and the number of its party. */
export interface NumberedEntry {
  readonly entry: LedgerEntry
  readonly party: number
}

type PackedEntry = readonly [
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

/** Packs entries, at least one. `contents` lists the distinct parties and sessions, which filters look for. */
export function packBatch(numbered: readonly NumberedEntry[]): BatchRow {
  const parties = new Set<number>()
  const sessions = new Set<string>()
  let firstAt = Number.POSITIVE_INFINITY
  let lastAt = 0
  const packed = numbered.map(({ entry, party }): PackedEntry => {
    const { kind, id, session } = entry
    const at = Math.floor(entry.at)
    parties.add(party)
    if (session !== undefined) sessions.add(session)
    if (at < firstAt) firstAt = at
    if (at > lastAt) lastAt = at
    return [kind, id, at, party, session ?? null, packEntry(entry)]
  })
  const contents = JSON.stringify({ parties: [...parties], sessions: [...sessions] })
  return [firstAt, lastAt, contents, zstdCompressSync(Buffer.from(JSON.stringify(packed)), ZSTD)]
}

/** The entries of a row, in the order in which they were written. */
export function unpackBatch(entries: Uint8Array, partyOf: (party: number) => LedgerParty): NumberedEntry[] {
  const packed = JSON.parse(zstdDecompressSync(entries).toString()) as PackedEntry[]
  return packed.map(([kind, id, at, party, session, details]) => ({
    entry: unpackEntry({ kind, id, at, party: partyOf(party), session: session ?? undefined }, details),
    party,
  }))
}
