import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import type { PackedRecord } from './store.ts'

/** One row of the table of batches, in the order of its columns. */
export type BatchRow = readonly [
  firstId: string,
  lastId: string,
  firstStarted: number,
  lastStarted: number,
  size: number,
  contents: string,
  records: Uint8Array,
]

/** The cheapest level: records of one batch repeat each other, so it already takes nine tenths away. */
const ZSTD = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }
/** First bytes of every zstd frame (RFC 8878, 3.1.1). */
const ZSTD_MAGIC = [0x28, 0xb5, 0x2f, 0xfd]

/** Packs records, at least one, into a row. `contents` lists the distinct values that filters look for. */
export const packBatch = (records: readonly PackedRecord[]): BatchRow =>
  batchRow(records, packTexts(records.map(({ json }) => json)))

/** The row of a batch whose records are packed already. */
export function batchRow(records: readonly Omit<PackedRecord, 'json'>[], packed: Uint8Array): BatchRow {
  const models = new Set<string>()
  const statuses = new Set<number>()
  const sessions = new Set<string>()
  const tenants = new Set<string>()
  const keys = new Set<string>()
  const owners = new Set<string>()
  const [first] = records
  let firstId = first?.requestId ?? ''
  let lastId = firstId
  let firstStarted = Number.POSITIVE_INFINITY
  let lastStarted = 0
  for (const { requestId, startedAt, model, status, sessionId, tenant, apiKeyId, owner } of records) {
    if (requestId < firstId) firstId = requestId
    if (requestId > lastId) lastId = requestId
    firstStarted = Math.min(firstStarted, Math.floor(startedAt))
    lastStarted = Math.max(lastStarted, Math.floor(startedAt))
    models.add(model)
    statuses.add(status)
    if (sessionId !== undefined) sessions.add(sessionId)
    if (tenant !== undefined) tenants.add(tenant)
    if (apiKeyId !== undefined) keys.add(apiKeyId)
    if (owner !== undefined) owners.add(owner)
  }
  const contents = JSON.stringify({
    models: [...models],
    statuses: [...statuses],
    sessions: [...sessions],
    tenants: [...tenants],
    keys: [...keys],
    owners: [...owners],
  })
  return [firstId, lastId, firstStarted, lastStarted, records.length, contents, packed]
}

/** Packs JSON texts of records. */
export const packTexts = (texts: readonly string[]): Uint8Array => zstdCompressSync(Buffer.from(`[${texts.join(',')}]`), ZSTD)

/** The parsed records of a row's `records`. */
export function unpackBatch(packed: Uint8Array): unknown[] {
  const isPacked = ZSTD_MAGIC.every((byte, index) => packed[index] === byte)
  return JSON.parse((isPacked ? zstdDecompressSync(packed) : Buffer.from(packed)).toString()) as unknown[]
}
