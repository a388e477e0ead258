import type { ConditionalPrice, ModelInfo, Provider } from '@pydantic/genai-prices'
import { datasetPrice } from './dataset-price.ts'
import type { PriceWindow, ScheduledPrice } from './price-schedule.ts'
import { PROVIDER_ALIASES } from './published-rules.data.ts'

/** A model of the dataset with its prices over time; no price at all when it cannot be expressed per call. */
export interface DatasetEntry {
  readonly provider: string
  readonly model: string
  readonly schedule: readonly ScheduledPrice[]
}

/** The dataset of published prices, in memory. */
export interface PriceDataset {
  /** The dataset's name for a provider: by the host of its base URL, else by its own or a usual name. */
  providerOf(providerId: string, host: string): string | undefined
  /** A model as a provider of the dataset names it. Scans the provider's models: 20 to 40 µs, so remember the answer. */
  find(provider: string, model: string): DatasetEntry | undefined
  /** All models that have a price, in the dataset's order. */
  entries(): readonly DatasetEntry[]
}

/** Loads the dataset. The first time this costs 15 to 75 ms and about 18 MB, so it never runs at start-up or while a request waits. */
export async function loadPriceDataset(): Promise<PriceDataset> {
  const { calcPrice, findProvider, waitForUpdate } = await import('@pydantic/genai-prices')
  const providers: readonly Provider[] = (await waitForUpdate()) ?? []
  const ids = new Set(providers.map(({ id }) => id))
  return {
    providerOf(providerId, host) {
      const byHost = host === '' ? undefined : findProvider({ providerApiUrl: `https://${host}/` })
      if (byHost !== undefined) return byHost.id
      const name = Object.hasOwn(PROVIDER_ALIASES, providerId) ? PROVIDER_ALIASES[providerId] : providerId
      return name !== undefined && ids.has(name) ? name : undefined
    },
    find(provider, model) {
      const found = calcPrice({}, model, { providerId: provider })
      return found === null ? undefined : entryOf(provider, found.model)
    },
    entries: () => providers.flatMap(({ id, models }) => models.map((model) => entryOf(id, model))).filter(isPriced),
  }
}

const isPriced = ({ schedule }: DatasetEntry): boolean => schedule.length > 0

function entryOf(provider: string, { id, prices }: ModelInfo): DatasetEntry {
  const conditional: readonly ConditionalPrice[] = Array.isArray(prices) ? prices : [{ prices }]
  const schedule = conditional.flatMap(({ constraint, prices: rates }) => {
    const price = datasetPrice(provider, id, rates)
    const window = windowOf(constraint)
    return price === undefined || window === undefined ? [] : [{ window, price }]
  })
  // A part of a schedule would be taken for the price at times it does not hold for.
  return { provider, model: id, schedule: schedule.length === conditional.length ? schedule : [] }
}

function windowOf(constraint: ConditionalPrice['constraint']): PriceWindow | undefined {
  if (constraint === undefined) return { kind: 'always' }
  if (constraint.type === 'start_date') return { kind: 'from', start: Date.parse(constraint.start_date) }
  const from = timeOfDay(constraint.start_time)
  const until = timeOfDay(constraint.end_time)
  return from === undefined || until === undefined ? undefined : { kind: 'daily', from, until }
}

/** Milliseconds since midnight UTC of a time such as `16:30:00Z`. */
function timeOfDay(text: string): number | undefined {
  const instant = Date.parse(`1970-01-02T${text}`)
  return Number.isNaN(instant) ? undefined : ((instant % 86_400_000) + 86_400_000) % 86_400_000
}
