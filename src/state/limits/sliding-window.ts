import type { Standing } from './store.ts'

/** Parts a window is counted in: what was taken in one part comes free together. */
const PARTS = 60

interface Part {
  /** Number of the part since 1970. */
  readonly number: number
  amount: number
}

/**
 * What was taken within the last `windowMs`, counted in sixtieths of it. A part counts until all of it is out of the window, so the limit
 * holds in every window of that length, and what is free comes free at most one sixtieth late.
 */
export class SlidingWindow {
  private readonly windowMs: number
  private readonly partMs: number
  /** Oldest first, at most one more than `PARTS`. */
  private readonly parts: Part[] = []
  private sum = 0

  constructor(windowMs: number) {
    this.windowMs = windowMs
    this.partMs = windowMs / PARTS
  }

  isIdle(now: number): boolean {
    this.forget(now)
    return this.parts.length === 0
  }

  standing(now: number): Standing {
    this.forget(now)
    const last = this.parts.at(-1)
    return { used: this.sum, held: 0, resetAt: last === undefined ? undefined : this.freeAt(last.number) }
  }

  fits(amount: number, limit: number, now: number): boolean {
    this.forget(now)
    return this.sum + amount <= limit
  }

  /** When `amount` would fit; undefined when it never does. */
  fitsAt(amount: number, limit: number, now: number): number | undefined {
    this.forget(now)
    if (amount > limit) return undefined
    let left = this.sum
    if (left + amount <= limit) return now
    for (const part of this.parts) {
      left -= part.amount
      if (left + amount <= limit) return this.freeAt(part.number)
    }
    return undefined
  }

  /** Takes, and tells under which number it can be corrected. */
  take(amount: number, now: number): number {
    const number = Math.floor(now / this.partMs)
    this.add(number, amount)
    return number
  }

  /** What was taken under a number turns out to be more or less. Nothing that has left the window is corrected. */
  correct(number: number, difference: number, now: number): void {
    this.forget(now)
    if (difference !== 0 && this.freeAt(number) > now) this.add(number, difference)
  }

  private add(number: number, amount: number): void {
    this.sum += amount
    let index = this.parts.length
    while (index > 0 && this.parts[index - 1]!.number > number) index--
    const known = this.parts[index - 1]
    if (known?.number === number) known.amount += amount
    else this.parts.splice(index, 0, { number, amount })
  }

  private forget(now: number): void {
    let gone = 0
    for (const part of this.parts) {
      if (this.freeAt(part.number) > now) break
      this.sum -= part.amount
      gone++
    }
    if (gone > 0) this.parts.splice(0, gone)
  }

  /** When a part is out of the window. */
  private freeAt(number: number): number {
    return (number + 1) * this.partMs + this.windowMs
  }
}
