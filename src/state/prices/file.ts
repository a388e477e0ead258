import { existsSync, readFileSync } from 'node:fs'
import type { Clock } from '../../lib/clock.ts'
import { watchTextFile } from '../../lib/watch-text-file.ts'
import { previousOf, readPriceFile, replacePriceFile } from './price-file.ts'
import type { PriceStore } from './store.ts'

/** Prices in a file, which people may also edit. A change is found within three seconds. */
export function createFilePrices({ path, clock }: { readonly path: string; readonly clock: Clock }): PriceStore {
  return {
    place: path,
    async read() {
      const previous = previousOf(path)
      return { current: readPriceFile(path), previous: existsSync(previous) ? readFileSync(previous, 'utf8') : undefined }
    },
    async replace(make) {
      const current = readPriceFile(path)
      replacePriceFile(path, make(current))
      return current
    },
    watch: (watcher) => watchTextFile({ path, clock, ...watcher }),
    close: async () => undefined,
  }
}
