import { join } from 'node:path'
import { loadPriceDataset, type PriceDataset } from '../catalog/prices/price-dataset.ts'
import { compileOverrides, type OverridePrices } from '../catalog/prices/override-prices.ts'
import type { PriceEntries } from '../catalog/prices/prices.schema.ts'
import { PRICE_FILE } from '../state/prices/price-file.ts'
import { loadPrices } from './price-file.ts'

/** The prices of a data directory: what the use-cases about prices work on. */
export interface PriceShelf {
  /** The operator's file; it need not exist. */
  readonly path: string
  /** The operator's own prices. */
  readonly own: PriceEntries
  /** The published ones. */
  readonly dataset: PriceDataset
}

/** Reads the operator's prices and the published ones. Throws `config_invalid` or `state_unavailable` when the file is no good. */
export async function openPriceShelf(dataDir: string): Promise<PriceShelf> {
  const path = join(dataDir, PRICE_FILE)
  return { path, own: loadPrices(path), dataset: await loadPriceDataset() }
}

/** The operator's prices alone, ready to be looked up. Throws as `openPriceShelf` does. */
export const ownPrices = (dataDir: string): OverridePrices => compileOverrides(loadPrices(join(dataDir, PRICE_FILE)))
