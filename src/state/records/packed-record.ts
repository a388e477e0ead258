import type { RequestRecord } from '../../ir/record.ts'

/** A finished request on its way into a store: what lists filter by, and the whole as JSON text. Small, because many wait for a batch. */
export interface PackedRecord {
  readonly requestId: string
  /** Unix milliseconds. */
  readonly startedAt: number
  readonly model: string
  readonly status: number
  readonly sessionId: string | undefined
  readonly tenant: string | undefined
  /** JSON that the store's `UnpackRecord` understands once it is parsed. */
  readonly json: string
}

/** Makes a record of what `PackedRecord.json` held. */
export type UnpackRecord = (packed: unknown) => RequestRecord
