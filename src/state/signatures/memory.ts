import type { Clock } from '../../lib/clock.ts'
import { ExpiringLru } from '../../lib/expiring-lru.ts'
import { callHash } from './call-hash.ts'
import type { SignatureStore } from './store.ts'

/** Signatures of a thousand steps of each of some hundred agents: one has a few kilobytes at most. */
const CAPACITY_BYTES = 64 * 1024 * 1024
/** A turn is over long before; then nobody demands its signatures any more. */
const TTL_MS = 86_400_000
/** Of an entry besides its signature: key, times, and what a map needs for it. */
const OVERHEAD_BYTES = 256
/** A signature that takes more of the memory than this is worth no one else's. */
const LARGEST_SHARE = 64

export interface MemorySignaturesOptions {
  readonly clock: Pick<Clock, 'now'>
  /** Most bytes, what every entry costs included. Default 64 MiB. */
  readonly capacityBytes?: number | undefined
  /** Milliseconds after the answer. Default a day. */
  readonly ttlMs?: number | undefined
}

/** Signatures of tool calls in the memory of one process. */
export function createMemorySignatures({
  clock,
  capacityBytes = CAPACITY_BYTES,
  ttlMs = TTL_MS,
}: MemorySignaturesOptions): SignatureStore {
  const signatures = new ExpiringLru<string>(capacityBytes, ttlMs, (signature) => OVERHEAD_BYTES + signature.length)
  return {
    remember(call, signature) {
      if (signature.length > capacityBytes / LARGEST_SHARE) return
      signatures.set(callHash(call), signature, clock.now())
    },
    recall: (call) => signatures.get(callHash(call), clock.now()),
    get size() {
      return signatures.size
    },
  }
}
