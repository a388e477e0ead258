import type { Clock } from '../lib/clock.ts'

export interface FailedAttemptsOptions {
  readonly clock: Clock
  /** Most clients remembered; the one that has been quiet for longest is forgotten first. */
  readonly mostClients?: number
  /** Most answers held back at once; beyond that, refusals go out at once rather than pile up. */
  readonly mostHeld?: number
}

interface Failures {
  count: number
  /** `Clock.now()` of the last one. */
  last: number
}

/** A client that is only set up wrong is told so without delay. */
const FREE_FAILURES = 5
const FIRST_DELAY_MS = 100
const LONGEST_DELAY_MS = 5_000
/** After this long without a failure a client starts afresh. */
const FORGET_AFTER_MS = 60_000

/**
 * Slows down whoever guesses keys: refusals come later and later. Good keys never pass here, so nobody can lock out anybody else, not
 * even from behind the same address.
 */
export class FailedAttempts {
  private readonly clock: Clock
  private readonly mostClients: number
  private readonly mostHeld: number
  /** By address; the order of the map is the order of the last failures. */
  private readonly failures = new Map<string, Failures>()
  private held = 0

  constructor({ clock, mostClients = 1024, mostHeld = 256 }: FailedAttemptsOptions) {
    this.clock = clock
    this.mostClients = mostClients
    this.mostHeld = mostHeld
  }

  /** Counts a failure and resolves when the refusal may go out, or the client has gone away. */
  async penalty(address: string | undefined, signal: AbortSignal): Promise<void> {
    const delay = this.delayAfterFailure(address ?? '')
    if (delay === 0 || this.held >= this.mostHeld) return
    this.held++
    try {
      await this.clock.sleep(delay, signal)
    } catch {
      // The client went away; there is nobody left to make wait.
    } finally {
      this.held--
    }
  }

  private delayAfterFailure(address: string): number {
    const now = this.clock.now()
    const earlier = this.failures.get(address)
    const count = earlier === undefined || now - earlier.last > FORGET_AFTER_MS ? 1 : earlier.count + 1
    this.failures.delete(address)
    this.failures.set(address, { count, last: now })
    if (this.failures.size > this.mostClients) {
      const [oldest] = this.failures.keys()
      if (oldest !== undefined) this.failures.delete(oldest)
    }
    return count <= FREE_FAILURES ? 0 : Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (count - FREE_FAILURES - 1))
  }
}
