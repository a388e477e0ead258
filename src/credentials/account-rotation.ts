import type { AccountId } from '../ir/ids.ts'
import type { Account } from './account.ts'

/**
 * Whose turn it is among equals. An account serves `sticky` requests, then the next one does; one that has to be passed over loses its
 * turn. Only accounts of the best priority that can be used take part: the others stand in.
 */
export class AccountRotation {
  private current: AccountId | undefined
  private served = 0

  /** `usable` in the order of turns, without taking one. `all` is the whole list that `usable` is part of, both by priority. */
  order(all: readonly Account[], usable: readonly Account[], sticky: number): readonly Account[] {
    const best = usable[0]?.priority
    const others = usable.findIndex(({ priority }) => priority !== best)
    const equals = others === -1 ? usable.length : others
    if (equals < 2) return usable
    const first = this.firstOf(all, usable.slice(0, equals), sticky)
    if (first === 0) return usable
    return [...usable.slice(first, equals), ...usable.slice(0, first), ...usable.slice(equals)]
  }

  /** The account takes a request. */
  take(account: AccountId): void {
    this.served = account === this.current ? this.served + 1 : 1
    this.current = account
  }

  private firstOf(all: readonly Account[], equals: readonly Account[], sticky: number): number {
    const at = equals.findIndex(({ id }) => id === this.current)
    if (at !== -1) return this.served < sticky ? at : (at + 1) % equals.length
    const place = all.findIndex(({ id }) => id === this.current)
    const next = equals.findIndex((account) => all.indexOf(account) > place)
    return next === -1 ? 0 : next
  }
}
