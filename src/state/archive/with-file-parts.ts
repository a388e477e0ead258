import type { ArchivableStore, ArchiveRow } from './archive.ts'
import { notEmpty } from './not-empty.ts'
import type { ArchivePart } from './parts.ts'

/** A small part that stands in a file of its own beside an SQLite file. */
export interface FilePart {
  readonly part: ArchivePart
  /** For messages. */
  readonly place: string
  /** Throws `state_unavailable`. */
  read(): readonly ArchiveRow[]
  /** Takes rows into a place that has none. Throws `state_incompatible` for what it cannot hold, `state_unavailable` when it cannot write. */
  fill(rows: readonly ArchiveRow[]): void
  /** Leaves the place as it was before it was filled. */
  empty(): void
}

/** An SQLite file together with the parts that stand in files beside it. */
export function withFileParts(store: ArchivableStore, files: readonly FilePart[]): ArchivableStore {
  return {
    ...store,
    async read(take) {
      await store.read(take)
      for (const file of files) for (const row of file.read()) await take({ part: file.part, row })
    },
    async fill(entries) {
      for (const file of files) if (file.read().length > 0) throw notEmpty(file.place, file.part)
      const given = new Map(files.map((file): [ArchivePart, ArchiveRow[]] => [file.part, []]))
      try {
        await store.fill(
          (async function* () {
            for await (const entry of entries) {
              const rows = given.get(entry.part)
              if (rows === undefined) yield entry
              else rows.push(entry.row)
            }
            // Before the store takes the rest for good: what fails here leaves it as it was.
            for (const file of files) file.fill(given.get(file.part) ?? [])
          })(),
        )
      } catch (error) {
        for (const file of files) file.empty()
        throw error
      }
    },
  }
}
