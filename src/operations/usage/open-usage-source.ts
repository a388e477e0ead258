import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { GatewayError } from '../../errors/gateway-error.ts'
import type { Clock } from '../../lib/clock.ts'
import { SPOOL_SUFFIX } from '../../state/ledger/open.ts'
import { openLedgerForCommand, type LedgerAccess } from '../../state/ledger/open-for-command.ts'
import { STATE_FILE } from '../../state/records/open.ts'
import type { StateSettings } from '../../state/state.schema.ts'
import type { GatewayAddress } from '../call-gateway.ts'
import { openPrices } from './open-prices.ts'
import { createRemoteUsage } from './remote-usage.ts'
import { UsageDesk, type UsageSource } from './usage-desk.ts'

/** Where a configuration keeps its ledger. */
export interface KeptUsage {
  readonly dataDir: string
  /** `store` undefined is the usual file of the data directory. */
  readonly state: Pick<StateSettings, 'store' | 'shared'>
  readonly hostOf: (provider: string) => string
  readonly clock: Clock
  /** What a question needs. */
  readonly access: LedgerAccess
}

/** Where usage is asked for: a gateway that runs, or what is kept. Throws `record_not_found` when there is nothing. */
export function openUsageSource(place: GatewayAddress | KeptUsage): UsageSource {
  if ('url' in place) return createRemoteUsage(place)
  const { clock, hostOf, access, dataDir, state } = place
  const path = state.store ?? join(dataDir, STATE_FILE)
  const ledger =
    state.shared !== undefined
      ? openLedgerForCommand({ kind: 'shared', postgres: state.shared.postgres }, clock, access)
      : path === 'memory'
        ? undefined
        : openLedgerForCommand({ kind: 'file', path }, clock, access)
  if (ledger === undefined) {
    throw new GatewayError(
      'record_not_found',
      `Nothing has been accounted for yet: ${path === 'memory' ? 'this gateway keeps its ledger in memory and does not run' : `${path} does not exist`}. Send a request first, or name another place with --data-dir or --url.`,
    )
  }
  const spools = (): string[] => (state.shared === undefined ? [`${path}${SPOOL_SUFFIX}`] : spoolsIn(dataDir))
  const desk = new UsageDesk({
    store: ledger,
    clock,
    hostOf,
    prices: { warm: () => openPrices({ dataDir, shared: state.shared, clock }) },
    spoolBytes: () => spools().reduce((sum, spool) => sum + (existsSync(spool) ? statSync(spool).size : 0), 0),
  })
  return {
    report: (parameters) => desk.report(parameters),
    events: (parameters) => desk.events(parameters),
    reconcile: (parameters) => desk.reconcile(parameters),
    reprice: (parameters) => desk.reprice(parameters),
    compareInvoice: (body) => desk.compareInvoice(body),
    close: () => ledger.close(),
  }
}

/** What gateways of this data directory could not hand to their database. */
const spoolsIn = (dataDir: string): string[] =>
  existsSync(dataDir)
    ? readdirSync(dataDir)
        .filter((name) => name.endsWith(SPOOL_SUFFIX))
        .map((name) => join(dataDir, name))
    : []
