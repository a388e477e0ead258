import type { PriceEntries } from '../../catalog/prices/prices.schema.ts'
import { priceAge } from '../../catalog/prices/price-age.ts'
import { datasetNotice } from '../price-list.ts'
import { plural } from '../story-words.ts'
import { fine, warning, type Finding } from './finding.ts'

/** How old the prices in force are; `own` are those of the operator. */
export function checkPrices(own: PriceEntries, now: number): Finding[] {
  const { version, as_of: day, age_days: days, stale } = datasetNotice(now)
  const published = `The published prices are those of ${day} (genai-prices ${version}, ${plural(days, 'day')} old).`
  const old = Object.entries(own).flatMap(([name, { as_of: asOf }]) => (priceAge(asOf, now)?.stale === true ? [name] : []))
  return [
    stale
      ? warning(
          'prices',
          `${published} Vendors may have changed theirs since.`,
          'Take a newer version, or set your own with "switchback price set" or "price update --from FILE".',
        )
      : fine('prices', published),
    ...(old.length === 0
      ? []
      : [
          warning(
            'prices',
            `${plural(old.length, 'price')} of your own ${old.length === 1 ? 'is' : 'are'} older than 60 days: ${old.slice(0, 5).join(', ')}${old.length > 5 ? ' …' : ''}.`,
            'Look them up and set them again with "switchback price set".',
          ),
        ]),
  ]
}
