import type { Clock } from '../lib/clock.ts'
import type { Deadlines } from '../lib/deadlines.ts'
import type { Exchange } from './exchange.ts'

/** Below this no server closes a connection that waits for its answer. */
const PATIENCE_MS = 60_000

export interface PatienceOptions {
  readonly clock: Pick<Clock, 'now'>
  readonly deadlines: Deadlines
}

/** An answer that takes long: from then on the server may not close the connection for being silent. Until `endPatience`. */
export function beginPatience(exchange: Exchange, { clock, deadlines }: PatienceOptions): void {
  exchange.at = clock.now() + PATIENCE_MS
  deadlines.add(exchange)
}

export function endPatience(exchange: Exchange, { clock, deadlines }: PatienceOptions): void {
  deadlines.drop(exchange)
  if (exchange.at <= clock.now()) exchange.peer?.setIdleLimit?.(true)
}
