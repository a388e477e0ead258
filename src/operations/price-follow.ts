import type { LazyPrices } from '../catalog/prices/lazy-prices.ts'
import { compileOverrides } from '../catalog/prices/override-prices.ts'
import type { Clock } from '../lib/clock.ts'
import { watchTextFile } from '../lib/watch-text-file.ts'
import { parsePrices } from './price-file.ts'

export interface FollowPricesOptions {
  /** `prices.json` of the data directory. */
  readonly path: string
  readonly clock: Clock
  readonly prices: LazyPrices
  /** Told when the file cannot be used; the prices read last stay in force. */
  readonly warn: (message: string) => void
}

/** Gives a gateway the operator's prices at once and keeps it at them, within seconds of a change. Returns what ends it. */
export function followPrices({ path, clock, prices, warn }: FollowPricesOptions): () => void {
  return watchTextFile({
    path,
    clock,
    onChange(text) {
      try {
        prices.replaceOverrides(compileOverrides(text === undefined ? {} : parsePrices(text, path)))
      } catch (cause) {
        warn(cause instanceof Error ? cause.message : String(cause))
      }
    },
    onUnreadable: (reason) => warn(`The prices in ${path} cannot be read: ${reason}.`),
  })
}
