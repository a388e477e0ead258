import type { Coordination } from '../../state/coordination/store.ts'
import type { KeptRevision, Publication, RevisionFilter, RevisionStore, RevisionSummary } from '../../state/revisions/store.ts'
import { noSuchRevision } from '../../state/revisions/revision-row.ts'
import type { PublishOutcome } from './publish.ts'
import { replicaState, type ReplicaState } from './replica-states.ts'

/** A revision, as JSON. Times are Unix milliseconds. */
export interface RevisionView {
  readonly revision: number
  readonly digest: string
  readonly source: RevisionSummary['source']
  /** Of the program that took it first. */
  readonly version: string
  /** It can be put in force as it stands; false where secrets were left out of it. */
  readonly whole: boolean
  readonly first_at: number
  readonly last_at: number
}

/** The same with its texts. */
export interface RevisionBodyView extends RevisionView {
  /** YAML, with `[redacted]` in the places of secrets. */
  readonly document: string
  readonly policy_files: Readonly<Record<string, string>>
}

/** A publication, as JSON; without a `revision` it is the order to serve by one's own configuration again. */
export interface PublicationView {
  readonly revision?: number | undefined
  readonly at: number
  readonly by: string
  readonly note?: string | undefined
}

export interface ReplicaStateView extends Omit<ReplicaState, 'isCurrent'> {
  readonly current?: boolean | undefined
}

/** What `GET /v1/revisions` answers. */
export interface HistoryView {
  readonly schema: 'switchback.revisions/v1'
  /** By which this gateway serves; absent where none was asked. */
  readonly in_force?: number | undefined
  /** What holds for all gateways; absent while each serves by its own configuration. */
  readonly published?: PublicationView | undefined
  /** Newest first. */
  readonly revisions: readonly RevisionView[]
  readonly publications: readonly PublicationView[]
  readonly replicas: readonly ReplicaStateView[]
}

/** What an order to publish answers. */
export interface PublishedView {
  readonly ok: true
  /** Absent when every gateway serves by its own configuration. */
  readonly revision?: number | undefined
  readonly before?: number | undefined
  readonly dry_run: boolean
  readonly warnings: readonly string[]
  readonly replicas: readonly ReplicaStateView[]
}

export interface HistoryParts {
  readonly store: Pick<RevisionStore, 'list' | 'published' | 'publications' | 'get'>
  readonly inForce?: number | undefined
  readonly coordination?: Pick<Coordination, 'replicas'> | undefined
}

const PUBLICATIONS = 20

/** The history of configurations, newest first, and what is published. */
export async function listRevisions(
  { store, inForce, coordination }: HistoryParts,
  filter: RevisionFilter,
): Promise<HistoryView> {
  const [published, revisions, publications] = await Promise.all([
    store.published(),
    store.list(filter),
    store.publications({ limit: PUBLICATIONS }),
  ])
  const replicas = coordination?.replicas() ?? []
  return {
    schema: 'switchback.revisions/v1',
    in_force: inForce,
    published: published?.revision === undefined ? undefined : publicationView(published),
    revisions: revisions.map(revisionView),
    publications: publications.map(publicationView),
    replicas: replicas.map((card) => replicaStateView(replicaState(card, published?.revision))),
  }
}

/** A revision with its texts; `published` stands for the published one. Rejects with `revision_not_found`. */
export async function showRevision(
  { store, inForce }: HistoryParts,
  wanted: number | 'published' | 'current',
): Promise<RevisionBodyView> {
  const revision =
    typeof wanted === 'number' ? wanted : ((await store.published())?.revision ?? (wanted === 'current' ? inForce : undefined))
  const body = revision === undefined ? undefined : await store.get(revision)
  if (body === undefined) throw noSuchRevision(wanted)
  return bodyView(body)
}

export const publishedView = ({ revision, before, isTrial, warnings, replicas }: PublishOutcome): PublishedView => ({
  ok: true,
  revision,
  before,
  dry_run: isTrial,
  warnings,
  replicas: replicas.map(replicaStateView),
})

const revisionView = ({ revision, digest, source, version, isWhole, firstAt, lastAt }: RevisionSummary): RevisionView => ({
  revision,
  digest,
  source,
  version,
  whole: isWhole,
  first_at: firstAt,
  last_at: lastAt,
})

const bodyView = (kept: KeptRevision): RevisionBodyView => ({
  ...revisionView(kept),
  document: kept.document,
  policy_files: kept.policyFiles,
})

const publicationView = ({ revision, at, by, note }: Publication): PublicationView => ({ revision, at, by, note })

const replicaStateView = ({ isCurrent, ...state }: ReplicaState): ReplicaStateView => ({ ...state, current: isCurrent })
