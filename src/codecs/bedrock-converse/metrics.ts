import type { JsonObject } from '../../ir/json.ts'
import type { ClientContext } from '../codec.ts'

/** Clients take it for granted that an answer tells how long it took. */
export const encodeMetrics = ({ elapsedMs }: ClientContext): JsonObject =>
  elapsedMs === undefined ? {} : { metrics: { latencyMs: Math.max(0, Math.round(elapsedMs())) } }
