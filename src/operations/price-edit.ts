import { priceAt } from '../catalog/prices/price-schedule.ts'
import type { ModelPriceEntry } from '../catalog/prices/prices.schema.ts'
import { writtenPrice } from '../catalog/prices/written-price.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import { checkPrices } from './price-file.ts'
import type { PriceShelf } from './price-shelf.ts'

/** A price as typed: dollars as text, by the names of the price file. */
export type TypedPrice = Readonly<Record<string, string | undefined>>

export interface SetPriceOptions {
  /** `provider/model`. */
  readonly name: string
  readonly typed: TypedPrice
  /** Unix milliseconds. */
  readonly now: number
}

export interface SetPriceResult {
  readonly name: string
  readonly price: ModelPriceEntry
  /** The operator's price that stood there before. */
  readonly replaced: ModelPriceEntry | undefined
  /** Rates that the published price has and this one has not. */
  readonly missing: readonly string[]
}

/**
 * Makes a price of the operator's; it replaces an earlier one as a whole. Dated today unless it says otherwise. Throws
 * `config_invalid` when the name or a figure is no good, and then changes nothing.
 */
export async function setPrice(shelf: PriceShelf, { name, typed, now }: SetPriceOptions): Promise<SetPriceResult> {
  const given = Object.fromEntries(Object.entries(typed).filter(([, value]) => value !== undefined))
  const checked = checkPrices({ prices: { [name]: { as_of: today(now), ...given } } }, 'what was typed')
  const price = checked[name]
  if (price === undefined) throw new GatewayError('config_invalid', `There is no price to set for ${name}.`)
  const stored = { ...price, ...figures(price) }
  const { [name]: replaced } = await shelf.change((own) => ({ ...own, [name]: stored }))
  return { name, price: stored, replaced, missing: missingRates(shelf, name, { price: stored, now }) }
}

export interface UnsetPriceResult {
  readonly name: string
  readonly removed: ModelPriceEntry
}

/** Takes a price of the operator's away; the published one, if any, holds again. Throws `config_invalid` when there is none. */
export async function unsetPrice(shelf: PriceShelf, name: string): Promise<UnsetPriceResult> {
  const before = await shelf.change(({ [name]: removed, ...rest }) => {
    if (removed === undefined) throw notSet(name)
    return rest
  })
  return { name, removed: before[name]! }
}

const notSet = (name: string): GatewayError =>
  new GatewayError(
    'config_invalid',
    `No price of yours is set for ${name}. \`switchback price list\` shows them; a published price can be replaced, not removed.`,
  )

const today = (now: number): string => new Date(now).toISOString().slice(0, 10)

/** What was typed as text is kept as numbers; the check has let only decimals through. */
function figures(price: ModelPriceEntry): Record<string, number> {
  const texts = Object.entries(price).filter(([key, value]) => typeof value === 'string' && key !== 'as_of' && key !== 'source')
  return Object.fromEntries(texts.map(([key, value]) => [key, Number(value)]))
}

interface Standing {
  readonly price: ModelPriceEntry
  readonly now: number
}

function missingRates({ dataset }: PriceShelf, name: string, { price, now }: Standing): readonly string[] {
  const slash = name.indexOf('/')
  const provider = dataset.providerOf(name.slice(0, slash), '')
  const published = provider === undefined ? undefined : dataset.find(provider, name.slice(slash + 1))
  const standing = priceAt(published?.schedule ?? [], now)
  return standing === undefined ? [] : Object.keys(writtenPrice(standing)).filter((key) => !(key in price))
}
