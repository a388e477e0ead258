import type { LazyPrices } from '../catalog/prices/lazy-prices.ts'
import { compileOverrides } from '../catalog/prices/override-prices.ts'
import type { PriceStore } from '../state/prices/store.ts'
import { parsePrices } from './price-file.ts'

export interface FollowPricesOptions {
  readonly store: Pick<PriceStore, 'place' | 'watch'>
  readonly prices: LazyPrices
  /** Told when they cannot be used; the prices read last stay in force. */
  readonly warn: (message: string) => void
}

/** Gives a gateway the operator's prices and keeps it at them. Returns what ends it. */
export function followPrices({ store, prices, warn }: FollowPricesOptions): () => void {
  return store.watch({
    onChange(text) {
      try {
        prices.replaceOverrides(compileOverrides(text === undefined ? {} : parsePrices(text, store.place)))
      } catch (cause) {
        warn(cause instanceof Error ? cause.message : String(cause))
      }
    },
    onUnreadable: (reason) => warn(`The prices in ${store.place} cannot be read: ${reason}`),
  })
}
