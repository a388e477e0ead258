import type { Secret } from '../lib/secret.ts'

/** What is known of the vault while a configuration is compiled. */
export type VaultView =
  | { readonly kind: 'open'; readonly entries: ReadonlyMap<string, Secret> }
  /** It could not be opened; `reason` is a sentence that says why and what to do. */
  | { readonly kind: 'shut'; readonly reason: string }
