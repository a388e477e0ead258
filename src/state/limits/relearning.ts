import type { Clock } from '../../lib/clock.ts'
import type { PeriodClaim } from './store.ts'

const TICK_MS = 5_000
/** Ticks after which a counter is asked for again: what gateways had in their local files is in the ledger within a minute. */
const ASKED_AFTER: readonly number[] = [1, 3, 12]

interface Waiting {
  readonly claim: PeriodClaim
  ticks: number
}

/**
 * Counters whose spending was asked of the ledger, to be asked for again: while servers come back, not everything that was spent is in there. Runs
 * only while there are some. `ask` may reject; the next turn asks again.
 */
export class Relearning {
  private readonly clock: Pick<Clock, 'every'>
  private readonly ask: (claims: readonly PeriodClaim[]) => Promise<unknown>
  private readonly waiting = new Map<string, Waiting>()
  private stop: (() => void) | undefined = undefined

  constructor(clock: Pick<Clock, 'every'>, ask: (claims: readonly PeriodClaim[]) => Promise<unknown>) {
    this.clock = clock
    this.ask = ask
  }

  add(claims: readonly PeriodClaim[]): void {
    for (const claim of claims) this.waiting.set(`${claim.counter}\n${claim.start}`, { claim, ticks: 0 })
    if (this.waiting.size > 0) this.stop ??= this.clock.every(TICK_MS, () => this.tick())
  }

  private tick(): void {
    const due: PeriodClaim[] = []
    for (const [name, waiting] of this.waiting) {
      waiting.ticks += 1
      if (ASKED_AFTER.includes(waiting.ticks)) due.push(waiting.claim)
      if (waiting.ticks >= (ASKED_AFTER.at(-1) ?? 0)) this.waiting.delete(name)
    }
    if (due.length > 0) this.ask(due).catch(() => undefined)
    if (this.waiting.size > 0) return
    this.stop?.()
    this.stop = undefined
  }
}
