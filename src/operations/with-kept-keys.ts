import type { CompiledConfig } from '../config/compile.ts'
import type { Environment } from '../config/env.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { Clock } from '../lib/clock.ts'
import { openRotatedKeysForCommand } from '../state/rotated-keys/open-for-command.ts'
import type { RotatedKeyStore } from '../state/rotated-keys/store.ts'
import { KeptKeys } from './kept-keys.ts'
import { RotatedKeys } from './rotated-keys.ts'
import { storePlace } from './store-place.ts'
import { vaultKeyFinder } from './vault/keep-in-vault.ts'

export interface WithKeptKeysOptions {
  readonly dataDir: string
  readonly env: Environment
  readonly clock: Clock
  readonly warn: (message: string) => void
}

/** A configuration with the keys that its gateways call with: those that were rotated and kept stand in for its own. */
export async function withKeptKeys(
  config: CompiledConfig,
  { dataDir, env, clock, warn }: WithKeptKeysOptions,
): Promise<CompiledConfig> {
  const place = storePlace(config, dataDir)
  const keys = new RotatedKeys()
  let store: RotatedKeyStore | undefined
  try {
    store = place && openRotatedKeysForCommand(place, clock)
    if (store === undefined) return config
    const useKeys: ConstructorParameters<typeof KeptKeys>[0]['live']['useKeys'] = (all) => all.forEach((key) => keys.put(key))
    const live = { config, pooled: [], useKeys }
    const accounts = { configure: () => undefined }
    await new KeptKeys({ store, live, accounts, vaultKey: vaultKeyFinder(env), clock, warn }).read()
  } catch (error) {
    // A state that no gateway of this release has opened, or that cannot be reached, holds none that could be used.
    if (!(error instanceof GatewayError)) throw error
  } finally {
    await store?.close()
  }
  return keys.appliedTo(config)
}
