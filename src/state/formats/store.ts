import type { WireFormat } from '../../ir/wire-format.ts'

/** What was found out about an upstream and a model. */
export interface KnownFormats {
  /** Digest of base URL and model: neither stands in the store. */
  readonly key: string
  readonly spoken: readonly WireFormat[]
  /** Unix milliseconds. */
  readonly at: number
}

/** Where formats that were found out outlive the process. A cache: what is lost is found out again. */
export interface FormatStore {
  read(): readonly KnownFormats[]
  /** Replaces everything. Never throws. */
  replace(known: readonly KnownFormats[]): void
}
