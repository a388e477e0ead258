import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { GatewayError } from '../errors/gateway-error.ts'
import { isObject } from '../ir/json.ts'
import { openSharedAudit } from '../state/audit/open-shared.ts'
import { openSqliteAudit } from '../state/audit/sqlite.ts'
import type { AuditStore } from '../state/audit/store.ts'
import { STATE_FILE } from '../state/records/open.ts'
import { callGateway } from './call-gateway.ts'
import { listAudit, type AuditFilter, type AuditPage } from './list-audit.ts'
import type { RecordPlace } from './open-record-source.ts'

/** The audit of a gateway that runs, or of what one that does not has kept. Throws what to do when there is none. */
export async function readAudit(place: RecordPlace, filter: AuditFilter): Promise<AuditPage> {
  if (place.kind === 'gateway') {
    const { body } = await callGateway(place, { path: `/v1/audit${queryOf(filter)}` })
    if (isObject(body) && Array.isArray(body['entries'])) return body as unknown as AuditPage
    throw new GatewayError(
      'upstream_bad_response',
      `${place.url} did not answer as a gateway does. Is it a Switchback gateway of this version?`,
    )
  }
  const audit = openKept(place)
  try {
    return await listAudit(audit, filter)
  } finally {
    await audit.close()
  }
}

function openKept({ state, dataDir, clock }: Extract<RecordPlace, { kind: 'files' }>): AuditStore {
  if (state.shared !== undefined) return openSharedAudit(state.shared.postgres, clock, { readOnly: true })
  const path = state.store ?? join(dataDir, STATE_FILE)
  if (path === 'memory' || !existsSync(path)) {
    throw new GatewayError(
      'record_not_found',
      path === 'memory'
        ? 'This gateway keeps its audit in memory only (state.store: memory). Ask the running one with --url.'
        : `Nothing has been audited yet: ${path} does not exist. Name another place with --data-dir or --url.`,
    )
  }
  return openSqliteAudit({ path, clock, readOnly: true })
}

function queryOf({ limit, before, sinceMs, action, actor, subject, tenant }: AuditFilter): string {
  const query = new URLSearchParams()
  const fields = { limit, before, since_ms: sinceMs, action, actor, subject, tenant }
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) query.set(name, String(value))
  return query.size === 0 ? '' : `?${query}`
}
