import { GatewayError } from '../../errors/gateway-error.ts'
import { isObject } from '../../ir/json.ts'
import type { RevisionSource } from '../../ir/revision.ts'
import type { KeptRevision, Publication, PublicationOrder, RevisionSummary } from './store.ts'

type Row = Readonly<Record<string, unknown>>

/** Columns of a summary, in either database. */
export const SUMMARY_COLUMNS = 'revision, digest, source, version, whole, first_at, last_at'

export const summaryOf = (row: Row): RevisionSummary => ({
  revision: Number(row['revision']),
  digest: String(row['digest']),
  source: row['source'] as RevisionSource,
  version: String(row['version']),
  isWhole: Number(row['whole']) === 1,
  firstAt: Number(row['first_at']),
  lastAt: Number(row['last_at']),
})

export const revisionOf = (row: Row): KeptRevision => ({
  ...summaryOf(row),
  document: String(row['document']),
  policyFiles: textsIn(String(row['policy_files'])),
})

export const publicationOf = (row: Row): Publication => ({
  sequence: Number(row['sequence']),
  revision: row['published'] === null ? undefined : Number(row['published']),
  at: Number(row['at']),
  by: String(row['ordered_by']),
  note: (row['note'] as string | null) ?? undefined,
})

function textsIn(json: string): Readonly<Record<string, string>> {
  const value: unknown = JSON.parse(json)
  return isObject(value) ? (value as Record<string, string>) : {}
}

/** Throws `revision_conflict` where something else is published than whoever publishes believes. */
export function requireExpected({ expected }: Pick<PublicationOrder, 'expected'>, current: Publication | undefined): void {
  const published = current?.revision ?? 'none'
  if (expected === undefined || expected === published) return
  throw new GatewayError(
    'revision_conflict',
    `${published === 'none' ? 'No revision is' : `Revision ${published} is`} published, and not ${expected === 'none' ? 'none' : `revision ${expected}`} as expected. Look at what was published meanwhile ("switchback config history"), and try again on top of it.`,
    { details: { published, expected } },
  )
}

export const noSuchRevision = (revision: number | string): GatewayError =>
  new GatewayError(
    'revision_not_found',
    `There is no ${typeof revision === 'number' ? `revision ${revision}` : `${revision} revision`}. "switchback config history" lists those there are.`,
  )
