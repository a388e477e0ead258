import type { Clock } from '../../lib/clock.ts'
import { within } from '../../lib/within.ts'
import { GatewayError } from '../../errors/gateway-error.ts'
import type { LedgerFilter, LedgerStore } from '../ledger/store.ts'
import { HOUR_MS, hourOf } from '../ledger/time-range.ts'

/**
 * What was spent of a counter since the start of its period (Unix ms), in nano-dollars, as far as the ledger knows; undefined for a counter of
 * anything but money. Rejects with `state_unavailable` when the ledger cannot be asked.
 */
export type SpentBefore = (counter: string, start: number) => Promise<number | undefined>

export interface SpentBeforeOptions {
  readonly ledger: Pick<LedgerStore, 'rollups' | 'settled'>
  /** Writes what this process has not written yet. */
  readonly flush: () => Promise<void>
  readonly clock: Pick<Clock, 'wall' | 'sleep'>
}

/** A call waits for this before it is admitted, once for a counter. */
const LONGEST_MS = 1_000

/** Asks the ledger. Calls that ask for the same at the same time are answered together. */
export function spentInLedger(options: SpentBeforeOptions): SpentBefore {
  const { clock } = options
  const asked = new Map<string, Promise<number>>()
  return async (counter, start) => {
    const filter = ledgerFilterOf(counter)
    if (filter === undefined) return undefined
    const name = `${counter}\n${start}`
    let answer = asked.get(name)
    if (answer === undefined) {
      answer = within(spent(filter, start, options), { clock, ms: LONGEST_MS, late })
      asked.set(name, answer)
      const forget = (): void => void asked.delete(name)
      answer.then(forget, forget)
    }
    return answer
  }
}

async function spent(filter: LedgerFilter, start: number, { ledger, flush, clock }: SpentBeforeOptions): Promise<number> {
  await flush()
  const firstHour = Math.ceil(start / HOUR_MS) * HOUR_MS
  const until = hourOf(clock.wall()) + HOUR_MS
  const [total] = await ledger.rollups({ since: firstHour, until, groupBy: [], filter })
  let sum = Number((total?.sums.settled_nanos ?? 0n) + (total?.sums.adjusted_nanos ?? 0n))
  if (firstHour === start) return sum
  // Days begin within an hour where clocks are half an hour off: sums know whole hours only.
  for await (const { settlement, adjustments } of ledger.settled({ ...filter, since: start, until: firstHour })) {
    sum += settlement.nanos ?? 0
    for (const { nanos } of adjustments) sum += nanos
  }
  return sum
}

const MONEY = /^(\w+):(.*)\/usd\/(?:total|(?:day|week|month)@.+)$/s

/** Of which entries a budget's counter is the sum; undefined for a counter of something else. Names are made in `config/compile-limits.ts`. */
export function ledgerFilterOf(counter: string): LedgerFilter | undefined {
  const [, scope, subject = ''] = MONEY.exec(counter) ?? []
  const slash = subject.indexOf('/')
  const [first, rest] = [subject.slice(0, slash), subject.slice(slash + 1)]
  switch (scope) {
    case 'global':
      return {}
    case 'tenant':
    case 'owner':
    case 'key':
    case 'provider':
      return { [scope]: subject }
    case 'project':
      return first === '' ? { project: rest } : { tenant: first, project: rest }
    case 'account':
      return { provider: first, account: rest }
    default:
      return undefined
  }
}

function late(): never {
  throw new GatewayError('state_unavailable', `The ledger did not tell within ${LONGEST_MS} ms what has been spent.`)
}
