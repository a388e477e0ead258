import { listWords, plural, safeText } from '../story-words.ts'
import type { HistoryView, PublishedView, ReplicaStateView, RevisionView } from './revision-views.ts'
import type { RevisionDesk } from './revision-desk.ts'

/** What came of an order to publish, and who serves by it now. Its warnings are told apart. */
export function renderPublished(published: PublishedView, told: RevisionDesk['told']): string {
  const { dry_run: isTrial, replicas } = published
  return [outcomeLine(published), ...(isTrial ? [] : replicaLines(replicas, told))].join('\n')
}

function outcomeLine({ revision, before, dry_run: isTrial }: PublishedView): string {
  if (isTrial)
    return `It would be published (${before === undefined ? 'none is' : `revision ${before} is now`}). Nothing was changed.`
  if (revision !== undefined)
    return `Revision ${revision} is published for all gateways (${before === undefined ? 'none was before' : `before it was ${before}`}).`
  return before === undefined
    ? 'No revision was published.'
    : `Revision ${before} is withdrawn: every gateway serves by its own configuration.`
}

function replicaLines(replicas: readonly ReplicaStateView[], told: RevisionDesk['told']): string[] {
  if (replicas.length === 0 && !('gateway' in told))
    return [
      'file' in told
        ? `The next gateway that starts with ${told.file} finds it.`
        : `Gateways on ${told.database} find it within a second.`,
    ]
  const behind = replicas.filter(({ current }) => current === false)
  if (behind.length === 0) return replicas.length < 2 ? [] : [`All ${plural(replicas.length, 'gateway')} serve by it.`]
  return [
    `${replicas.length - behind.length} of ${plural(replicas.length, 'gateway')} serve by it. Not yet: ${listWords(behind.map(replicaName))}. Each tells why on its own stderr.`,
  ]
}

const replicaName = ({ host, pid, url, revision }: ReplicaStateView): string =>
  safeText(`${url ?? `${host}, process ${pid}`}${revision === undefined ? '' : ` (revision ${revision})`}`)

/** Revisions and publications, newest first. */
export function renderHistory({ in_force: inForce, published, revisions, publications, replicas }: HistoryView): string {
  const lines = [
    published === undefined
      ? 'Nothing is published: every gateway serves by its own configuration.'
      : safeText(`Published for all gateways: revision ${published.revision}, by ${published.by} at ${time(published.at)}.`),
  ]
  if (inForce !== undefined) lines.push(`This gateway serves by revision ${inForce || 'that is not in the history yet'}.`)
  const behind = replicas.filter(({ current }) => current === false)
  if (behind.length > 0) lines.push(`Not by what is published: ${listWords(behind.map(replicaName))}.`)
  lines.push('', ...(revisions.length === 0 ? ['No revision yet.'] : revisions.map(revisionLine)))
  if (publications.length > 0) lines.push('', 'published:', ...publications.map(publicationLine))
  return lines.join('\n')
}

const revisionLine = ({ revision, first_at: first, last_at: last, source, whole, digest }: RevisionView): string =>
  safeText(
    `${String(revision).padStart(5)}  ${time(first)}${last === first ? '' : ` to ${time(last)}`}  ${SOURCES[source]}${whole ? '' : ', without its secrets'}  ${digest.slice(0, 19)}`,
  )

const publicationLine = ({ revision, at, by, note }: HistoryView['publications'][number]): string =>
  safeText(
    `  ${time(at)}  ${revision === undefined ? 'withdrawn' : `revision ${revision}`} by ${by}${note === undefined ? '' : `: ${note}`}`,
  )

const SOURCES: Readonly<Record<RevisionView['source'], string>> = {
  file: 'from a file',
  environment: 'from keys in the environment',
  builtin: 'the built-in mock',
  object: 'from a program',
  published: 'sent to be published',
}

const time = (at: number): string => new Date(at).toISOString().replace(/\.\d{3}Z$/, 'Z')
