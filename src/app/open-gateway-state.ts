import { existsSync } from 'node:fs'
import type { LazyPrices } from '../catalog/prices/lazy-prices.ts'
import { unpackRecord } from '../engine/record/unpack-record.ts'
import { ENGINE_VERSION } from '../engine/version.ts'
import type { LiveConfig } from '../operations/live-config.ts'
import { createReplicaCard } from '../runtime/replica-card.ts'
import { openSharedState } from '../state/open-shared-state.ts'
import { openState, type GatewayState } from '../state/open-state.ts'
import { CERTIFICATION_FILE } from '../state/certifications/file.ts'
import { PRICE_FILE } from '../state/prices/price-file.ts'
import { STATE_FILE } from '../state/records/open.ts'
import { sharedFiles } from '../state/shared-files.ts'
import type { Surroundings } from './surroundings.ts'

/** The state a configuration asks for, of this gateway alone or shared with others. */
export function openGatewayState(
  live: LiveConfig,
  prices: LazyPrices,
  { dataDir, clock, logger, worker = 0 }: Surroundings,
): GatewayState {
  const { state, server, routing } = live.config
  const surroundings = {
    ...live.stateSettings,
    idempotency: server.idempotency,
    // Without prices costs are unknown; that is told where they are asked for.
    preparePrices: () =>
      prices.warm().then(
        () => undefined,
        () => undefined,
      ),
    clock,
    unpack: unpackRecord,
    warn: (message: string, facts: Readonly<Record<string, unknown>>) => logger.warn(facts, message),
    card: createReplicaCard({ clock, version: ENGINE_VERSION, configHash: routing.configHash }),
  }
  if (state.shared !== undefined) {
    warnOfPriceFile(dataDir, logger)
    // The next process with the same number takes over what this one leaves behind.
    const spoolPath = dataDir?.file(sharedFiles(worker))
    return openSharedState({ ...surroundings, shared: state.shared, spoolPath })
  }
  const certificationPath = dataDir?.file(CERTIFICATION_FILE)
  const priceFile = dataDir?.file(PRICE_FILE)
  const store = state.store ?? dataDir?.file(STATE_FILE) ?? 'memory'
  return openState({ ...surroundings, certificationPath, priceFile, store })
}

/** Prices that were set before the state was shared are not lost silently. */
function warnOfPriceFile(dataDir: Surroundings['dataDir'], logger: Surroundings['logger']): void {
  const path = dataDir?.file(PRICE_FILE)
  if (path === undefined || !existsSync(path)) return
  logger.warn(
    { path },
    'The prices in this file are not used: those of the shared state hold. Take them over with "switchback price update --from" and this path, then remove the file.',
  )
}
