import { plural } from '../story-words.ts'
import type { RequestCost } from './request-cost.ts'
import { signedUsd } from './usage-sums.ts'

/** What a request cost, in sentences; those that say nothing are left out. */
export function tellCost(cost: RequestCost): string[] {
  const { nanos, attempts, unknown, lost, wasted_nanos: wasted, adjusted_nanos: adjusted, saved_nanos: saved, prices } = cost
  const price = prices.length === 0 ? '' : ` (price: ${prices.join(', ')})`
  const known = unknown + lost === attempts ? [] : [`It cost ${usd(nanos)}${price}.`]
  return [
    ...known,
    ...(wasted === 0 ? [] : [`  Of that, ${usd(wasted)} went to attempts that did not serve.`]),
    ...(adjusted === 0 ? [] : [`  It was corrected by ${usd(adjusted)} afterwards.`]),
    ...(saved === 0
      ? []
      : [
          saved > 0
            ? `  The prompt cache saved ${usd(saved)}.`
            : `  Writing the prompt cache cost ${usd(-saved)} more than it saved.`,
        ]),
    ...(unknown === 0
      ? []
      : [
          `What ${plural(unknown, 'attempt')} cost is not known: the usage or a price is missing. "switchback usage reprice" tries again.`,
        ]),
    ...(lost === 0 ? [] : [`Of ${plural(lost, 'attempt')} only the reservation is known.`]),
  ]
}

const usd = (nanos: number): string => `$${signedUsd(BigInt(nanos))}`
