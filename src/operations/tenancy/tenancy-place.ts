import { join } from 'node:path'
import type { CompiledConfig } from '../../config/compile.ts'
import { GatewayError } from '../../errors/gateway-error.ts'
import { isObject, type JsonObject } from '../../ir/json.ts'
import type { Clock } from '../../lib/clock.ts'
import type { RandomBytes } from '../../lib/issued-key.ts'
import { openSharedAudit } from '../../state/audit/open-shared.ts'
import { openAudit } from '../../state/audit/open.ts'
import type { AuditStore } from '../../state/audit/store.ts'
import { takeDataDir } from '../../state/data-dir.ts'
import type { PostgresAddress } from '../../state/postgres/address.schema.ts'
import { STATE_FILE } from '../../state/records/open.ts'
import { openSharedTenancy } from '../../state/tenancy/open-shared.ts'
import { openTenancy } from '../../state/tenancy/open.ts'
import type { TenancyStore } from '../../state/tenancy/store.ts'
import { callGateway, type GatewayAddress } from '../call-gateway.ts'
import { openRecordSource } from '../open-record-source.ts'
import { readIssuedLimits } from './issued-limits.ts'
import { knownNames } from './known-names.ts'
import { orderRequest } from './order-request.ts'
import { runTenancyOrder, type TenancyOrder } from './tenancy-order.ts'

/** Where an order goes: to a gateway that runs, or into the files that the next one reads. */
export type TenancyPlace =
  | { readonly kind: 'gateway'; readonly gateway: GatewayAddress }
  | {
      readonly kind: 'files'
      readonly dataDir: string
      readonly config: Pick<CompiledConfig, 'routing' | 'state' | 'tenants'>
      readonly clock: Clock
      readonly pid: number
      readonly random: RandomBytes
      /** Name of the person at the terminal. */
      readonly user: string | undefined
    }

/** What came of an order, and who has it now. */
export interface TenancyResult {
  readonly told: { readonly gateway: string } | { readonly file: string } | { readonly database: string }
  /** The gateway's own answer, or the same from the files. */
  readonly answer: JsonObject
}

/** Carries an order out. Throws what the use-case throws, `data_dir_locked`, or what `callGateway` throws. */
export async function carryOutTenancy(place: TenancyPlace, order: TenancyOrder): Promise<TenancyResult> {
  if (place.kind === 'gateway') {
    const { url } = place.gateway
    const { body } = await callGateway(place.gateway, orderRequest(order))
    if (isObject(body)) return { told: { gateway: url }, answer: body }
    throw new GatewayError(
      'upstream_bad_response',
      `${url} did not answer as a gateway does. Is it a Switchback gateway of this version?`,
    )
  }
  const { shared, store } = place.config.state
  if (shared !== undefined) {
    const { host, port, database } = shared.postgres
    return { told: { database: `${host}:${port}/${database}` }, answer: await inDatabase(place, shared.postgres, order) }
  }
  const file = store ?? join(place.dataDir, STATE_FILE)
  return { told: { file }, answer: await inFiles(place, file, order) }
}

type StoredPlace = Extract<TenancyPlace, { kind: 'files' }>

/** For all gateways on the database: each looks there every second. */
async function inDatabase(place: StoredPlace, address: PostgresAddress, order: TenancyOrder): Promise<JsonObject> {
  const store = openSharedTenancy(address, place.clock)
  const audit = openSharedAudit(address, place.clock)
  return runIn(place, { store, audit }, order)
}

/** With the data directory held, so that no gateway starts in between and misses the change. */
async function inFiles(place: StoredPlace, file: string, order: TenancyOrder): Promise<JsonObject> {
  if (file === 'memory') {
    throw new GatewayError(
      'state_unavailable',
      'This configuration keeps its state in memory only (state.store: memory), and no gateway runs here to be told. Name a running one with --url.',
    )
  }
  const { dataDir, clock, pid } = place
  const held = takeDataDir({ path: dataDir, pid, startedAt: clock.wall() })
  try {
    const store = openTenancy({ store: file, clock })
    const audit = openAudit({ store: file, clock })
    return await runIn(place, { store, audit }, order)
  } finally {
    held.release()
  }
}

/** Closes what it is given. */
async function runIn(
  { dataDir, clock, config, random, user }: StoredPlace,
  { store, audit }: { readonly store: TenancyStore; readonly audit: AuditStore },
  order: TenancyOrder,
): Promise<JsonObject> {
  const records = await openRecordSource({
    kind: 'files',
    dataDir,
    state: config.state,
    clock: { ...clock, sleep: async () => undefined },
  }).catch(
    () => undefined, // nothing was recorded yet, or by another version: the key can be told without
  )
  try {
    const parts = { store, audit, clock, random, readLimits: readIssuedLimits, records, known: () => knownNames(config) }
    return await runTenancyOrder(parts, { actor: { kind: 'terminal', id: user }, source: { via: 'command' } }, order)
  } finally {
    await records?.close()
    await audit.close()
    await store.close()
  }
}
