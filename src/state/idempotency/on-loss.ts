import { eachBounded } from '../../lib/each-bounded.ts'
import { coordinationLost, type OnLoss } from '../coordination/on-loss.ts'
import type { IdempotencyClaim, IdempotencyStore, IdempotentCall } from './store.ts'

/** Ends that could not be told, at most; of more, the oldest are dropped, and their leases end by themselves. */
const MOST_UNTOLD = 10_000
/** Answers that wait with them: 64 MiB. Beyond, an end is told without its answer, and its call may be made again. */
const MOST_UNTOLD_BYTES = 2 ** 26
const TOLD_AT_ONCE = 64

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
  const untold = new UntoldEnds()
  let telling: Promise<void> | undefined
  /** Before any other call of that key can be judged; once for all who ask. */
  const tellRest = (): Promise<void> => {
    telling ??= eachBounded(untold.list(), TOLD_AT_ONCE, async ([holder, sealed]) => {
      await shared.finish(holder, sealed)
      untold.delete(holder)
    }).finally(() => {
      telling = undefined
    })
    return telling
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
        if (untold.size > 0) await tellRest()
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
        untold.add(holder, sealed)
      }
    },
  }
}

/** Ends by holder, with their answers as far as there is room. */
class UntoldEnds {
  private readonly ends = new Map<string, Uint8Array | undefined>()
  private bytes = 0

  get size(): number {
    return this.ends.size
  }

  list(): readonly (readonly [string, Uint8Array | undefined])[] {
    return [...this.ends]
  }

  add(holder: string, sealed: Uint8Array | undefined): void {
    const size = sealed?.length ?? 0
    const fits = this.bytes + size <= MOST_UNTOLD_BYTES
    this.ends.set(holder, fits ? sealed : undefined)
    if (fits) this.bytes += size
    const [oldest] = this.ends.size > MOST_UNTOLD ? this.ends.keys() : []
    if (oldest !== undefined) this.delete(oldest)
  }

  delete(holder: string): void {
    this.bytes -= this.ends.get(holder)?.length ?? 0
    this.ends.delete(holder)
  }
}

const localName = (holder: string): string => holder.slice('here '.length)
