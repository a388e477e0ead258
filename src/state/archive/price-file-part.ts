import { rmSync } from 'node:fs'
import { previousOf, readPriceFile, replacePriceFile } from '../prices/price-file.ts'
import { PRICES } from './parts.ts'
import type { FilePart } from './with-file-parts.ts'

/** The operator's prices in a file, and those that they replaced. */
export function priceFilePart(path: string): FilePart {
  const files = { current: path, previous: previousOf(path) }
  return {
    part: PRICES,
    place: path,
    read: () =>
      Object.entries(files).flatMap(([name, file]) => {
        const document = readPriceFile(file)
        return document === undefined ? [] : [{ name, document }]
      }),
    fill(rows) {
      for (const { name, document } of rows) replacePriceFile(name === 'current' ? path : files.previous, String(document))
    },
    empty() {
      for (const file of Object.values(files)) rmSync(file, { force: true })
    },
  }
}
