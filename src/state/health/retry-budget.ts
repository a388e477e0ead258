/** Retries a window allows however few calls there were, as long as any are allowed: a quiet target may still be tried twice. */
export const RETRY_FLOOR = 10
/** The window, and the slots it moves by. */
export const RETRY_WINDOW_MS = 60_000
const SLOTS = 6
const SLOT_MS = RETRY_WINDOW_MS / SLOTS

/** Keeps retries a small part of the traffic: what is overloaded gets no better from twice the calls. Counts a sliding window. */
export class RetryBudget {
  /** Calls and retries of each slot; made by the first call. */
  private counts: { readonly calls: Uint32Array; readonly retries: Uint32Array } | undefined
  private slot = 0
  private calls = 0
  private retries = 0

  /** Counts a call, a retry or not. */
  count(now: number): void {
    this.move(now)
    this.counts ??= { calls: new Uint32Array(SLOTS), retries: new Uint32Array(SLOTS) }
    this.counts.calls[this.slot % SLOTS] = (this.counts.calls[this.slot % SLOTS] ?? 0) + 1
    this.calls += 1
  }

  /** Takes a retry out of the budget, if there is one. Retries may be `share` of the calls, retries included; at 0 there are none. */
  spend(now: number, share: number): boolean {
    this.move(now)
    if (share === 0 || this.retries + 1 > Math.max(RETRY_FLOOR, share * this.calls)) return false
    this.counts ??= { calls: new Uint32Array(SLOTS), retries: new Uint32Array(SLOTS) }
    this.counts.retries[this.slot % SLOTS] = (this.counts.retries[this.slot % SLOTS] ?? 0) + 1
    this.retries += 1
    return true
  }

  /** What the window holds. */
  recent(now: number): { readonly calls: number; readonly retries: number } {
    this.move(now)
    return { calls: this.calls, retries: this.retries }
  }

  /** Empties the slots that have left the window. */
  private move(now: number): void {
    const current = Math.floor(now / SLOT_MS)
    if (current === this.slot) return
    const first = Math.max(this.slot, current - SLOTS) + 1
    this.slot = current
    if (this.counts === undefined) return
    for (let index = first; index <= current; index++) {
      this.calls -= this.counts.calls[index % SLOTS] ?? 0
      this.retries -= this.counts.retries[index % SLOTS] ?? 0
      this.counts.calls[index % SLOTS] = 0
      this.counts.retries[index % SLOTS] = 0
    }
  }
}
