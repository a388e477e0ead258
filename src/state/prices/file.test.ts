import { afterAll } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ManualClock } from '../../../test/support/manual-clock.ts'
import { priceStoreConformance } from './conformance.ts'
import { createFilePrices } from './file.ts'
import { PRICE_FILE } from './price-file.ts'

const folders: string[] = []
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

priceStoreConformance('a file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'switchback-prices-'))
  folders.push(folder)
  const clock = new ManualClock()
  const path = join(folder, PRICE_FILE)
  return { open: () => createFilePrices({ path, clock }), look: () => clock.advance(3_000) }
})
