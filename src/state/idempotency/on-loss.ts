import { coordinationLost, type OnLoss } from '../coordination/on-loss.ts'
import type { IdempotencyClaim, IdempotencyStore, IdempotentCall } from './store.ts'

/** Ends that could not be told, at most; of more, the oldest are dropped, and their leases end by themselves. */
const MOST_UNTOLD = 10_000

export interface IdempotencyOnLossOptions {
  /** Its calls reject when it is not reached in time. */
  readonly shared: IdempotencyStore
  /** Stands in for it, for this process alone. */
  readonly local: IdempotencyStore
  /** `closed`: without the shared store no call under a key begins. Otherwise each process keeps its calls apart by itself. */
  readonly mode: OnLoss
}

/** Shared keys, and what holds while they cannot be reached. Ends that could not be told are told when they can be. */
export function idempotencyWithLoss({ shared, local, mode }: IdempotencyOnLossOptions): IdempotencyStore {
  const here = new Set<string>()
  const untold = new Map<string, Uint8Array | undefined>()
  const tellRest = async (): Promise<void> => {
    for (const [holder, sealed] of untold) {
      await shared.finish(holder, sealed)
      untold.delete(holder)
    }
  }
  const claimHere = async (call: IdempotentCall): Promise<IdempotencyClaim> => {
    const claim = await local.claim(call)
    if (claim.kind !== 'claimed') return claim
    const holder = `here ${claim.holder}`
    here.add(holder)
    return { kind: 'claimed', holder }
  }
  return {
    async claim(call) {
      try {
        await tellRest()
        return await shared.claim(call)
      } catch (error) {
        if (mode === 'closed') throw coordinationLost(error)
        return claimHere(call)
      }
    },
    async renew(holders) {
      await local.renew(holders.filter((holder) => here.has(holder)).map(localName))
      // The next turn tries again, well before the lease ends.
      await Promise.resolve(shared.renew(holders.filter((holder) => !here.has(holder)))).catch(() => undefined)
    },
    async finish(holder, sealed) {
      if (here.delete(holder)) return local.finish(localName(holder), sealed)
      try {
        await shared.finish(holder, sealed)
      } catch {
        untold.set(holder, sealed)
        const [oldest] = untold.size > MOST_UNTOLD ? untold.keys() : []
        if (oldest !== undefined) untold.delete(oldest)
      }
    },
  }
}

const localName = (holder: string): string => holder.slice('here '.length)
