import type { GatewayError } from '../errors/gateway-error.ts'
import type { Principal } from '../ir/principal.ts'
import type { SessionPin } from '../ir/question.ts'
import type { Target } from '../ir/target.ts'
import type { Usage } from '../ir/usage.ts'
import type { AccountId } from '../ir/ids.ts'
import type { AffinityKey, AffinityStore } from '../state/affinity/store.ts'

/** Whose conversations and answers those of a caller are. */
export const ownerOf = ({ tenant, keyId }: Principal): string => tenant ?? keyId ?? ''

/** The conversation a call belongs to, for whoever remembers where it was served and what it has outgrown. */
export class Conversation {
  readonly id: string
  private readonly key: AffinityKey
  private readonly store: AffinityStore

  constructor(id: string, principal: Principal, model: string, store: AffinityStore) {
    this.id = id
    this.key = { owner: ownerOf(principal), session: id, route: model }
    this.store = store
  }

  /** Who served the turn before. */
  get pin(): SessionPin | undefined {
    const place = this.store.lookup(this.key)
    if (place === undefined) return undefined
    return { target: place.target, account: place.account, cachedTokens: place.cachedTokens }
  }

  /** An answer has come, or has begun. */
  served(target: Target, account: AccountId, usage: Usage | undefined): void {
    this.store.remember(this.key, { target: target.id, account, cachedTokens: cachedTokens(usage) })
  }

  /** A stream has told what it used. The conversation may have gone elsewhere since it began. */
  used(target: Target, account: AccountId, usage: Usage): void {
    const place = this.store.lookup(this.key)
    if (place?.target === target.id && place.account === account) this.served(target, account, usage)
  }

  /** The prompt, of about this many tokens, did not fit the target's window. */
  didNotFit(target: Target, error: GatewayError, inputTokens: number, catalogued: number | undefined): void {
    this.store.rememberOverflow(this.key, {
      target: target.id,
      inputTokens,
      windowTokens: error.overflow?.windowTokens ?? catalogued,
    })
  }

  /** Whether a prompt of this size is known not to fit: an agent that has compacted its conversation may try again. */
  hasOutgrown(target: Target, inputTokens: number, window: number | undefined): boolean {
    for (const overflow of this.store.overflows(this.key)) {
      if (overflow.inputTokens !== undefined && inputTokens < overflow.inputTokens) continue
      if (overflow.target === target.id) return true
      if (overflow.windowTokens !== undefined && window !== undefined && window <= overflow.windowTokens) return true
    }
    return false
  }
}

/** What the next turn may find in the cache: all that was read or written. Undefined when nothing was told of either. */
function cachedTokens(usage: Usage | undefined): number | undefined {
  if (usage?.cacheReadTokens === undefined && usage?.cacheWriteTokens === undefined) return undefined
  return (usage.cacheReadTokens ?? 0) + (usage.cacheWriteTokens ?? 0)
}
