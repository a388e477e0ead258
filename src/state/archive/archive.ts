import { storableText } from '../postgres/storable-text.ts'
import type { ArchivePart } from './parts.ts'

/** A row as it stands in an archive: names and values of its columns. */
export type ArchiveRow = Readonly<Record<string, string | number | null>>

export interface ArchiveEntry {
  readonly part: ArchivePart
  readonly row: ArchiveRow
}

/** A store whose whole state can be read, and which can be filled while it is empty. */
export interface ArchivableStore {
  /** For messages. */
  readonly name: string
  /** Everything that is kept, as it was at one moment. Hands entries to `take`, which may be slow. */
  read(take: (entry: ArchiveEntry) => void | Promise<void>): Promise<void>
  /** Takes everything in, or nothing: throws `state_incompatible` when there is something already. */
  fill(entries: AsyncIterable<ArchiveEntry>): Promise<void>
  close(): Promise<void>
}

/** A value of a database as an archive holds it. */
export function archived(part: ArchivePart, row: Readonly<Record<string, unknown>>): ArchiveRow {
  return Object.fromEntries(
    Object.entries(part.columns).map(([name, kind]) => {
      const value = row[name]
      if (value === null || value === undefined) return [name, null]
      if (kind === 'bytes') return [name, Buffer.from(value as Uint8Array).toString('base64')]
      if (kind === 'text') return [name, storableText(typeof value === 'string' ? value : JSON.stringify(value))]
      return [name, kind === 'real' ? Number(value) : wholeNumber(BigInt(value as bigint | number | string))]
    }),
  )
}

/** As a number where that is exact, and in digits where it is not. */
const wholeNumber = (value: bigint): number | string =>
  value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value.toString()

/** The values of a row of an archive, in the order of the columns. */
export const unarchived = (part: ArchivePart, row: ArchiveRow): (string | number | bigint | null)[] =>
  Object.entries(part.columns).map(([name, kind]) => {
    const value = row[name] ?? null
    return kind === 'integer' && typeof value === 'string' ? BigInt(value) : value
  })
