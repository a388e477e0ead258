import { existsSync } from 'node:fs'
import { GatewayError } from '../../errors/gateway-error.ts'
import { readArchive, writeArchive } from '../../state/archive/archive-file.ts'
import { differingParts, DigestSum, type ArchiveDigest } from '../../state/archive/digest.ts'
import { openForExport, openForImport, type ArchivePlace } from './archive-place.ts'

/** What was handed over, part by part. */
export interface StateTransfer {
  readonly store: string
  readonly file: string
  readonly parts: ArchiveDigest
}

/** Writes everything a store keeps into a file that does not exist yet. A gateway may run on the store meanwhile. */
export async function exportState(place: ArchivePlace, file: string): Promise<StateTransfer> {
  if (existsSync(file)) throw new GatewayError('state_unavailable', `${file} exists already. Name another file, or remove it.`)
  const store = await openForExport(place)
  try {
    return { store: store.name, file, parts: await writeArchive(store, file) }
  } finally {
    await store.close()
  }
}

/**
 * Fills an empty store from a file, all of it or nothing, then reads the store and compares numbers and digests with those of the file.
 * Throws `state_incompatible` when the file is broken, the store is not empty, or what is there afterwards differs.
 */
export async function importState(place: ArchivePlace, file: string): Promise<StateTransfer> {
  if (!existsSync(file)) throw new GatewayError('state_unavailable', `There is no file ${file}. Check the path of --from.`)
  const store = await openForImport(place)
  try {
    const given = new DigestSum()
    await store.fill(
      (async function* () {
        for await (const entry of readArchive(file)) {
          given.add(entry)
          yield entry
        }
      })(),
    )
    const kept = new DigestSum()
    await store.read((entry) => kept.add(entry))
    const differing = differingParts(given.result(), kept.result())
    if (differing.length === 0) return { store: store.name, file, parts: kept.result() }
    throw new GatewayError(
      'state_incompatible',
      `${store.name} does not hold what ${file} does: ${differing.join(', ')} differ. Do not use it; drop it and import again.`,
    )
  } finally {
    await store.close()
  }
}
