import type { SealedKey } from './store.ts'

/** A row of either database. */
export const sealedKeyOf = (row: Readonly<Record<string, unknown>>): SealedKey => ({
  provider: String(row['provider']),
  account: String(row['account']),
  sealed: String(row['sealed']),
  at: Number(row['at']),
})
