import { createHash } from 'node:crypto'
import { matchesGlob } from './matches-glob.ts'
import type { ModelPrice } from '../../ir/price.ts'
import { overridePrice } from './override-price.ts'
import type { ModelPriceEntry, PriceEntries } from './prices.schema.ts'

/** One price of the operator's. */
export interface OverridePrice {
  /** `provider/model` as written; the model may hold `*`. */
  readonly name: string
  readonly price: ModelPrice
  /** Begins `sha256:`; the same price always has the same, so a ledger can tell what it used. */
  readonly version: string
  /** ISO 8601 day; undefined when the operator gave none. */
  readonly asOf: string | undefined
}

/** The operator's prices, ready for look-ups. */
export interface OverridePrices {
  readonly all: readonly OverridePrice[]
  /** The exact name first, then the longest pattern that fits. */
  find(provider: string, model: string): OverridePrice | undefined
}

/** Compiles the operator's prices; where two sets name the same model, the later one stands. */
export function compileOverrides(...sets: readonly PriceEntries[]): OverridePrices {
  const byName = new Map(sets.flatMap((entries) => Object.entries(entries)).map(([name, entry]) => [name, compile(name, entry)]))
  const patterns = [...byName.values()]
    .filter(({ name }) => name.includes('*'))
    .sort((left, right) => right.name.length - left.name.length)
  return {
    all: [...byName.values()],
    find(provider, model) {
      const name = `${provider}/${model}`
      return byName.get(name) ?? patterns.find((override) => matchesGlob(override.name, name))
    },
  }
}

function compile(name: string, entry: ModelPriceEntry): OverridePrice {
  const price = overridePrice(entry)
  const digest = createHash('sha256').update(JSON.stringify(price)).digest('hex').slice(0, 12)
  return { name, price, version: `sha256:${digest}`, asOf: entry.as_of }
}
