import { DATASET_RELEASE } from '../catalog/prices/dataset-release.data.ts'
import { matchesGlob } from '../catalog/prices/matches-glob.ts'
import { compileOverrides } from '../catalog/prices/override-prices.ts'
import { priceAge } from '../catalog/prices/price-age.ts'
import type { DatasetEntry } from '../catalog/prices/price-dataset.ts'
import { priceAt } from '../catalog/prices/price-schedule.ts'
import type { ModelPriceEntry } from '../catalog/prices/prices.schema.ts'
import { writtenPrice } from '../catalog/prices/written-price.ts'
import type { PriceShelf } from './price-shelf.ts'

/** One price in force. */
export interface PriceRow {
  /** `provider/model`; the model may hold `*` in a price of the operator's. */
  readonly name: string
  readonly source: 'override' | 'genai-prices'
  readonly version: string
  /** ISO 8601 day; null when nobody said. */
  readonly as_of: string | null
  readonly stale: boolean
  /** The price changes with the day or the hour; this is the one of now. */
  readonly varies: boolean
  /** USD, token rates per million. */
  readonly price: ModelPriceEntry
}

/** The release of published prices that this version ships. */
export interface DatasetNotice {
  readonly version: string
  readonly as_of: string
  readonly age_days: number
  /** Older than 60 days. */
  readonly stale: boolean
}

export interface PriceList {
  readonly dataset: DatasetNotice
  readonly prices: readonly PriceRow[]
}

export interface ListPricesOptions {
  /** Unix milliseconds. */
  readonly now: number
  /** Only of this provider, by the configuration's name or the dataset's. */
  readonly provider?: string | undefined
  /** Only models that fit; `*` stands for any text. */
  readonly model?: string | undefined
}

/** Every price in force, the operator's first; a published one that the operator has replaced is left out. */
export function listPrices({ dataset, own }: PriceShelf, { now, provider, model }: ListPricesOptions): PriceList {
  const overrides = compileOverrides(own)
  const published = dataset.entries().filter((entry) => overrides.find(entry.provider, entry.model) === undefined)
  const rows = [
    ...overrides.all.map(({ name, price, version, asOf }) => row({ name, price, version, asOf, source: 'override' }, now)),
    ...published.flatMap((entry) => publishedRow(entry, now)),
  ]
  const providers = provider === undefined ? undefined : new Set([provider, dataset.providerOf(provider, '')])
  return { dataset: datasetNotice(now), prices: rows.filter(({ name }) => fits(name, providers, model)) }
}

/** Which published prices this version ships, and how old they are at a time (Unix milliseconds). */
export function datasetNotice(now: number): DatasetNotice {
  const { version, asOf } = DATASET_RELEASE
  const age = priceAge(asOf, now)
  return { version, as_of: asOf, age_days: age?.days ?? 0, stale: age?.stale ?? false }
}

interface Quoted {
  readonly name: string
  readonly price: Parameters<typeof writtenPrice>[0]
  readonly source: PriceRow['source']
  readonly version: string
  readonly asOf: string | undefined
  readonly varies?: boolean
}

function row({ name, price, source, version, asOf, varies = false }: Quoted, now: number): PriceRow {
  const stale = priceAge(asOf, now)?.stale ?? false
  return { name, source, version, as_of: asOf ?? null, stale, varies, price: writtenPrice(price) }
}

function publishedRow({ provider, model, schedule }: DatasetEntry, now: number): PriceRow[] {
  const price = priceAt(schedule, now)
  const name = `${provider}/${model}`
  const { version, asOf } = DATASET_RELEASE
  return price === undefined
    ? []
    : [row({ name, price, source: 'genai-prices', version, asOf, varies: schedule.length > 1 }, now)]
}

function fits(name: string, providers: ReadonlySet<string | undefined> | undefined, model: string | undefined): boolean {
  const slash = name.indexOf('/')
  if (providers !== undefined && !providers.has(name.slice(0, slash))) return false
  return model === undefined || matchesGlob(model, name.slice(slash + 1))
}
