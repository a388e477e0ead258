import { compileOverrides } from '../../catalog/prices/override-prices.ts'
import { createPriceBook, type PriceBook } from '../../catalog/prices/price-book.ts'
import { openPriceShelf } from '../price-shelf.ts'

/** The price list in force for a data directory. Throws when the operator's own prices are no good. */
export async function openPrices(dataDir: string): Promise<PriceBook> {
  const { dataset, own } = await openPriceShelf(dataDir)
  return createPriceBook(dataset, compileOverrides(own))
}
