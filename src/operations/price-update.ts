import { compileOverrides } from '../catalog/prices/override-prices.ts'
import { createPriceBook, type PriceQuote } from '../catalog/prices/price-book.ts'
import type { ModelPriceEntry, PriceEntries } from '../catalog/prices/prices.schema.ts'
import { writtenPrice } from '../catalog/prices/written-price.ts'
import type { PriceShelf } from './price-shelf.ts'

/** A figure that an update would change; null is unknown. */
export interface PriceFieldChange {
  readonly field: string
  readonly from: unknown
  readonly to: unknown
}

/** What an update does to one price. */
export interface PriceChange {
  readonly name: string
  /** `new`: unknown until now. */
  readonly kind: 'new' | 'changed' | 'same'
  /** Where the price in force comes from. */
  readonly from_source: PriceQuote['source'] | null
  readonly fields: readonly PriceFieldChange[]
}

export interface DiffPricesOptions {
  /** What the update brings. */
  readonly update: PriceEntries
  /** Unix milliseconds. */
  readonly now: number
}

/** What an update would change of the prices in force, in the order of the update. */
export function diffPrices({ dataset, own }: PriceShelf, { update, now }: DiffPricesOptions): readonly PriceChange[] {
  const book = createPriceBook(dataset, compileOverrides(own))
  return compileOverrides(update).all.map(({ name, price }): PriceChange => {
    const slash = name.indexOf('/')
    const standing = book.priceOf({ providerId: name.slice(0, slash), host: '', model: name.slice(slash + 1) }, now)
    const to = writtenPrice(price)
    if (standing === undefined) return { name, kind: 'new', from_source: null, fields: differences({}, to) }
    const fields = differences(writtenPrice(standing.price), to)
    return { name, kind: fields.length === 0 ? 'same' : 'changed', from_source: standing.source, fields }
  })
}

/**
 * Takes every price of the update over into the operator's own, which keep what the update does not name. Returns what changed.
 * Throws `state_unavailable` when they cannot be kept; then nothing has changed.
 */
export async function updatePrices(shelf: PriceShelf, options: DiffPricesOptions): Promise<readonly PriceChange[]> {
  const changes = diffPrices(shelf, options)
  await shelf.change((own) => ({ ...own, ...options.update }))
  return changes
}

function differences(from: ModelPriceEntry, to: ModelPriceEntry): readonly PriceFieldChange[] {
  const before = new Map<string, unknown>(Object.entries(from))
  const after = new Map<string, unknown>(Object.entries(to))
  return [...new Set([...before.keys(), ...after.keys()])]
    .map((field) => ({ field, from: before.get(field) ?? null, to: after.get(field) ?? null }))
    .filter((change) => JSON.stringify(change.from) !== JSON.stringify(change.to))
}
