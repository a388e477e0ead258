import type { Clock } from '../../lib/clock.ts'
import { SweepHand } from '../../lib/sweep-hand.ts'
import type { IdempotencyClaim, IdempotencyStore, IdempotentCall } from './store.ts'

const LEASE_MS = 600_000
const TTL_MS = 86_400_000
const CAPACITY = 100_000

export interface MemoryIdempotencyOptions {
  readonly clock: Pick<Clock, 'now'>
  /** Milliseconds until a claim that is not renewed ends. Default ten minutes. */
  readonly leaseMs?: number | undefined
  /** Milliseconds a key is remembered after its last use. Default a day. */
  readonly ttlMs?: number | undefined
  /** Most keys remembered. Default 100,000. */
  readonly capacity?: number | undefined
}

interface Known {
  readonly fingerprint: string
  /** Undefined when the call has ended. */
  holder: string | undefined
  /** `Clock.now()` at which the claim ends, unless it is renewed. */
  leaseEnd: number
  /** `Clock.now()` at which the key is forgotten. */
  until: number
}

/** Idempotency keys in the memory of one process. */
export function createMemoryIdempotency(options: MemoryIdempotencyOptions): IdempotencyStore {
  return new KeysInMemory(options)
}

class KeysInMemory implements IdempotencyStore {
  private readonly clock: Pick<Clock, 'now'>
  private readonly leaseMs: number
  private readonly ttlMs: number
  private readonly capacity: number
  private readonly keys = new Map<string, Known>()
  private readonly hand = new SweepHand(this.keys)
  /** Keys by who holds them. */
  private readonly holders = new Map<string, string>()
  private claims = 0

  constructor({ clock, leaseMs = LEASE_MS, ttlMs = TTL_MS, capacity = CAPACITY }: MemoryIdempotencyOptions) {
    this.clock = clock
    this.leaseMs = leaseMs
    this.ttlMs = ttlMs
    this.capacity = capacity
  }

  claim({ key, fingerprint }: IdempotentCall): IdempotencyClaim {
    const now = this.clock.now()
    this.forget(now)
    const known = this.keys.get(key)
    if (known !== undefined && known.until > now && known.fingerprint !== fingerprint) return { kind: 'mismatch' }
    if (known?.holder !== undefined && known.leaseEnd > now) return { kind: 'in-flight' }
    if (known?.holder !== undefined) this.holders.delete(known.holder)
    const holder = `${++this.claims}`
    this.holders.set(holder, key)
    this.keys.set(key, { fingerprint, holder, leaseEnd: now + this.leaseMs, until: now + this.ttlMs })
    if (this.keys.size > this.capacity) this.drop(key)
    return { kind: 'claimed', holder }
  }

  renew(holders: readonly string[]): void {
    const now = this.clock.now()
    for (const holder of holders) {
      const key = this.holders.get(holder)
      const known = key === undefined ? undefined : this.keys.get(key)
      if (known === undefined) continue
      known.leaseEnd = now + this.leaseMs
      known.until = now + this.ttlMs
    }
  }

  finish(holder: string): void {
    const key = this.holders.get(holder)
    const known = key === undefined ? undefined : this.keys.get(key)
    this.holders.delete(holder)
    if (known?.holder !== holder) return
    known.holder = undefined
    known.until = this.clock.now() + this.ttlMs
  }

  /** One key goes for the new one: one in flight only when the next thousand are. */
  private drop(added: string): void {
    for (let looked = 0; ; looked++) {
      const next = this.hand.next()
      if (next === undefined) return
      const [key, { holder }] = next
      if (key === added || (holder !== undefined && looked < MOST_LOOKED_AT)) continue
      this.keys.delete(key)
      if (holder !== undefined) this.holders.delete(holder)
      return
    }
  }

  /** Keys whose time is over are forgotten, a few with each claim. */
  private forget(now: number): void {
    for (let looked = 0; looked < LOOKED_AT; looked++) {
      const next = this.hand.next()
      if (next === undefined) return
      const [key, { until, holder, leaseEnd }] = next
      if (until > now || (holder !== undefined && leaseEnd > now)) continue
      this.keys.delete(key)
      if (holder !== undefined) this.holders.delete(holder)
    }
  }
}

/** Calls under way are few beside the keys that are remembered. */
const MOST_LOOKED_AT = 1_000
const LOOKED_AT = 2
