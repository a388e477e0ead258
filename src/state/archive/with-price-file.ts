import type { PriceStore } from '../prices/store.ts'
import type { ArchivableStore } from './archive.ts'
import { notEmpty } from './not-empty.ts'
import { PRICES } from './parts.ts'

/** An SQLite file together with the prices, which are in a file of their own. */
export function withPriceFile(store: ArchivableStore, prices: PriceStore): ArchivableStore {
  return {
    ...store,
    async read(take) {
      await store.read(take)
      const texts = await prices.read()
      for (const name of ['current', 'previous'] as const) {
        const document = texts[name]
        if (document !== undefined) await take({ part: PRICES, row: { name, document } })
      }
    },
    async fill(entries) {
      if ((await prices.read()).current !== undefined) throw notEmpty(prices.place, PRICES)
      const given = new Map<unknown, string>()
      await store.fill(
        (async function* () {
          for await (const entry of entries) {
            if (entry.part === PRICES) given.set(entry.row['name'], String(entry.row['document']))
            else yield entry
          }
          // Before the store takes the rest for good: what fails here leaves it as it was.
          for (const text of [given.get('previous'), given.get('current')])
            if (text !== undefined) await prices.replace(() => text)
        })(),
      )
    },
  }
}
