interface Entry<Value> {
  readonly value: Value
  readonly until: number
}

/**
 * A map that holds at most `capacity` entries, each for `ttlMs` after it was set; the one that was set longest ago goes first. Reading
 * prolongs nothing.
 */
export class ExpiringLru<Value> {
  private readonly entries = new Map<string, Entry<Value>>()
  private readonly capacity: number
  private readonly ttlMs: number

  constructor(capacity: number, ttlMs: number) {
    this.capacity = capacity
    this.ttlMs = ttlMs
  }

  get size(): number {
    return this.entries.size
  }

  get(key: string, now: number): Value | undefined {
    const entry = this.entries.get(key)
    return entry === undefined || entry.until <= now ? undefined : entry.value
  }

  set(key: string, value: Value, now: number): void {
    this.entries.delete(key)
    this.entries.set(key, { value, until: now + this.ttlMs })
    // Entries stand in the order of their ends, so what has run out stands first.
    for (const [oldest, { until }] of this.entries) {
      if (until > now && this.entries.size <= this.capacity) return
      this.entries.delete(oldest)
    }
  }

  delete(key: string): void {
    this.entries.delete(key)
  }
}
