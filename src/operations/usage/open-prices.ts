import { compileOverrides } from '../../catalog/prices/override-prices.ts'
import { createPriceBook, type PriceBook } from '../../catalog/prices/price-book.ts'
import { openPriceShelf, type PricePlace } from '../price-shelf.ts'

/** The price list in force. Throws when the operator's own prices are no good. */
export async function openPrices(place: PricePlace): Promise<PriceBook> {
  const { dataset, own } = await openPriceShelf(place)
  return createPriceBook(dataset, compileOverrides(own))
}
