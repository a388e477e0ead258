import { loadPriceDataset, type PriceDataset } from '../catalog/prices/price-dataset.ts'
import { compileOverrides, type OverridePrices } from '../catalog/prices/override-prices.ts'
import type { PriceEntries } from '../catalog/prices/prices.schema.ts'
import { openPriceStore, type PricePlace } from '../state/prices/open.ts'
import type { PriceStore } from '../state/prices/store.ts'
import { parsePrices, priceText } from './price-file.ts'
import { databaseName, type StoredTold } from './stored-state.ts'

export type { PricePlace } from '../state/prices/open.ts'

/** The prices of a configuration: what the use-cases about prices work on. */
export interface PriceShelf {
  /** Where the operator's own are, for messages. */
  readonly place: string
  /** The same for machines. */
  readonly told: StoredTold
  /** The operator's own prices. */
  readonly own: PriceEntries
  /** The published ones. */
  readonly dataset: PriceDataset
  /**
   * Replaces the operator's own by what `make` makes of those that are there now, and resolves with these. Rejects with what `make` throws or
   * with `state_unavailable`; then nothing has changed.
   */
  change(make: (own: PriceEntries) => PriceEntries): Promise<PriceEntries>
}

/** Reads the operator's prices and the published ones. Throws `config_invalid` or `state_unavailable` when the former are no good. */
export async function openPriceShelf(place: PricePlace): Promise<PriceShelf> {
  const [stored, dataset] = await Promise.all([withPrices(place, readPrices), loadPriceDataset()])
  return {
    ...stored,
    told: place.shared === undefined ? { file: stored.place } : { database: databaseName(place.shared) },
    dataset,
    change: (make) =>
      withPrices(place, async (store) => {
        const read = (text: string | undefined): PriceEntries => entriesOf(text, store.place)
        return read(await store.replace((current) => priceText(make(read(current)))))
      }),
  }
}

/** The operator's prices alone, ready to be looked up. Throws as `openPriceShelf` does. */
export const ownPrices = async (place: PricePlace): Promise<OverridePrices> =>
  compileOverrides((await withPrices(place, readPrices)).own)

async function readPrices(store: PriceStore): Promise<Pick<PriceShelf, 'place' | 'own'>> {
  const { place } = store
  return { place, own: entriesOf((await store.read()).current, place) }
}

const entriesOf = (text: string | undefined, place: string): PriceEntries => (text === undefined ? {} : parsePrices(text, place))

async function withPrices<Result>(place: PricePlace, act: (store: PriceStore) => Promise<Result>): Promise<Result> {
  const store = openPriceStore(place)
  try {
    return await act(store)
  } finally {
    await store.close()
  }
}
