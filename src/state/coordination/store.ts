/** Something that happened in one replica and holds for all: a lock, an open circuit, the place of a conversation. JSON. */
export type Announcement = Readonly<Record<string, unknown>>

/** Takes an announcement of another replica, `ageMs` after it was made. Must bear anything: it may come from another release. */
export type AnnouncementListener = (announcement: Announcement, ageMs: number) => void

/** What a replica tells the others about itself. */
export interface ReplicaCard {
  /** Unique among all replicas that ever run. */
  readonly id: string
  readonly host: string
  readonly pid: number
  /** ISO 8601. */
  readonly started: string
  readonly version: string
  /** Hash of its configuration without secrets; replicas that differ serve differently. */
  readonly configHash: string
  /** Number of that configuration in the history; undefined until it has looked. */
  readonly revision?: number | undefined
  /** Where it listens; undefined until it does. */
  readonly url?: string | undefined
}

/** How far this replica keeps up with the others. */
export interface CoordinationStatus {
  /** The last exchange with the others worked. */
  readonly connected: boolean
  /** Announcements that wait to be sent. */
  readonly waiting: number
  /** Announcements that were dropped because too many waited. */
  readonly lost: number
}

/**
 * How replicas keep each other informed. Everything here is beside the way of a request: announcing is a push to a bounded queue, and what
 * others announce changes memory that requests read. When the others cannot be reached, each replica goes on by what it knows.
 */
export interface Coordination {
  /** This replica's own name. */
  readonly id: string
  /** Tells the other replicas. Never waits and never throws; of too many that wait, the oldest are dropped and counted. */
  announce(topic: string, announcement: Announcement): void
  /** Hears what the others announce under a topic, in the order in which it was announced. One listener a topic. */
  listen(topic: string, listener: AnnouncementListener): void
  /** The replicas that were alive when the others could last be reached, this one included. */
  replicas(): readonly ReplicaCard[]
  status(): CoordinationStatus
  /** Joins the others; resolves when what they announced before is known. Rejects with `state_unavailable`. */
  join(): Promise<void>
  /** For how long, in ms, this replica has not followed what the others announce; 0 while it does. */
  behindMs(): number
  /** Tells the others what has changed of this replica: where it listens, and which configuration it has. */
  describe(change: Partial<Pick<ReplicaCard, 'url' | 'configHash' | 'revision'>>): void
  /** Asks anew which replicas are alive, and what they tell of themselves. Rejects with `state_unavailable`. */
  look(): Promise<void>
  /** Tells what waits, leaves the others, and releases everything. */
  close(): Promise<void>
}
