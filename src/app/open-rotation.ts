import { readSurroundings } from '../config/env.ts'
import { InTurn } from '../lib/in-turn.ts'
import { KeptKeys } from '../operations/kept-keys.ts'
import type { RotationParts } from '../operations/rotate-account.ts'
import { vaultKeeper, vaultKeyFinder } from '../operations/vault/keep-in-vault.ts'
import type { EngineParts } from './build-engine.ts'

/** What rotating works on, and the keys that were rotated before or elsewhere. */
export interface Rotation extends RotationParts {
  readonly keptKeys: KeptKeys | undefined
}

export function openRotation({
  live,
  accounts,
  ownCalls,
  state,
  clock,
  logger,
}: Pick<EngineParts, 'live' | 'state' | 'clock' | 'logger'> & Pick<RotationParts, 'accounts' | 'ownCalls'>): Rotation {
  const { env } = readSurroundings()
  const warn = (message: string): void => logger.warn({}, message)
  const store = state.rotatedKeys
  return {
    live,
    snapshot: live.snapshot,
    accounts,
    ownCalls,
    clock,
    keepInVault: vaultKeeper(env),
    turns: new InTurn(),
    keptKeys: store && new KeptKeys({ store, live, accounts, vaultKey: vaultKeyFinder(env), clock, warn }),
  }
}
