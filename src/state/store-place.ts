import type { PostgresAddress } from './postgres/address.schema.ts'

/** Where gateways keep something, for a command beside them. */
export type StorePlace =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'shared'; readonly postgres: PostgresAddress }
