import { GatewayError } from '../errors/gateway-error.ts'
import { isObject } from '../ir/json.ts'
import type { RequestRecord } from '../ir/record.ts'
import type { RecordFilter, RecordSummary } from '../state/records/store.ts'
import { callGateway, type GatewayAddress } from './call-gateway.ts'
import type { RecordSource } from './record-source.ts'

/** Records of a running gateway, read through its own interface. */
export function createRemoteRecords(gateway: GatewayAddress): RecordSource {
  const source: RecordSource = {
    async list(filter = {}) {
      const answer = await callGateway(gateway, { path: `/v1/traces${queryOf(filter)}` })
      const summaries = isObject(answer.body) ? answer.body['summaries'] : undefined
      return Array.isArray(summaries) ? (summaries as RecordSummary[]) : []
    },
    async get(idOrPrefix) {
      try {
        const { body } = await callGateway(gateway, { path: `/v1/traces/${encodeURIComponent(idOrPrefix)}` })
        return recordIn(body)
      } catch (error) {
        if (error instanceof GatewayError && error.code === 'record_not_found') return undefined
        throw error
      }
    },
    async *scan(filter = {}) {
      let left = filter.limit ?? Number.POSITIVE_INFINITY
      let before: string | undefined
      while (left > 0) {
        const page = await source.list({ ...filter, limit: Math.min(left, PAGE), before })
        for (const { request_id: id } of page) {
          const record = await source.get(id)
          if (record !== undefined) yield record
        }
        before = page.at(-1)?.request_id
        left -= page.length
        if (before === undefined) return
      }
    },
    async close() {
      // Nothing is held open between calls.
    },
  }
  return source
}

/** Lines of a list that are asked for at a time. */
const PAGE = 500

function queryOf(filter: RecordFilter): string {
  const { limit, model, status, sessionId, tenant, apiKeyId, owner, sinceMs, before } = filter
  const fields = { limit, model, status, session_id: sessionId, tenant, api_key_id: apiKeyId, owner, since_ms: sinceMs, before }
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) query.set(name, String(value))
  return query.size === 0 ? '' : `?${query}`
}

function recordIn(body: unknown): RequestRecord | undefined {
  if (!isObject(body)) return undefined
  const record = isObject(body['record']) ? body['record'] : body
  return record['schema'] === 'switchback.record/v1' ? (record as unknown as RequestRecord) : undefined
}
