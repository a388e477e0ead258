import type { ModelPriceEntry } from '../catalog/prices/prices.schema.ts'
import type { SetPriceResult, UnsetPriceResult } from './price-edit.ts'
import type { DatasetNotice, PriceList, PriceRow } from './price-list.ts'
import type { PriceChange } from './price-update.ts'
import { plural, safeText } from './story-words.ts'

/** Words for the kinds of rates, in the order they are told. */
const RATE_WORDS = [
  ['input', 'in'],
  ['output', 'out'],
  ['cache_read', 'cache read'],
  ['cache_write_5m', 'write 5m'],
  ['cache_write_1h', 'write 1h'],
  ['per_request', 'a request'],
] as const satisfies readonly (readonly [keyof ModelPriceEntry, string])[]

/** Prices for a terminal, one a line, and how old the published ones are. */
export function renderPriceList({ dataset, prices }: PriceList): string {
  const width = Math.min(60, Math.max(0, ...prices.map(({ name }) => safeText(name).length)))
  const lines = prices.map((row) => `${safeText(row.name).padEnd(width)}  ${describePrice(row.price)}${remarks(row)}`)
  if (prices.length === 0)
    lines.push('No price is known for that. Set one with `switchback price set PROVIDER/MODEL --input … --output …`.')
  else lines.push(`${plural(prices.length, 'price')}, in USD per million tokens.`)
  const notice = staleNotice(dataset)
  return [...lines, ...(notice === undefined ? [] : [notice])].join('\n')
}

/** The warning that published prices are old; undefined while they are not. */
function staleNotice({ version, as_of, age_days, stale }: DatasetNotice): string | undefined {
  if (!stale) return undefined
  return `The published prices are release ${version} of ${as_of}, ${plural(age_days, 'day')} old: vendors may have changed theirs. Update the gateway, or bring newer ones with \`switchback price update --from FILE\`.`
}

/** What an update changes, one price a line, and a sum. */
export function renderPriceChanges(changes: readonly PriceChange[], done: boolean): string {
  const lines = changes
    .filter(({ kind }) => kind !== 'same')
    .map((change) => `${MARKS[change.kind]} ${safeText(change.name)}  ${describeChange(change)}`)
  const count = (kind: PriceChange['kind']): number => changes.filter((change) => change.kind === kind).length
  const sum = `${count('new')} new, ${count('changed')} changed, ${count('same')} as ${done ? 'before' : 'they are'}.`
  return [
    ...lines,
    done ? `Updated: ${sum} A running gateway takes them over within seconds.` : `An update would bring: ${sum}`,
  ].join('\n')
}

/** What was set, and what the published price had beside. */
export function renderSetPrice({ name, price, missing }: SetPriceResult): string {
  const lines = [`${safeText(name)}: ${describePrice(price)}. A running gateway takes it over within seconds.`]
  if (missing.length > 0) {
    lines.push(
      `The published price also has ${missing.join(', ')}. Yours replaces it as a whole: without them cached reads cost as input, and calls with cache writes, hosted tools or another service tier have no known cost.`,
    )
  }
  return lines.join('\n')
}

/** What was taken away. */
export const renderUnsetPrice = ({ name }: UnsetPriceResult): string =>
  `Your price of ${safeText(name)} is gone; the published one, if any, holds again.`

const MARKS = { new: '+', changed: '~', same: '=' } as const

function describePrice(price: ModelPriceEntry): string {
  const words = RATE_WORDS.flatMap(([key, word]) => (price[key] === undefined ? [] : [`$${String(price[key])} ${word}`]))
  const tiers = (price.context_tiers ?? []).map(({ above }) => `other rates above ${above.toLocaleString('en-US')} tokens`)
  return [...words, ...tiers].join(', ')
}

function remarks({ source, as_of, stale, varies }: PriceRow): string {
  const parts = [
    ...(source === 'override' ? [`yours${as_of === null ? '' : ` of ${as_of}`}${stale ? ', more than 60 days old' : ''}`] : []),
    ...(varies ? ['now; changes with time'] : []),
  ]
  return parts.length === 0 ? '' : ` (${parts.join('; ')})`
}

function describeChange({ kind, fields }: PriceChange): string {
  const words = fields.map(({ field, from, to }) =>
    kind === 'new' ? `${field} ${show(to)}` : `${field} ${show(from)} → ${show(to)}`,
  )
  return words.join(', ')
}

const show = (value: unknown): string => (value === null ? 'unknown' : typeof value === 'string' ? value : JSON.stringify(value))
