import { SweepHand } from '../../lib/sweep-hand.ts'
import type { Holder } from './holder.ts'

/** What an id has taken is remembered for so many leases after its own has ended, so that a late holder can still be counted. */
const REMEMBERED_LEASES = 9

/**
 * Who holds something, each as long as its lease. All leases last equally long, so they end in the order in which they were given or
 * renewed, and one look at the first tells whether any has ended.
 */
export class Leases {
  private readonly leaseMs: number
  /** In the order in which their leases end. */
  private readonly live = new Map<string, Holder>()
  private readonly late = new Map<string, Holder>()
  private readonly lateHand = new SweepHand(this.late)
  /** No lease ends before this. */
  private firstEnd = Infinity

  constructor(leaseMs: number) {
    this.leaseMs = leaseMs
  }

  /** When a lease that begins now will end. */
  endOf(now: number): number {
    return now + this.leaseMs
  }

  add(holder: Holder): void {
    const earlier = this.take(holder.id)
    this.live.set(holder.id, earlier === undefined ? holder : earlier.with(holder))
    if (holder.leaseEnd < this.firstEnd) this.firstEnd = holder.leaseEnd
  }

  /** The holder leaves. Undefined when nobody knows it. */
  take(id: string): Holder | undefined {
    const holder = this.live.get(id)
    if (holder !== undefined) {
      this.live.delete(id)
      return holder
    }
    const late = this.late.get(id)
    this.late.delete(id)
    return late
  }

  renew(id: string, now: number): void {
    const holder = this.live.get(id)
    const known = holder ?? this.late.get(id)
    if (known === undefined) return
    known.leaseEnd = this.endOf(now)
    if (holder === undefined) return
    this.live.delete(id)
    this.live.set(id, holder)
  }

  /** What is held by leases that have ended is given back. */
  expire(now: number): void {
    if (this.firstEnd > now) return
    this.firstEnd = Infinity
    for (const [id, holder] of this.live) {
      if (holder.leaseEnd > now) {
        this.firstEnd = holder.leaseEnd
        return
      }
      this.live.delete(id)
      holder.drop()
      this.late.set(id, holder)
    }
  }

  /** Looks at one of those that lost their lease, and forgets it when that is long ago. */
  forgetOne(now: number): void {
    if (this.late.size === 0) return
    const late = this.lateHand.next()
    if (late !== undefined && late[1].leaseEnd + this.leaseMs * REMEMBERED_LEASES <= now) this.late.delete(late[0])
  }
}
