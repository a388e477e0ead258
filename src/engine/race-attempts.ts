import type { GatewayError } from '../errors/gateway-error.ts'
import type { HedgeSettings } from '../ir/resilience.ts'
import type { Clock } from '../lib/clock.ts'
import type { AttemptResult } from './attempt-result.ts'
import type { AttemptRun } from './attempt-run.ts'

export interface RaceOptions {
  readonly first: AttemptRun
  readonly hedge: HedgeSettings
  readonly clock: Pick<Clock, 'sleep'>
  /** Filled with the attempts under way; whoever takes one out has closed it. */
  readonly racing: Set<AttemptRun>
  /** Another attempt at the next place; undefined when there is none. */
  readonly beside: () => AttemptRun | undefined
  /** An attempt failed while another one was under way. */
  readonly failed: (attempt: AttemptRun, error: GatewayError) => void
  /** An attempt was under way when another one answered. */
  readonly lost: (attempt: AttemptRun) => void
}

interface Finished {
  readonly attempt: AttemptRun
  readonly result: AttemptResult
}

/**
 * Runs attempts beside each other: a further one whenever nothing has answered for the hedge's delay. Resolves with the first answer, or
 * with the last failure. Every other attempt has then been closed through `failed` or `lost`.
 */
export async function raceAttempts(options: RaceOptions): Promise<Finished> {
  const { hedge, clock, racing, beside } = options
  const runs = new Map<AttemptRun, Promise<Finished>>()
  const enter = (attempt: AttemptRun): void => {
    racing.add(attempt)
    runs.set(
      attempt,
      attempt.run().then((result) => ({ attempt, result })),
    )
  }
  enter(options.first)
  let mayHedge = true
  for (;;) {
    const waiting = new AbortController()
    const pause =
      mayHedge && runs.size < hedge.maxParallel ? clock.sleep(hedge.delayMs, waiting.signal).then(nobody, nobody) : never
    const finished = await Promise.race([...runs.values(), pause])
    waiting.abort()
    if (finished === undefined) {
      const further = beside()
      if (further === undefined) mayHedge = false
      else enter(further)
      continue
    }
    const { attempt, result } = finished
    runs.delete(attempt)
    if (result.kind === 'failed' && runs.size > 0) {
      if (racing.delete(attempt)) options.failed(attempt, result.error)
      continue
    }
    racing.delete(attempt)
    for (const [loser, run] of runs) {
      if (racing.has(loser)) options.lost(loser)
      void run.then(stopUnwanted)
    }
    return finished
  }
}

const nobody = (): undefined => undefined
const never = new Promise<undefined>(() => undefined)

/** The loser's answer had begun in the same moment. */
function stopUnwanted({ result }: Finished): void {
  if (result.kind === 'stream') result.stream.stop()
}
