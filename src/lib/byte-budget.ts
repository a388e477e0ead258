/** Bytes that a process may hold in large buffers at once. Whoever holds many takes them here first and gives them back. */
export class ByteBudget {
  /** Bytes taken and not given back. */
  used = 0
  limit: number

  constructor(limit = Number.POSITIVE_INFINITY) {
    this.limit = limit
  }

  take(bytes: number): boolean {
    if (this.used + bytes > this.limit) return false
    this.used += bytes
    return true
  }

  give(bytes: number): void {
    this.used -= bytes
  }
}

/** What one holder has taken of a budget; it can be given back as a whole, and only once. */
export class ByteHold {
  private readonly budget: ByteBudget
  private bytes = 0

  constructor(budget: ByteBudget) {
    this.budget = budget
  }

  /** Takes more; false, and nothing, when there is not enough left. */
  grow(bytes: number): boolean {
    if (!this.budget.take(bytes)) return false
    this.bytes += bytes
    return true
  }

  release(): void {
    this.budget.give(this.bytes)
    this.bytes = 0
  }
}
