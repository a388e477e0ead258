import { createHash } from 'node:crypto'
import type { ArchiveEntry } from './archive.ts'
import { ARCHIVE_PARTS, RECORD_BATCHES } from './parts.ts'

/** How much of a part there is, and a number that differs when any of it does, in whatever order it stands. */
export interface PartDigest {
  /** Rows; of records their number, whatever the batches. */
  readonly count: number
  readonly digest: string
}

export type ArchiveDigest = Readonly<Record<string, PartDigest>>

const MODULUS = 1n << 256n

/** Adds up what passes. */
export class DigestSum {
  private readonly sums = new Map(ARCHIVE_PARTS.map(({ name }) => [name, { count: 0, sum: 0n }]))

  add({ part, row }: ArchiveEntry): void {
    const sum = this.sums.get(part.name)
    if (sum === undefined) return
    sum.count += part === RECORD_BATCHES ? Number(row['size']) : 1
    const hash = createHash('sha256').update(JSON.stringify(Object.keys(part.columns).map((name) => row[name] ?? null)))
    sum.sum = (sum.sum + BigInt(`0x${hash.digest('hex')}`)) % MODULUS
  }

  result(): ArchiveDigest {
    return Object.fromEntries(
      [...this.sums].map(([name, { count, sum }]) => [name, { count, digest: sum.toString(16).padStart(64, '0') }]),
    )
  }
}

const NONE = new DigestSum().result()

/** The parts in which two digests differ. An archive of an earlier release names no part that came later: it holds none of it. */
export const differingParts = (left: ArchiveDigest, right: ArchiveDigest): string[] =>
  [...new Set([...Object.keys(left), ...Object.keys(right)])].filter((name) => {
    const [one, other] = [left[name] ?? NONE[name], right[name] ?? NONE[name]]
    return one?.count !== other?.count || one?.digest !== other?.digest
  })
