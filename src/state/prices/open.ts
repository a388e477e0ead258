import { join } from 'node:path'
import type { Clock } from '../../lib/clock.ts'
import { onOwnDatabase } from '../postgres/on-own-database.ts'
import type { SharedStateSettings } from '../state.schema.ts'
import { createFilePrices } from './file.ts'
import { createPostgresPrices } from './postgres.ts'
import { PRICE_FILE } from './price-file.ts'
import type { PriceStore } from './store.ts'

/** Where the prices of a configuration are: in its database, else in the data directory. */
export interface PricePlace {
  readonly dataDir: string
  readonly shared: SharedStateSettings | undefined
  readonly clock: Clock
}

const NOBODY = { announce: () => undefined, listen: () => undefined }

/** The operator's prices, for a command. Running gateways find a change by themselves. */
export function openPriceStore({ dataDir, shared, clock }: PricePlace): PriceStore {
  if (shared === undefined) return createFilePrices({ path: join(dataDir, PRICE_FILE), clock })
  return onOwnDatabase(shared.postgres, clock, (database) => createPostgresPrices({ database, clock, coordination: NOBODY }))
}
