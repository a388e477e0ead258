interface Entry<Value> {
  readonly value: Value
  readonly until: number
}

/**
 * A map that holds at most `capacity`, each entry for `ttlMs` after it was set; the one that was set longest ago goes first. Reading prolongs
 * nothing. `weightOf` tells how much of the capacity an entry takes; without it, each takes 1.
 */
export class ExpiringLru<Value> {
  private readonly entries = new Map<string, Entry<Value>>()
  private readonly capacity: number
  private readonly ttlMs: number
  private readonly weightOf: (value: Value) => number
  private weight = 0

  constructor(capacity: number, ttlMs: number, weightOf: (value: Value) => number = () => 1) {
    this.capacity = capacity
    this.ttlMs = ttlMs
    this.weightOf = weightOf
  }

  get size(): number {
    return this.entries.size
  }

  get(key: string, now: number): Value | undefined {
    const entry = this.entries.get(key)
    return entry === undefined || entry.until <= now ? undefined : entry.value
  }

  set(key: string, value: Value, now: number): void {
    this.delete(key)
    this.entries.set(key, { value, until: now + this.ttlMs })
    this.weight += this.weightOf(value)
    // Entries stand in the order of their ends, so what has run out stands first.
    for (const [oldest, { until }] of this.entries) {
      if (until > now && this.weight <= this.capacity) return
      this.delete(oldest)
    }
  }

  delete(key: string): void {
    const entry = this.entries.get(key)
    if (entry === undefined) return
    this.entries.delete(key)
    this.weight -= this.weightOf(entry.value)
  }
}
