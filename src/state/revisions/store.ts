import type { RevisionSource } from '../../ir/revision.ts'

/** A configuration as it was written, without secrets. */
export interface RevisionBody {
  /** `sha256:…` of what is written, policy tests included and comments not: what has the same is the same revision. */
  readonly digest: string
  /** YAML. Places of secrets hold `[redacted]`. */
  readonly document: string
  /** Texts of its policy tests, by the names that the document gives them. */
  readonly policyFiles: Readonly<Record<string, string>>
  /** Whether it can be put in force as it stands; false where a secret had to be left out. */
  readonly isWhole: boolean
  readonly source: RevisionSource
  /** Of the program that took it first. */
  readonly version: string
}

/** A revision, without its texts. */
export interface RevisionSummary extends Omit<RevisionBody, 'document' | 'policyFiles'> {
  /** From 1, growing; never used twice. */
  readonly revision: number
  /** Unix milliseconds at which it was first and last taken over. */
  readonly firstAt: number
  readonly lastAt: number
}

export interface KeptRevision extends RevisionSummary, Pick<RevisionBody, 'document' | 'policyFiles'> {}

/** A revision that all gateways of a state were given, or, without one, the order to follow their own configurations again. */
export interface Publication {
  /** Grows with each publication. */
  readonly sequence: number
  readonly revision: number | undefined
  /** Unix milliseconds. */
  readonly at: number
  /** Id of a key, name of a user. */
  readonly by: string
  readonly note: string | undefined
}

export interface PublicationOrder extends Omit<Publication, 'sequence'> {
  /** Only while this revision is published (`none`: while none is); whatever is, when absent. */
  readonly expected?: number | 'none' | undefined
}

export interface RevisionFilter {
  /** At most 1000; 100 when absent. */
  readonly limit?: number | undefined
  /** Only revisions before this one. */
  readonly before?: number | undefined
}

/**
 * The history of configurations, and which of them was published for all gateways that share the state. Durable truth: what it is asked
 * rejects with `state_unavailable`.
 */
export interface RevisionStore {
  /** For messages. */
  readonly place: string
  /** Whether it outlives the process. */
  readonly isKept: boolean
  /** The number of a configuration that is taken over at `at` (Unix ms): that of its digest, or the next one. */
  note(body: RevisionBody, at: number): Promise<number>
  get(revision: number): Promise<KeptRevision | undefined>
  /** Newest first. */
  list(filter?: RevisionFilter): Promise<readonly RevisionSummary[]>
  /** What holds now; undefined when nothing was ever published. */
  published(): Promise<Publication | undefined>
  /** Newest first. */
  publications(filter?: Pick<RevisionFilter, 'limit'>): Promise<readonly Publication[]>
  /**
   * Publishes a revision, or none. Rejects with `revision_conflict` when another one is published than was expected, and with
   * `revision_not_found`; of two at once, one wins.
   */
  publish(order: PublicationOrder): Promise<Publication>
  /** Calls the listener after each publication, of this store within a moment and of others within a second. One listener. */
  watch(listener: () => Promise<void>): void
  /**
   * Deletes revisions last taken over before `beforeMs` (Unix ms), and old ones beyond the newest 1000; never the published one, nor `inForce`.
   * With them go publications of that age but the last. Resolves with the number of revisions.
   */
  prune(beforeMs: number, inForce: number): Promise<number>
  close(): Promise<void>
}

/** Revisions that are kept at most, beside the published one and the one in force. */
export const MOST_REVISIONS = 1_000
