import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { GatewayError } from '../../errors/gateway-error.ts'
import type { Clock } from '../../lib/clock.ts'
import { SPOOL_SUFFIX } from '../../state/ledger/open.ts'
import { openSqliteLedger } from '../../state/ledger/sqlite.ts'
import { STATE_FILE } from '../../state/records/open.ts'
import type { GatewayAddress } from '../call-gateway.ts'
import { openPrices } from './open-prices.ts'
import { createRemoteUsage } from './remote-usage.ts'
import { UsageDesk, type UsageSource } from './usage-desk.ts'

/** Files of a gateway that does not run. */
export interface UsageFiles {
  readonly dataDir: string
  /** As the configuration gives it; undefined is the usual file of the data directory. */
  readonly store: string | undefined
  readonly hostOf: (provider: string) => string
  readonly clock: Clock
}

/** What a question needs of the files. */
export type UsageAccess = 'read' | 'write'

/** Where usage is asked for: the gateway that runs, else its files. Throws `record_not_found` when there is nothing. */
export function openUsageSource(
  gateway: GatewayAddress | undefined,
  files: UsageFiles,
  access: UsageAccess = 'read',
): UsageSource {
  if (gateway !== undefined) return createRemoteUsage(gateway)
  const path = files.store ?? join(files.dataDir, STATE_FILE)
  if (path === 'memory' || !existsSync(path)) {
    throw new GatewayError(
      'record_not_found',
      `Nothing has been accounted for yet: ${path === 'memory' ? 'this gateway keeps its ledger in memory and does not run' : `${path} does not exist`}. Send a request first, or name another place with --data-dir or --url.`,
    )
  }
  const { clock, dataDir, hostOf } = files
  const store = openSqliteLedger({ path, clock, readOnly: access === 'read' })
  const spool = `${path}${SPOOL_SUFFIX}`
  const spoolBytes = (): number => (existsSync(spool) ? statSync(spool).size : 0)
  const desk = new UsageDesk({ store, clock, hostOf, prices: { warm: () => openPrices(dataDir) }, spoolBytes })
  return {
    report: (parameters) => desk.report(parameters),
    events: (parameters) => desk.events(parameters),
    reconcile: (parameters) => desk.reconcile(parameters),
    reprice: (parameters) => desk.reprice(parameters),
    compareInvoice: (body) => desk.compareInvoice(body),
    close: () => store.close(),
  }
}
