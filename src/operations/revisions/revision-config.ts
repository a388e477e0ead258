import type { ProcessSurroundings } from '../../config/env.ts'
import { loadConfig, type LoadResult } from '../../config/load.ts'
import type { RevisionDesk } from './revision-desk.ts'

/**
 * A revision of the history as it can be decided by again: nobody is called, so secrets are not needed, neither those of the vault nor those
 * that were left out. Rejects with `revision_not_found`, or with what the desk is refused.
 */
export async function loadRevision(
  desk: Pick<RevisionDesk, 'show'>,
  revision: number,
  surroundings: ProcessSurroundings & { readonly path: string | undefined },
): Promise<LoadResult> {
  const { document, policy_files: policyFiles } = await desk.show(revision)
  return loadConfig({ ...surroundings, published: { revision, document, policyFiles } })
}
