import { randomFillSync } from 'node:crypto'
import { asRequestId, type RequestId } from '../ir/ids.ts'
import type { Clock } from '../lib/clock.ts'

const RANDOM_BYTES = 10
const POOL_BYTES = RANDOM_BYTES * 256

/**
 * Ids `req_` + 32 hex digits: 12 of the Unix time in milliseconds, 20 random ones. Ids of one moment stand together, so that an index
 * over them grows at its end. Random bytes are drawn for 256 ids at a time.
 */
export function createRequestIds(clock: Pick<Clock, 'wall'>): () => RequestId {
  const pool = Buffer.alloc(POOL_BYTES)
  let used = POOL_BYTES
  return () => {
    if (used === POOL_BYTES) {
      randomFillSync(pool)
      used = 0
    }
    const random = pool.toString('hex', used, used + RANDOM_BYTES)
    used += RANDOM_BYTES
    return asRequestId(`req_${clock.wall().toString(16).padStart(12, '0')}${random}`)
  }
}
