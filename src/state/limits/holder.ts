import type { Counter } from './counters.ts'
import type { Claim } from './store.ts'

/** What an id has taken, by position: of which counter, with which claim, and in which part or period of it. */
export class Holder {
  readonly id: string
  readonly counters: readonly Counter[]
  readonly claims: readonly Claim[]
  readonly taken: readonly number[]
  /** `Clock.now()` at which its lease ends. */
  leaseEnd: number
  /** So many of the first positions are not held any more: their lease has ended. */
  private lapsed = 0

  constructor(id: string, parts: Pick<Holder, 'counters' | 'claims' | 'taken' | 'leaseEnd'>) {
    this.id = id
    this.counters = parts.counters
    this.claims = parts.claims
    this.taken = parts.taken
    this.leaseEnd = parts.leaseEnd
  }

  /** The same with what it takes besides. Its lease begins anew for all that is still held. */
  with({ counters, claims, taken, leaseEnd }: Holder): Holder {
    const all = new Holder(this.id, {
      counters: [...this.counters, ...counters],
      claims: [...this.claims, ...claims],
      taken: [...this.taken, ...taken],
      leaseEnd,
    })
    all.lapsed = this.lapsed
    return all
  }

  /** Gives back what is held. Once: the next time there is nothing. */
  drop(): void {
    for (let position = this.lapsed; position < this.counters.length; position++)
      this.counters[position]!.drop(this.claims[position]!, this.taken[position]!)
    this.lapsed = this.counters.length
  }
}
