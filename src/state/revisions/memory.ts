import { listLimit } from '../list-limit.ts'
import { noSuchRevision, requireExpected } from './revision-row.ts'
import { type KeptRevision, MOST_REVISIONS, type Publication, type RevisionStore, type RevisionSummary } from './store.ts'

/** Revisions in memory: for a gateway that keeps nothing. They end with the process. */
export function createMemoryRevisions(): RevisionStore {
  let revisions: KeptRevision[] = []
  let publications: Publication[] = []
  let lastRevision = 0
  let lastSequence = 0
  let listener: (() => Promise<void>) | undefined
  return {
    place: 'memory',
    isKept: false,
    async note(body, at) {
      const seen = revisions.findIndex(({ digest }) => digest === body.digest)
      const known = revisions[seen]
      if (known !== undefined) {
        revisions[seen] = { ...known, lastAt: Math.max(known.lastAt, Math.floor(at)) }
        return known.revision
      }
      lastRevision += 1
      revisions.push({ ...body, revision: lastRevision, firstAt: Math.floor(at), lastAt: Math.floor(at) })
      return lastRevision
    },
    get: async (revision) => revisions.find((known) => known.revision === revision),
    list: async ({ limit, before = Number.POSITIVE_INFINITY } = {}) =>
      revisions
        .filter(({ revision }) => revision < before)
        .reverse()
        .slice(0, listLimit(limit))
        .map(summaryOf),
    published: async () => publications.at(-1),
    publications: async ({ limit } = {}) => publications.toReversed().slice(0, listLimit(limit)),
    async publish(order) {
      const { revision, at, by, note } = order
      requireExpected(order, publications.at(-1))
      if (revision !== undefined && !revisions.some((known) => known.revision === revision)) throw noSuchRevision(revision)
      lastSequence += 1
      const made = { sequence: lastSequence, revision, at, by, note }
      publications.push(made)
      void listener?.().catch(() => undefined)
      return made
    },
    watch(heard) {
      listener = heard
    },
    async prune(beforeMs, inForce) {
      const last = publications.at(-1)
      const oldest = revisions.at(-MOST_REVISIONS)?.revision ?? 0
      const before = revisions.length
      revisions = revisions.filter(
        ({ revision, lastAt }) =>
          revision === inForce || revision === last?.revision || (lastAt >= beforeMs && revision >= oldest),
      )
      publications = publications.filter((one) => one === last || one.at >= beforeMs)
      return before - revisions.length
    },
    close: async () => undefined,
  }
}

const summaryOf = ({ document: _document, policyFiles: _files, ...summary }: KeptRevision): RevisionSummary => summary
