import { batchRow, unpackBatch, type BatchRow } from '../records/record-batch.ts'
import type { UnpackRecord } from '../records/store.ts'
import type { ArchiveRow } from './archive.ts'

/** The row of a batch of records, with what lists filter by made anew. */
export function batchOfRow(row: ArchiveRow, unpack: UnpackRecord): BatchRow {
  const packed = Buffer.from(String(row['records']), 'base64')
  const facts = unpackBatch(packed).map((text) => {
    const record = unpack(text)
    return {
      requestId: record.request_id,
      startedAt: record.started_at,
      model: record.requested_model,
      status: record.status,
      sessionId: record.session_id,
      tenant: record.tenant,
      apiKeyId: record.api_key_id,
      owner: record.owner,
    }
  })
  return batchRow(facts, packed)
}
