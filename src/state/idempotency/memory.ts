import type { Clock } from '../../lib/clock.ts'
import { SweepHand } from '../../lib/sweep-hand.ts'
import type { IdempotencyClaim, IdempotencyStore, IdempotentCall } from './store.ts'

const LEASE_MS = 600_000
const TTL_MS = 86_400_000
const CAPACITY = 100_000
/** Answers kept together: 64 MiB. Of more, those kept longest are dropped, and their calls may be made again. */
const ANSWER_BYTES = 2 ** 26

export interface MemoryIdempotencyOptions {
  readonly clock: Pick<Clock, 'now'>
  /** Milliseconds until a claim that is not renewed ends. Default ten minutes. */
  readonly leaseMs?: number | undefined
  /** Milliseconds a key is remembered after its last use. Default a day. */
  readonly ttlMs?: number | undefined
  /** Most keys remembered. Default 100,000. */
  readonly capacity?: number | undefined
  /** Most bytes of answers. */
  readonly answerBytes?: number | undefined
}

interface Known {
  readonly fingerprint: string
  /** Undefined when the call has ended. */
  holder: string | undefined
  /** `Clock.now()` at which the claim ends, unless it is renewed. */
  leaseEnd: number
  /** `Clock.now()` at which the key is forgotten. */
  until: number
  sealed: Uint8Array | undefined
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
  private readonly answerBytes: number
  /** Keys with an answer, in the order in which they came. */
  private readonly answered = new Set<string>()
  private bytes = 0
  private claims = 0

  constructor(options: MemoryIdempotencyOptions) {
    const { clock, leaseMs = LEASE_MS, ttlMs = TTL_MS, capacity = CAPACITY, answerBytes = ANSWER_BYTES } = options
    this.clock = clock
    this.leaseMs = leaseMs
    this.ttlMs = ttlMs
    this.capacity = capacity
    this.answerBytes = answerBytes
  }

  claim({ key, fingerprint }: IdempotentCall): IdempotencyClaim {
    const now = this.clock.now()
    this.forget(now)
    const known = this.keys.get(key)
    if (known !== undefined && known.until > now && known.fingerprint !== fingerprint) return { kind: 'mismatch' }
    if (known?.holder !== undefined && known.leaseEnd > now) return { kind: 'in-flight' }
    if (known?.sealed !== undefined && known.until > now) {
      known.until = now + this.ttlMs
      return { kind: 'answered', sealed: known.sealed }
    }
    if (known !== undefined) this.remove(key, known)
    const holder = `${++this.claims}`
    this.holders.set(holder, key)
    this.keys.set(key, { fingerprint, holder, leaseEnd: now + this.leaseMs, until: now + this.ttlMs, sealed: undefined })
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

  finish(holder: string, sealed?: Uint8Array): void {
    const key = this.holders.get(holder)
    const known = key === undefined ? undefined : this.keys.get(key)
    this.holders.delete(holder)
    if (key === undefined || known?.holder !== holder) return
    known.holder = undefined
    known.until = this.clock.now() + this.ttlMs
    if (sealed !== undefined) this.keep(key, known, sealed)
  }

  private keep(key: string, known: Known, sealed: Uint8Array): void {
    if (sealed.length > this.answerBytes) return
    known.sealed = sealed
    this.answered.add(key)
    this.bytes += sealed.length
    for (const oldest of this.answered) {
      if (this.bytes <= this.answerBytes) return
      const other = this.keys.get(oldest)
      if (other !== undefined) this.forgetAnswer(oldest, other)
    }
  }

  private forgetAnswer(key: string, known: Known): void {
    if (known.sealed === undefined) return
    this.bytes -= known.sealed.length
    known.sealed = undefined
    this.answered.delete(key)
  }

  private remove(key: string, known: Known): void {
    this.forgetAnswer(key, known)
    if (known.holder !== undefined) this.holders.delete(known.holder)
    this.keys.delete(key)
  }

  /** One key goes for the new one: one in flight only when the next thousand are. */
  private drop(added: string): void {
    for (let looked = 0; ; looked++) {
      const next = this.hand.next()
      if (next === undefined) return
      const [key, known] = next
      if (key === added || (known.holder !== undefined && looked < MOST_LOOKED_AT)) continue
      this.remove(key, known)
      return
    }
  }

  /** Keys whose time is over are forgotten, a few with each claim. */
  private forget(now: number): void {
    for (let looked = 0; looked < LOOKED_AT; looked++) {
      const next = this.hand.next()
      if (next === undefined) return
      const [key, known] = next
      if (known.until > now || (known.holder !== undefined && known.leaseEnd > now)) continue
      this.remove(key, known)
    }
  }
}

/** Calls under way are few beside the keys that are remembered. */
const MOST_LOOKED_AT = 1_000
const LOOKED_AT = 2
