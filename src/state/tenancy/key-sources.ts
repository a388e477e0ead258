/** Where a key was used from. */
export interface SourceUse {
  /** Undefined when the call came from inside the process. */
  readonly address: string | undefined
  /** Unix milliseconds, to the minute. */
  readonly firstSeen: number
  readonly lastSeen: number
}

/** The address of a call costs more than admitting it, so it is looked at once a minute. */
const LOOK_EVERY_MS = 60_000
const MOST_SOURCES = 16

/** The addresses that a key was last used from, looked at now and then. */
export class KeySources {
  private lookAt = 0
  /** By address; the order of the map is the order of their last use. */
  private readonly seen = new Map<string | undefined, SourceUse>()

  note(from: () => string | undefined, now: number): void {
    if (now < this.lookAt) return
    this.lookAt = now + LOOK_EVERY_MS
    const address = from()
    const firstSeen = this.seen.get(address)?.firstSeen ?? now
    this.seen.delete(address)
    this.seen.set(address, { address, firstSeen, lastSeen: now })
    if (this.seen.size <= MOST_SOURCES) return
    for (const oldest of this.seen.keys()) {
      this.seen.delete(oldest)
      return
    }
  }

  /** Latest use first. */
  get list(): readonly SourceUse[] {
    return [...this.seen.values()].reverse()
  }
}
