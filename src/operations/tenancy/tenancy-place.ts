import type { CompiledConfig } from '../../config/compile.ts'
import { GatewayError } from '../../errors/gateway-error.ts'
import { isObject, type JsonObject } from '../../ir/json.ts'
import type { RandomBytes } from '../../lib/issued-key.ts'
import { callGateway, type GatewayAddress } from '../call-gateway.ts'
import type { Clock } from '../../lib/clock.ts'
import { openLedgerForCommand } from '../../state/ledger/open-for-command.ts'
import type { LedgerStore } from '../../state/ledger/store.ts'
import { storePlace } from '../store-place.ts'
import { openRecordSource } from '../open-record-source.ts'
import { storedTold, withStoredState, type StoredPlace, type StoredState, type StoredTold } from '../stored-state.ts'
import { readIssuedLimits } from './issued-limits.ts'
import { knownNames } from './known-names.ts'
import { orderRequest } from './order-request.ts'
import { runTenancyOrder, type TenancyOrder } from './tenancy-order.ts'

/** Where an order goes: to a gateway that runs, or into the files that the next one reads. */
export type TenancyPlace =
  | { readonly kind: 'gateway'; readonly gateway: GatewayAddress }
  | (StoredPlace & {
      readonly kind: 'files'
      readonly config: Pick<CompiledConfig, 'routing' | 'state' | 'tenants'>
      readonly random: RandomBytes
      /** Name of the person at the terminal. */
      readonly user: string | undefined
    })

/** What came of an order, and who has it now. */
export interface TenancyResult {
  readonly told: { readonly gateway: string } | StoredTold
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
  const answer = await withStoredState(place, (state) => runIn(place, state, order))
  return { told: storedTold(place), answer }
}

async function runIn(
  { dataDir, clock, config, random, user }: Extract<TenancyPlace, { kind: 'files' }>,
  state: StoredState,
  order: TenancyOrder,
): Promise<JsonObject> {
  const store = state.tenancy()
  const audit = state.audit()
  const records = await openRecordSource({
    kind: 'files',
    dataDir,
    state: config.state,
    clock: { ...clock, sleep: async () => undefined },
  }).catch(
    () => undefined, // nothing was recorded yet, or by another version: the key can be told without
  )
  const ledger = ledgerOf(config, dataDir, clock)
  try {
    const parts = { store, audit, clock, random, readLimits: readIssuedLimits, records, ledger, known: () => knownNames(config) }
    return await runTenancyOrder(parts, { actor: { kind: 'terminal', id: user }, source: { via: 'command' } }, order)
  } finally {
    await records?.close()
    await ledger?.close()
  }
}

/** The ledger that gateways of a configuration keep, to be read; undefined when there is none. */
function ledgerOf(config: Pick<CompiledConfig, 'state'>, dataDir: string, clock: Clock): LedgerStore | undefined {
  const place = storePlace(config, dataDir)
  try {
    return place && openLedgerForCommand(place, clock, 'read')
  } catch (error) {
    if (error instanceof GatewayError) return undefined // written by another version: the key can be told without
    throw error
  }
}
