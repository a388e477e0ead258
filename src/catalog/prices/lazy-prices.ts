import { compileOverrides, type OverridePrices } from './override-prices.ts'
import { createPriceBook, type PriceBook } from './price-book.ts'
import { loadPriceDataset, type PriceDataset } from './price-dataset.ts'

/** Prices that are loaded only when somebody needs them. */
export interface LazyPrices {
  /** Loads the prices, once however often it is called. A load that failed is tried again by the next call. */
  warm(): Promise<PriceBook>
  /** The book once it is loaded; undefined is *not loaded yet*, which is not the same as an unknown price. */
  readonly book: PriceBook | undefined
  /** Counts up whenever prices may have changed: they were loaded, or the operator's were replaced. */
  readonly generation: number
  /** The operator's prices from now on, loaded or not. */
  replaceOverrides(overrides: OverridePrices): void
}

/** Nothing is read before `warm()`. */
export function createLazyPrices(load: () => Promise<PriceDataset> = loadPriceDataset): LazyPrices {
  let overrides = compileOverrides()
  let book: PriceBook | undefined
  let generation = 0
  let loading: Promise<PriceBook> | undefined

  async function open(): Promise<PriceBook> {
    try {
      const dataset = await load()
      book = createPriceBook(dataset, overrides)
      generation += 1
      return book
    } catch (cause) {
      loading = undefined
      throw cause
    }
  }

  return {
    warm: () => (loading ??= open()),
    get book() {
      return book
    },
    get generation() {
      return generation
    },
    replaceOverrides(next) {
      overrides = next
      book?.replaceOverrides(next)
      generation += 1
    },
  }
}
